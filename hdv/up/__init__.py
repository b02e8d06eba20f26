"""`hdv up`: Redis and all services on this machine, started, watched and stopped."""
