"""Formats by their names on the command line."""

from hdv.validation.formats.as_csv import AsCsv
from hdv.validation.formats.as_json import AsJson, AsJsonLines
from hdv.validation.formats.as_sarif import AsSarif
from hdv.validation.formats.as_text import AsText
from hdv.validation.formats.format import Format


def format_named(name: str, *, coloured: bool, brief: bool) -> Format:
    """The format with this name.

    Args:
        name: `text`, `json`, `ndjson`, `csv` or `sarif`.
        coloured: whether text has colours.
        brief: whether text contains only errors.
    """
    match name:
        case "json":
            return AsJson()
        case "ndjson":
            return AsJsonLines()
        case "csv":
            return AsCsv()
        case "sarif":
            return AsSarif()
        case _:
            return AsText(coloured=coloured, brief=brief)
