"""Writes docs/rules.md: every rule, from the registry. `make docs` runs it."""

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from engine.profile_files.loading import BUILT_IN, load_profile
from engine.profiles.profile import MUTE, Profile
from engine.rule import RULES, Rule
from engine.rules import catalogue

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"
"""The committed page."""

LAYERS = {
    "file": "The file: preamble, prefix, kind of file",
    "meta": "File meta information",
    "structure": "Encoding of the data set",
    "private": "Private elements",
    "value": "Single values",
    "uid": "Unique identifiers",
    "element": "Elements without which an instance is not filed",
    "iod": "Information object definitions",
    "multiframe": "Functional groups and frames",
    "reference": "References to other instances",
    "pixel": "Pixel data and what describes it",
    "codestream": "Compressed frames: what their headers say",
    "decoding": "Compressed frames: decoding",
    "geometry": "Where the image lies",
    "icon": "Icons",
    "lut": "Lookup tables",
    "overlay": "Overlays",
    "waveform": "Waveforms",
    "safety": "Safety",
    "series": "The instances of a series",
    "study": "The instances of a study",
    "site": "A site's own rules",
}
"""What the parts of an examination are about, in the order of the page."""

_INTRODUCTION = """\
# Rules

<!-- `make docs` writes this page from the registry of rules. -->

Every code that a report can contain. `hdv rules` lists them, `hdv explain CODE` prints one.
The severity is that of the profiles that come along: {profiles}.
A [site profile](site-profiles.md) can raise, lower or mute each.
"""

__all__ = ["LAYERS", "PAGE", "by_layer", "catalogue", "page"]


def by_layer() -> Iterator[tuple[str, list[Rule]]]:
    """The title of each layer, in their order, with its rules sorted by code.

    A layer that has no title yet comes last, under its own name.
    """
    order = list(LAYERS)

    def place(rule: Rule) -> tuple[int, str]:
        return (order.index(rule.layer) if rule.layer in LAYERS else len(order), rule.code)

    for layer, rules in groupby(sorted(RULES.values(), key=place), key=lambda rule: rule.layer):
        yield LAYERS.get(layer, layer), list(rules)


def page(profiles: Sequence[Profile]) -> str:
    """All rules in Markdown.

    Args:
        profiles: those whose severities are shown.
    """
    names = ", ".join(f"`{profile.name}`" for profile in profiles)
    sections = [_INTRODUCTION.format(profiles=names)]
    for title, rules in by_layer():
        sections.append(f"## {title}\n")
        sections.extend(_entry(rule, profiles) for rule in rules)
    return "\n".join(sections)


def _entry(rule: Rule, profiles: Sequence[Profile]) -> str:
    severities = ", ".join(
        f"{profile.name} **{profile.severity_of(rule) or MUTE}**" for profile in profiles
    )
    lines = [f"### `{rule.code}`\n", f"{rule.message}\n", f"{severities} · {rule.section}\n"]
    if rule.why:
        lines.append(f"*Why:* {rule.why}\n")
    if rule.fix:
        lines.append(f"*Fix:* {rule.fix}\n")
    return "\n".join(lines)


def main() -> int:
    """Write the page."""
    PAGE.write_text(page([load_profile(name) for name in BUILT_IN]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
