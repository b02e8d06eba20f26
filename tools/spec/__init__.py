"""The generator of the AsyncAPI document: `make spec`."""
