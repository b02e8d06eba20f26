"""The AsyncAPI document, its check of messages, and its check of compatibility."""
