"""The encoding of data sets (PS3.5): from bytes to a table of elements, and where it breaks."""
