"""HTTP in: uploads and status."""
