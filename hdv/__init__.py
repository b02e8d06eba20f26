"""The `hdv` command and what it consists of."""
