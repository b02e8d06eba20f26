"""The generator of the facts: `python -m tools.standard`, or `make standard`."""
