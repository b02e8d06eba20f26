"""What every service has over HTTP: problems, health, the client of the status service."""
