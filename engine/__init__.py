"""The validation engine: bytes in, findings out. It knows no service, no Redis and no HTTP."""
