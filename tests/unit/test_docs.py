"""The documentation is whole: links lead somewhere, lines are short, decisions are numbered."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_COLUMNS = 100
LINK = re.compile(r"\]\(([^)\s]+)\)")


def _pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = set(listed.stdout.splitlines()) - {
        "tools/spec/introduction.md"
    }  # a part of the document
    return [ROOT / name for name in sorted(names)]


PAGES = _pages()


def _prose(page: Path) -> Iterator[tuple[int, str]]:
    """The lines that can be wrapped: no code, no tables, no headings."""
    is_code = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code and not line.startswith(("|", "#", "    ")):
            yield number, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_are_wrapped(page: Path) -> None:
    long = [number for number, line in _prose(page) if len(line) > MOST_COLUMNS]
    assert not long, f"lines of more than {MOST_COLUMNS} columns: {long}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_to_files(page: Path) -> None:
    lines = [line for _, line in _prose(page)]
    links = [link for line in lines for link in LINK.findall(line)]
    paths = [link.partition("#")[0] for link in links if "://" not in link]
    missing = [path for path in paths if path and not (page.parent / path).exists()]
    assert not missing


def test_decisions_have_a_number_each() -> None:
    numbers = [page.name[:4] for page in (ROOT / "docs" / "decisions").glob("*.md")]
    assert sorted(numbers) == [f"{number:04}" for number in range(1, len(numbers) + 1)]
