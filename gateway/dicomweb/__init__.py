"""DICOMweb: STOW-RS in, WADO-RS out (PS3.18 10.4, 10.5)."""
