"""Access: callers and their scopes, API keys, and tokens of an identity provider."""
