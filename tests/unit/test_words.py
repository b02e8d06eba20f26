"""The words of the project are those of docs/glossary.md: the old ones do not come back."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BANNED = re.compile(
    r"\b(?:(?:un)?sound|mend(?:s|ed|ing)?|breach(?:es)?|anew|strangers?|nobody|heed(?:s|ed)?"
    r"|bur(?:y|ies|ied)|tether(?:s|ed)?|tells|told|lies|stands|lacks|whoever|takes? stock"
    r"|pass(?:ed|es) over|(?:gives?|given) up|(?:is|are) away)\b"
)
"""The glossary says what to write instead."""
INVERTED = re.compile(r'(?:^|["#.]) *Who \w+(?![^.]*\?)|\bfor who\b', re.MULTILINE)
"""An inverted clause, which has to be read twice, as in "Who asks for more gets an error"."""
WORD_BOUNDARY_IN_NAME = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
SUFFIXES = {".css", ".html", ".js", ".json", ".md", ".mjs", ".py", ".sh", ".toml", ".yaml", ".yml"}
EXEMPT = (
    "asyncapi/released/",  # promises of the past
    "docs/glossary.md",  # lists the banned words
    "package-lock.json",
    "tests/unit/test_words.py",
)


def banned(text: str) -> list[str]:
    """The banned words and inverted clauses in a text, also in names and across lines."""
    words = " ".join(WORD_BOUNDARY_IN_NAME.sub(" ", text).lower().split())
    return BANNED.findall(words) + INVERTED.findall(text)


def test_old_words_do_not_come_back() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = {}
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if not path.is_file() or name.startswith(EXEMPT):
            continue
        if path.suffix not in SUFFIXES and path.name not in {"Makefile", "Dockerfile"}:
            continue
        if hits := banned(f"{name}\n{path.read_text(encoding='utf-8')}"):
            found[name] = hits
    assert found == {}


@pytest.mark.parametrize(
    "text",
    ["is_sound", "tellsAll", "was given\n    up", "# Who asks gets it.", "no file lies there"],
)
def test_old_words_are_found_in_names_and_across_lines(text: str) -> None:
    assert banned(text)


@pytest.mark.parametrize("text", ["Who sends what? A table.", "surrounding", "class ANewDirectory"])
def test_other_words_are_not(text: str) -> None:
    assert banned(text) == []
