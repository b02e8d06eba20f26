"""Studies as clients find them: status, report, metadata, files."""
