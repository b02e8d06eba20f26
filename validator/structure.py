"""Reads the structure of a data set from its bytes and reports where it breaks (PS3.5 7)."""

from dataclasses import dataclass
from enum import Enum, auto

from validator import vr as vrs
from validator.elements import (
    ITEM,
    ITEM_DELIMITER,
    SEQUENCE_DELIMITER,
    TOP,
    UNDEFINED_LENGTH,
    Buffer,
    Element,
    Elements,
    tag_text,
)
from validator.findings import Findings
from validator.profile import Profile
from validator.recovery import HEADER, LONG_LENGTH, is_zero_to_end, value_after_invalid_vr
from validator.rule import Rule, Violation
from validator.rules import structure as rules
from validator.transfer_syntax import IMPLICIT_LITTLE, Encoding

_FIRST_GROUP, _LAST_GROUP = 0x0008, 0xFFFD
"""Groups outside are no elements of a data set as a rule: delimiters, padding, file meta."""
_DELIMITER_GROUP = 0xFFFE
_FIRST_PIXEL_TAG = 0x7FE00000


def walk(
    data: Buffer,
    start: int,
    encoding: Encoding,
    profile: Profile,
    findings: Findings,
    *,
    group: int | None = None,
    in_file: bool = True,
    cut: bool = False,
) -> Elements:
    """Read every element of a data set.

    What is nested stands on a list, not on the call stack. After a defect reading goes on where
    a length leads past it.

    Args:
        data: the buffer; the data set reaches to its end.
        start: where the data set starts in it, in bytes.
        encoding: how the data set is written.
        profile: the limits.
        findings: takes the defects.
        group: reading ends before the first element of another one.
        in_file: whether offsets in the buffer are offsets in the file.
        cut: whether the buffer is known to end before the data set does.
    """
    reader = _Reader(Elements(data, encoding.byte_order, in_file=in_file), profile, findings)
    reader.position, reader.group, reader.cut = start, group, cut
    reader.open.append(_Container(_Kind.ELEMENTS, TOP, encoding, len(data), defined=True))
    return reader.read()


class _Kind(Enum):
    ELEMENTS = auto()
    """The data set itself, or the elements of an item."""
    ITEMS = auto()
    """A sequence."""
    FRAGMENTS = auto()
    """Encapsulated pixel data."""


@dataclass(slots=True)
class _Container:
    """What is open while it is read."""

    kind: _Kind
    row: int
    """Its row in the table; `TOP` for the data set itself."""
    encoding: Encoding
    end: int
    """Nothing in it may reach beyond, in bytes."""
    defined: bool
    """Whether its own length says where it ends; else a delimiter does."""
    last: int = 0
    """The tag read last."""
    seen: set[int] | None = None
    """Its tags, kept from the moment on that they turn out not to ascend."""
    seen_rows: int = 0
    """Up to this row `seen` is complete."""


class _Reader:
    def __init__(self, table: Elements, profile: Profile, findings: Findings) -> None:
        self.table = table
        self.data = table.data
        self.profile = profile
        self.findings = findings
        self.open: list[_Container] = []
        self.position = 0
        self.group: int | None = None
        self.cut = False
        self.broken = False

    def read(self) -> Elements:
        readers = {
            _Kind.ELEMENTS: self._read_elements,
            _Kind.ITEMS: self._read_item,
            _Kind.FRAGMENTS: self._read_fragments,
        }
        while self.open:
            container = self.open[-1]
            readers[container.kind](container)
        self.table.end = self.position
        self.table.complete = not (self.cut or self.broken)
        return self.table

    # Every element passes through this loop: hence its length, the local names and few calls.
    def _read_elements(self, container: _Container) -> None:  # noqa: C901, PLR0912
        data, end, parent, last = self.data, container.end, container.row, container.last
        explicit, header = container.encoding.explicit, container.encoding.header
        long_length = container.encoding.long_length
        code_of, by_tag, first_long, sq = vrs.CODES.get, vrs.BY_TAG, vrs.FIRST_LONG, vrs.SQ
        tags, codes, lengths = self.table.tags, self.table.vrs, self.table.lengths
        offsets, parents = self.table.offsets, self.table.parents
        last_group = _LAST_GROUP if self.group is None else self.group
        position = self.position
        for row in range(len(tags), self.profile.max_elements):
            if end - position < HEADER:
                break
            if explicit:
                group, number, letters, length = header(data, position)
            else:
                group, number, length = header(data, position)
            tag = group << 16 | number
            if group < _FIRST_GROUP or group > last_group:
                self.position, container.last = position, last
                if self._read_no_element(container, tag):
                    return
            offset = position + HEADER
            if not explicit:
                vr = by_tag[tag]
            elif (vr := code_of(letters, 0)) >= first_long:
                if end - offset < LONG_LENGTH:
                    break
                (length,) = long_length(data, offset)
                offset += LONG_LENGTH
            elif not vr:
                self.position, container.last = position, last
                self._read_invalid_vr(container, tag, letters)
                return
            tags.append(tag)
            codes.append(vr)
            lengths.append(length)
            offsets.append(offset)
            parents.append(parent)
            if tag <= last:
                self._check_order(container, row, tag)
            last = tag
            if vr == sq or length == UNDEFINED_LENGTH:
                self.position, container.last = offset, last
                self._open_sequence(container, row, vr, length)
                return
            position = offset + length
            if length & 1:
                self._report(rules.LENGTH_ODD, row, found=f"{length} bytes")
            if position > end:
                self.position, container.last = offset, last
                self._report_beyond(container, row, length)
                self._recover()
                return
        else:
            self._stop_at_limit()
            return
        self.position, container.last = position, last
        self._close_at_end(container)

    def _read_no_element(self, container: _Container, tag: int) -> bool:
        """Handle a tag that is the end, padding or a delimiter; False if it is an element."""
        group = tag >> 16
        if self.group is not None:
            if group == self.group:
                return False
            self.open.clear()
        elif group != _DELIMITER_GROUP:
            return tag == 0 and self._pass_padding(container)
        elif container.defined:
            self._report_here(rules.DELIMITER_UNEXPECTED, container, found=tag_text(tag))
            self.position += HEADER
        elif tag == ITEM_DELIMITER:
            self._close_at_delimiter(container)
        else:
            # The sequence goes on or ends: it is only the item that was not closed.
            self._report_here(rules.DELIMITER_MISSING, container, found=tag_text(tag))
            self.open.pop()
        return True

    def _read_invalid_vr(self, container: _Container, tag: int, letters: bytes) -> None:
        if container.row == TOP and container.last >= _FIRST_PIXEL_TAG:
            rest = container.end - self.position
            self._report_here(rules.TRAILING_BYTES, container, found=f"{rest} bytes")
            self.position = container.end
            return
        value = value_after_invalid_vr(self.data, self.position, container.end, container.encoding)
        offset, length = value or (self.position + HEADER, 0)
        row = self.table.add(tag, vrs.UN, length, offset, container.row)
        self._report(rules.VR_INVALID, row, expected=vrs.NAMES[vrs.BY_TAG[tag]], found=letters)
        if value is None:
            self._recover()
            return
        container.last, self.position = tag, offset
        if length == UNDEFINED_LENGTH:
            self._open_sequence(container, row, vrs.UN, length)
        else:
            self.position += length

    def _read_item(self, sequence: _Container) -> None:
        if sequence.end - self.position < HEADER:
            self._close_at_end(sequence)
            return
        group, number, length = sequence.encoding.item(self.data, self.position)
        tag = group << 16 | number
        if tag == ITEM:
            self._open_item(sequence, length)
        elif tag == SEQUENCE_DELIMITER and not sequence.defined:
            self._close_at_delimiter(sequence)
        elif tag in (SEQUENCE_DELIMITER, ITEM_DELIMITER):
            self._report_here(rules.DELIMITER_UNEXPECTED, sequence, found=tag_text(tag))
            self.position += HEADER
        else:
            self._report_here(rules.ITEM_EXPECTED, sequence, found=tag_text(tag))
            self._recover()

    def _read_fragments(self, pixels: _Container) -> None:
        table, item = self.table, pixels.encoding.item
        for row in range(len(table.tags), self.profile.max_elements):
            if pixels.end - self.position < HEADER:
                self._close_at_end(pixels)
                return
            group, number, length = item(self.data, self.position)
            tag = group << 16 | number
            if tag == SEQUENCE_DELIMITER:
                self._close_at_delimiter(pixels)
                return
            if tag != ITEM or length == UNDEFINED_LENGTH:
                rule = rules.LENGTH_UNDEFINED if tag == ITEM else rules.ITEM_EXPECTED
                self._report_here(rule, pixels, found=tag_text(tag))
                self._recover()
                return
            self.position += HEADER
            table.add(ITEM, vrs.NONE, length, self.position, pixels.row)
            if length & 1:
                self._report(rules.LENGTH_ODD, row, found=f"{length} bytes")
            if length > pixels.end - self.position:
                self._report_beyond(pixels, row, length)
                self._recover()
                return
            self.position += length
        self._stop_at_limit()

    def _open_sequence(self, container: _Container, row: int, vr: int, length: int) -> None:
        kind, encoding = _Kind.ITEMS, container.encoding
        defined = length != UNDEFINED_LENGTH
        if defined:
            end = self.position + length
        else:
            end = container.end
            if vr == vrs.UN:
                encoding = IMPLICIT_LITTLE  # PS3.5 6.2.2
            elif vr in vrs.FRAGMENTED:
                kind = _Kind.FRAGMENTS
            elif vr != vrs.SQ:
                self._report(rules.LENGTH_UNDEFINED, row, found=vrs.NAMES[vr])
                self._recover()
                return
        if end > container.end:
            if not self._report_beyond(container, row, length):
                self._recover()
                return
            end = container.end
        if len(self.open) // 2 >= self.profile.max_depth:
            self._report(rules.DEPTH, row, expected=f"at most {self.profile.max_depth}")
            if defined:
                self.position = end
            else:
                self._recover()
            return
        self.open.append(_Container(kind, row, encoding, end, defined))

    def _open_item(self, sequence: _Container, length: int) -> None:
        if len(self.table.tags) >= self.profile.max_elements:
            self._stop_at_limit()
            return
        self.position += HEADER
        row = self.table.add(ITEM, vrs.NONE, length, self.position, sequence.row)
        defined = length != UNDEFINED_LENGTH
        end = self.position + length if defined else sequence.end
        if end > sequence.end:
            if not self._report_beyond(sequence, row, length):
                self._recover()
                return
            end = sequence.end
        self.open.append(_Container(_Kind.ELEMENTS, row, sequence.encoding, end, defined))

    def _close_at_delimiter(self, container: _Container) -> None:
        _, _, length = container.encoding.item(self.data, self.position)
        if length:
            self._report_here(rules.DELIMITER_LENGTH, container, found=f"{length}")
        self.position += HEADER
        self.open.pop()

    def _close_at_end(self, container: _Container) -> None:
        """Close a container that has no room for a further header."""
        is_end_of_data = container.end == len(self.data)
        rest = container.end - self.position
        if self.cut and is_end_of_data:
            pass
        elif not container.defined:
            self._report_here(rules.DELIMITER_MISSING, container)
            self.cut = is_end_of_data
        elif rest and not self._pass_padding(container):
            rule = rules.OVERRUN
            if is_end_of_data:
                is_behind = container.row == TOP and container.last >= _FIRST_PIXEL_TAG
                rule = rules.TRAILING_BYTES if is_behind else rules.TRUNCATED
                self.cut = True
            self._report_here(rule, container, expected="an element", found=f"{rest} bytes")
        self.position = container.end
        self.open.pop()

    def _pass_padding(self, container: _Container) -> bool:
        """Go to the end of the data set if nothing but null bytes follows."""
        if container.row != TOP or not is_zero_to_end(self.data, self.position):
            return False
        rest = container.end - self.position
        self._report_here(rules.TRAILING_PADDING, container, found=f"{rest} bytes")
        self.position = container.end
        return True

    def _recover(self) -> None:
        """Go on behind the nearest sequence whose length is known; else give the rest up."""
        while self.open:
            container = self.open.pop()
            if container.defined and container.kind is _Kind.ITEMS:
                self.position = container.end
                return
        self.broken = True

    def _stop_at_limit(self) -> None:
        self._report(rules.TOO_MANY_ELEMENTS, expected=f"at most {self.profile.max_elements}")
        self.open.clear()
        self.broken = True

    def _check_order(self, container: _Container, row: int, tag: int) -> None:
        table = self.table
        if container.seen is None:
            container.seen, container.seen_rows = set(), container.row + 1
        for earlier in range(container.seen_rows, row):
            if table.parents[earlier] == container.row:
                container.seen.add(table.tags[earlier])
        container.seen_rows = row
        self._report(rules.DUPLICATE if tag in container.seen else rules.ORDER, row)

    def _report_beyond(self, container: _Container, row: int, length: int) -> bool:
        """Report a value that ends too late; True if it is the file that ends too early."""
        is_end_of_data = container.end == len(self.data)
        available = container.end - self.position
        if not (self.cut and is_end_of_data):
            rule = rules.TRUNCATED if is_end_of_data else rules.OVERRUN
            self._report(rule, row, expected=f"{length} bytes", found=f"{available} bytes")
        self.cut = self.cut or is_end_of_data
        return is_end_of_data

    def _report_here(
        self,
        rule: Rule,
        container: _Container,
        *,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        self._report(rule, container.row, expected=expected, found=found, offset=self.position)

    def _report(
        self,
        rule: Rule,
        row: int = TOP,
        *,
        expected: str | None = None,
        found: str | bytes | None = None,
        offset: int | None = None,
    ) -> None:
        at = None if row == TOP else Element(self.table, row)
        if not self.table.in_file:
            offset = None
        self.findings.add(rule, Violation(at, expected, found, offset))
