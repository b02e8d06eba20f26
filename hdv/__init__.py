"""The `hdv` command."""
