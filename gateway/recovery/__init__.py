"""What brings studies back that crashes or a loss of Redis have left behind."""
