"""What every service is built on: settings, delivery, logging, metrics, health, problems."""
