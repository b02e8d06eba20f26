"""The state of every study: internal HTTP API and projection of the events."""
