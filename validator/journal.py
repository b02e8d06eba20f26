"""What has been found of a study's files so far, beside them: a restart goes on from there."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
from pydantic import TypeAdapter

from validator.report import Report

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
        self._header = orjson.dumps(conditions, option=orjson.OPT_SORT_KEYS)

    def read(self) -> dict[str, Report]:
        """What was found before; a new journal is begun where there is none that counts."""
        header, *lines = self._content().split(b"\n")
        if header != self._header:
            self._path.write_bytes(self._header + b"\n")
            return {}
        torn = lines.pop() if lines else b""
        if torn:  # by a crash
            os.truncate(self._path, self._path.stat().st_size - len(torn))
        return dict(_FOUND.validate_json(line) for line in lines)

    def append(self, found: Sequence[Found]) -> None:
        """Add what was found in some files."""
        lines = b"".join(b"%b\n" % _FOUND.dump_json(entry) for entry in found)
        with self._path.open("ab") as file:
            file.write(lines)

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
