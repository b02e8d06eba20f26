"""Dead letters: messages that a service could not process."""
