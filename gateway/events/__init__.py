"""The feed of events over HTTP."""
