"""Messages: the broker, delivery, publishing, retention and the feed."""
