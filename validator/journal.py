"""What has been found of a study's files so far, beside them: a restart goes on from there."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from engine.report import Report

Found = tuple[str, Report]
"""The name of a file, and what was found in it."""

_FOUND: TypeAdapter[Found] = TypeAdapter(Found)


class Journal:
    """A file of JSON lines: under what conditions was examined, then what was found in each file.

    It is not synced: what a power cut takes of it is examined again. Its calls block.

    Args:
        path: of the file.
        conditions: what findings depend on, such as the profile; a journal that was written under
            other ones does not count.
    """

    def __init__(self, path: Path, conditions: Mapping[str, str]) -> None:
        self._path = path
        self._header = orjson.dumps(conditions, option=orjson.OPT_SORT_KEYS) + b"\n"

    def read(self) -> dict[str, Report]:
        """What was found before; a new journal is begun where there is none that counts."""
        header, *lines = self._content().splitlines(keepends=True)
        if header != self._header:
            self._path.write_bytes(self._header)
            return {}
        found = list(_whole(lines))
        os.truncate(self._path, len(header) + sum(map(len, lines[: len(found)])))
        return dict(found)

    def append(self, found: Sequence[Found]) -> None:
        """Add what was found in some files.

        Raises:
            FileNotFoundError: the journal has been removed: another validator is done.
        """
        lines = b"".join(b"%b\n" % _FOUND.dump_json(entry, exclude_none=True) for entry in found)
        with open(self._path, "ab", opener=_open_existing) as file:
            file.write(lines)

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes() or b"\n"
        except FileNotFoundError:
            return b"\n"


def _whole(lines: Iterable[bytes]) -> Iterator[Found]:
    """The entries before the first that a crash or a power cut has spoilt."""
    with suppress(ValidationError):
        for line in takewhile(_is_whole, lines):
            yield _FOUND.validate_json(line)


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"\n")


def _open_existing(path: str, _flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND)
