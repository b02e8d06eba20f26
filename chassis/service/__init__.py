"""A service: its parts started and stopped together, and the process that it runs in."""
