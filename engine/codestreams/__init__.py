"""Compressed frames: finds them in the pixel data, reads their headers and decodes them."""
