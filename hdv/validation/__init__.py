"""`hdv validate`: examines files, folders and archive files without any service."""
