"""The generator of the facts: `python -m validator.standard.build`, or `make standard`."""
