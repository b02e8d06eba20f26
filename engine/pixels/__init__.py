"""The pixels: headers of compressed frames, and decoding."""
