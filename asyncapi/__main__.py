"""Writes the document: `make spec`."""

from asyncapi.generate import DOCUMENT, generate

DOCUMENT.write_text(generate(), encoding="utf-8")
