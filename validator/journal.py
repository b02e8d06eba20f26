"""The journal of an examination, beside the files of the upload: a restart continues from it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile

import orjson
from pydantic import TypeAdapter, ValidationError

from engine.report import Report
from storage.stored_file import FileInStore

Found = tuple[str, Report]
"""The name of a file, and the report on it."""

_FOUND: TypeAdapter[Found] = TypeAdapter(Found)


class Journal:
    """A file of JSON lines: the conditions of the examination, then the report on each file.

    It exists once there is a report in it. It is not synced: files whose reports are lost in a
    power cut are examined again. Its calls block.

    Args:
        file: where it is stored.
        conditions: what findings depend on, such as the profile; a journal that was written under
            other conditions is not used.
    """

    def __init__(self, file: FileInStore, conditions: Mapping[str, str]) -> None:
        self._file = file
        self._header = orjson.dumps(conditions, option=orjson.OPT_SORT_KEYS) + b"\n"
        self._exists = False
        self.found: Mapping[str, Report] = {}
        """The reports so far, once they have been read."""

    def read(self) -> Mapping[str, Report]:
        """The reports so far; the file then contains these and can be appended to."""
        content = self._content()
        header, *lines = content.splitlines(keepends=True) or [b""]
        found = list(_whole(lines)) if header == self._header else []
        usable = b"".join([self._header, *lines[: len(found)]]) if found else b""
        self._exists = bool(found)
        if content != usable:
            self._file.remove()
            if found:
                self._file.append(usable, create=True)
        self.found = dict(found)
        return self.found

    def append(self, found: Sequence[Found]) -> None:
        """Add reports.

        Raises:
            FileNotFoundError: the journal has been removed: another validator has finished.
        """
        lines = [b"%b\n" % _FOUND.dump_json(entry, exclude_none=True) for entry in found]
        if not self._exists:
            lines.insert(0, self._header)
        self._file.append(b"".join(lines), create=not self._exists)
        self._exists = True

    def _content(self) -> bytes:
        try:
            return self._file.read()
        except FileNotFoundError:
            return b""


def _whole(lines: Iterable[bytes]) -> Iterator[Found]:
    """The entries before the first one that a crash or a power cut has damaged."""
    with suppress(ValidationError):
        for line in takewhile(_is_whole, lines):
            yield _FOUND.validate_json(line)


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"\n")
