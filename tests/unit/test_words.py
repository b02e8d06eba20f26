"""The words of the project are those of docs/glossary.md: the old ones do not come back."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
BANNED = re.compile(
    r"(?<![a-z])("
    r"sound|unsound|mend|mends|mended|mending|breach|breaches|anew|strangers?|nobody|heeds?|heeded|"
    r"bury|buries|buried|tether|tethered|tells|told|lies|passed over|passes over|"
    r"given up|gives up|give up|takes? stock|lacks"
    r")(?![a-z])",
    re.IGNORECASE,
)
"""Whole words, also as parts of names such as `given_up`; the glossary says what to write."""
SUFFIXES = {".css", ".html", ".js", ".json", ".md", ".mjs", ".py", ".sh", ".toml", ".yaml", ".yml"}
EXEMPT = (
    "asyncapi/released/",  # promises of the past
    "CHANGELOG.md",
    "docs/comparison.md",  # quotes dciodvfy and the standard
    "docs/glossary.md",  # lists the banned words
    "package-lock.json",
    "tests/unit/test_words.py",
    "tools/standard/",  # quotes the standard
)


def test_old_words_do_not_come_back() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if not path.is_file() or name.startswith(EXEMPT):
            continue
        if path.suffix not in SUFFIXES and path.name not in {"Makefile", "Dockerfile"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if hit := BANNED.search(line):
                found.append(f"{name}:{number}: {hit[0]}")
    assert not found, "\n".join(found)
