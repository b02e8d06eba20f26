"""What a service runs on: settings, the process, isolated work."""
