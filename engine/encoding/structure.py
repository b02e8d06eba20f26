"""Reads the structure of a data set from its bytes and reports where it breaks (PS3.5 7)."""

from engine.encoding import vr as vrs
from engine.encoding.container import FIRST_PIXEL_TAG, OUT_OF_ORDER, Container, Kind
from engine.encoding.elements import (
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
from engine.encoding.recovery import HEADER, LONG_LENGTH, is_zero_to_end, value_after_invalid_vr
from engine.encoding.transfer_syntax import IMPLICIT_LITTLE, Encoding
from engine.findings import Findings
from engine.profiles.profile import Profile
from engine.rule import Rule
from engine.rules import structure as rules
from engine.violation import Violation

_FIRST_GROUP, _LAST_GROUP = 0x0008, 0xFFFD
"""Groups outside are no elements of a data set as a rule: delimiters, padding, file meta."""
_DELIMITER_GROUP = 0xFFFE


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
    table = Elements(data, encoding.byte_order, in_file=in_file)
    reader = _Reader(table, profile, findings, position=start, group=group, cut=cut)
    return reader.read(encoding)


class _Reader:
    def __init__(
        self,
        table: Elements,
        profile: Profile,
        findings: Findings,
        *,
        position: int,
        group: int | None,
        cut: bool,
    ) -> None:
        self.table = table
        self.data = table.data
        self.profile = profile
        self.findings = findings
        self.position = position
        self.group = group
        self.open: list[Container] = []
        self.may_be_padded = True
        self.cut = cut
        """Whether the end of the buffer came too early, which is reported once."""
        self.with_reserved_bytes: list[int] = []
        """The rows whose header is not zero where it must be."""
        self.broken = False
        """Whether the rest had to be given up."""

    def read(self, encoding: Encoding) -> Elements:
        self.open.append(Container(Kind.ELEMENTS, TOP, encoding, len(self.data), defined=True))
        readers = {
            Kind.ELEMENTS: self._read_elements,
            Kind.ITEMS: self._read_item,
            Kind.FRAGMENTS: self._read_fragments,
        }
        while self.open:
            container = self.open[-1]
            readers[container.kind](container)
        for row in self.with_reserved_bytes:
            if row < len(self.table.tags):  # the last row may have been taken back
                self._report(rules.RESERVED_BYTES, row, expected="null bytes")
        self.table.end = self.position
        self.table.complete = not (self.cut or self.broken)
        return self.table

    # Every element passes through this loop: hence its length, the local names and few calls.
    def _read_elements(self, container: Container) -> None:  # noqa: C901, PLR0912
        data, end, parent, last = self.data, container.end, container.row, container.last
        explicit, header = container.encoding.explicit, container.encoding.header
        long_length = container.encoding.long_length
        code_of, by_tag, first_long, sq = vrs.CODES.get, vrs.BY_TAG, vrs.FIRST_LONG, vrs.SQ
        tags, codes, lengths = self.table.tags, self.table.vrs, self.table.lengths
        offsets, parents = self.table.offsets, self.table.parents
        last_group = _LAST_GROUP if self.group is None else self.group
        position = self.position
        for row in range(len(tags), self.profile.limits.max_elements):
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
                if length:
                    self.with_reserved_bytes.append(row)
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
            position = offset + length
            is_sequence = vr == sq or length == UNDEFINED_LENGTH
            if position > end and not is_sequence:
                self.position, container.last = offset, last
                self._give_up_value(container, row, length)
                return
            last = tag if tag > last else self._check_order(container, row)
            if is_sequence:
                self.position, container.last = offset, last
                self._open_sequence(container, row, vr, length)
                return
            if length & 1:
                self._report(rules.LENGTH_ODD, row, found=f"{length} bytes")
        else:
            self._stop_at_limit()
            return
        self.position, container.last = position, last
        self._close_at_end(container)

    def _read_no_element(self, container: Container, tag: int) -> bool:
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

    def _read_invalid_vr(self, container: Container, tag: int, letters: bytes) -> None:
        if container.is_behind_pixels:
            found = f"{container.end - self.position} bytes"
            self._report_here(rules.TRAILING_BYTES, container, found=found)
            self.position = container.end
            return
        value = value_after_invalid_vr(self.data, self.position, container.end, container.encoding)
        offset, length = value or (self.position + HEADER, 0)
        vr = vrs.BY_TAG[tag]
        if vr == vrs.SQ or length == UNDEFINED_LENGTH:
            vr = vrs.UN  # there may be anything in it
        row = self.table.add(tag, vr, length, offset, container.row)
        self._report(
            rules.VR_INVALID,
            row,
            expected=vrs.NAMES[vrs.BY_TAG[tag]],
            found=letters.decode("latin-1"),
        )
        if value is None:
            self._recover()
            return
        in_order = tag > container.last
        container.last = tag if in_order else self._check_order(container, row)
        self.position = offset
        if length == UNDEFINED_LENGTH:
            self._open_sequence(container, row, vrs.UN, length)
        else:
            self.position += length

    def _read_item(self, sequence: Container) -> None:
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

    def _read_fragments(self, pixels: Container) -> None:
        table, item = self.table, pixels.encoding.item
        for row in range(len(table.tags), self.profile.limits.max_elements):
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
            if length > pixels.end - self.position:
                self._give_up_value(pixels, row, length)
                return
            if length & 1:
                self._report(rules.LENGTH_ODD, row, found=f"{length} bytes")
            self.position += length
        self._stop_at_limit()

    def _open_sequence(self, container: Container, row: int, vr: int, length: int) -> None:
        kind, encoding = Kind.ITEMS, container.encoding
        defined = length != UNDEFINED_LENGTH
        if defined:
            end = self.position + length
        else:
            end = container.end
            if vr == vrs.UN:
                encoding = IMPLICIT_LITTLE  # PS3.5 6.2.2
            elif vr in vrs.FRAGMENTED:
                kind = Kind.FRAGMENTS
            elif vr != vrs.SQ:
                self._report(rules.LENGTH_UNDEFINED, row, found=vrs.NAMES[vr])
                self._recover()
                return
        if end > container.end:
            if not self._report_beyond(container, row, length):
                self._recover()
                return
            end = container.end
        if len(self.open) // 2 >= self.profile.limits.max_depth:
            self._report(rules.DEPTH, row, expected=f"at most {self.profile.limits.max_depth}")
            if defined:
                self.position = end
            else:
                self._recover()
            return
        self.open.append(Container(kind, row, encoding, end, defined))

    def _open_item(self, sequence: Container, length: int) -> None:
        if len(self.table.tags) >= self.profile.limits.max_elements:
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
        self.open.append(Container(Kind.ELEMENTS, row, sequence.encoding, end, defined))

    def _close_at_delimiter(self, container: Container) -> None:
        _, _, length = container.encoding.item(self.data, self.position)
        if length:
            self._report_here(rules.DELIMITER_LENGTH, container, found=f"{length}")
        self.position += HEADER
        self.open.pop()

    def _close_at_end(self, container: Container) -> None:
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
                is_trailing = container.is_behind_pixels
                rule = rules.TRAILING_BYTES if is_trailing else rules.TRUNCATED
                self.cut = True
            self._report_here(rule, container, expected="an element", found=f"{rest} bytes")
        self.position = container.end
        self.open.pop()

    def _pass_padding(self, container: Container) -> bool:
        """Go to the end of the data set if nothing but null bytes follows."""
        if container.row != TOP or not self.may_be_padded:
            return False
        # Once is enough: to look at the rest for each null byte would take hours.
        self.may_be_padded = is_zero_to_end(self.data, self.position)
        if not self.may_be_padded:
            return False
        rest = container.end - self.position
        self._report_here(rules.TRAILING_PADDING, container, found=f"{rest} bytes")
        self.position = container.end
        return True

    def _recover(self) -> None:
        """Go on behind the nearest sequence whose length is known; else give the rest up."""
        while self.open:
            container = self.open.pop()
            if container.defined and container.kind is Kind.ITEMS:
                self.position = container.end
                return
        self.broken = True

    def _stop_at_limit(self) -> None:
        self._report(
            rules.TOO_MANY_ELEMENTS, expected=f"at most {self.profile.limits.max_elements}"
        )
        self.open.clear()
        self.broken = True

    def _check_order(self, container: Container, row: int) -> int:
        """Report a tag that does not ascend; from then on called for every element."""
        if rule := container.disorder(self.table, row):
            self._report(rule, row)
        return OUT_OF_ORDER

    def _give_up_value(self, container: Container, row: int, length: int) -> None:
        """Leave out an element whose value is not all there, so that no rule judges it."""
        if container.is_behind_pixels and self.table.tags[row] < FIRST_PIXEL_TAG:
            self._report_here(rules.TRAILING_BYTES, container)
        else:
            self._report_beyond(container, row, length)
        self.table.drop_last()
        self._recover()

    def _report_beyond(self, container: Container, row: int, length: int) -> bool:
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
        container: Container,
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
        found: str | None = None,
        offset: int | None = None,
    ) -> None:
        at = None if row == TOP else Element(self.table, row)
        if not self.table.in_file:
            offset = None
        self.findings.add(rule, Violation(at, expected, found, offset=offset))
