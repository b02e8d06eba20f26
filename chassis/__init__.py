"""What every service stands on: settings, delivery, logging, metrics, health, problems."""
