"""Writes the numbers of the facts into the page about them, between two marks."""

from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "standard.md"
START = "<!-- Written by `make standard` from here -->"
END = "<!-- to here -->"


def write(statistics: Mapping[str, int]) -> None:
    """Put the table into the page in place of the old one."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{START}\n\n{table(statistics)}\n{END}{after}", encoding="utf-8")


def table(statistics: Mapping[str, int]) -> str:
    """The table in Markdown.

    Args:
        statistics: those of the facts.
    """
    attributes = statistics["hand_written"] + statistics["parsed"]
    modules = statistics["conditional_modules_hand_written"]
    modules += statistics["conditional_modules_parsed"]
    groups = statistics["conditional_groups_with_a_condition"]
    none = "- **with none that can be evaluated**"
    rows = (
        ("storage SOP classes", statistics["sop_classes"]),
        ("IODs", statistics["iods"]),
        ("modules", statistics["modules"]),
        ("attributes, each in its module and sequence", statistics["attributes"]),
        ("lists of values", statistics["values"]),
        ("different conditions", statistics["conditions"]),
        ("attributes of type 1C and 2C", statistics["conditional_attributes"]),
        ("- with a condition written by hand", statistics["hand_written"]),
        ("- of these, unknown in some data sets", statistics["hand_written_in_part"]),
        ("- with a condition read from the text", statistics["parsed"]),
        (none, statistics["conditional_attributes"] - attributes),
        ("modules of usage C in an IOD", statistics["conditional_modules"]),
        (none, statistics["conditional_modules"] - modules),
        ("functional groups of usage C in an IOD", statistics["conditional_groups"]),
        (none, statistics["conditional_groups"] - groups),
    )
    lines = [f"| {name} | {number:,} |\n" for name, number in rows]
    return "".join(["| in the facts | |\n", "|---|---:|\n", *lines])
