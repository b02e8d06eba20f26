"""The gateway: uploads, studies, quarantine, events and DICOMweb over HTTP."""
