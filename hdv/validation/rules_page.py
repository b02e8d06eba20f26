"""Writes docs/rules.md, the page of all rules, from the catalogue. `make docs` runs it."""

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from engine.profile_files.loading import BUILT_IN, load_profile
from engine.profiles.profile import MUTE, Profile
from engine.rule import Rule
from engine.rules.catalogue import LAYERS

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
"""The committed page."""

_WIDTH = 100
"""The longest line, in characters."""

_INTRODUCTION = """\
# Rules

<!-- `make docs` writes this page from the catalogue of rules. -->

Every code that a report can contain. `hdv rules` lists them, `hdv explain CODE` prints one.
The severities are those of the built-in profiles: {profiles}.
A [site profile](site-profiles.md) can raise, lower or mute each. An error by default says why a
hospital is right to refuse such a file; [what others do with it](errors.md).
"""


def page(profiles: Sequence[Profile]) -> str:
    """All rules in Markdown.

    Args:
        profiles: the severities of these are shown.
    """
    names = ", ".join(f"`{profile.name}`" for profile in profiles)
    sections = [_INTRODUCTION.format(profiles=names)]
    for layer in LAYERS:
        sections.append(f"## {layer.title}\n")
        sections.extend(_entry(rule, profiles) for rule in layer.sorted_rules)
    return "\n".join(sections)


def _entry(rule: Rule, profiles: Sequence[Profile]) -> str:
    severities = ", ".join(
        f"{profile.name} **{profile.severity_of(rule) or MUTE}**" for profile in profiles
    )
    paragraphs = [rule.message, f"{severities} · {rule.section}"]
    if rule.why:
        paragraphs.append(f"*Why:* {rule.why}")
    if rule.refusal:
        paragraphs.append(f"*Refused:* {rule.refusal}")
    if rule.fix:
        paragraphs.append(f"*Fix:* {rule.fix}")
    return "\n".join([f"### `{rule.code}`\n", *map(_wrapped, paragraphs)])


def _wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, _WIDTH, break_on_hyphens=False) + "\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page([load_profile(name) for name in BUILT_IN]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
