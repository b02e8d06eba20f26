"""Single values: their format, and what the data dictionary says of them (PS3.5 6, PS3.6)."""
