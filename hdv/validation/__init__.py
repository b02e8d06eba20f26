"""`hdv validate`: examines files, folders and zip archives without any service."""
