"""Reads the structure of a data set: elements, sequences, items and fragments (PS3.5 7, A.4)."""

from engine.encoding import vr as vrs
from engine.encoding.anomaly import AnomalyKind, ReadingLimits, ReportAnomaly
from engine.encoding.container import Container, Kind
from engine.encoding.elements import TOP, UNDEFINED_LENGTH, Buffer, Elements
from engine.encoding.fragments import read_usual_fragments
from engine.encoding.progress import Progress
from engine.encoding.recovery import (
    HEADER,
    LONG_LENGTH,
    Header,
    read_header,
    value_after_invalid_vr,
)
from engine.encoding.transfer_syntax import EXPLICIT_LITTLE, IMPLICIT_LITTLE, Encoding
from engine.tags import ITEM, ITEM_DELIMITATION_ITEM, SEQUENCE_DELIMITATION_ITEM, tag_text

_FIRST_GROUP, _LAST_GROUP = 0x0008, 0xFFFD
"""Groups outside are usually no elements of a data set: delimiters, padding, file meta."""
_DELIMITER_GROUP = 0xFFFE
_HARMLESS = {
    AnomalyKind.DELIMITER_LENGTH,
    AnomalyKind.LENGTH_ODD,
    AnomalyKind.RESERVED_BYTES,
    AnomalyKind.ORDER,
    AnomalyKind.DUPLICATE,
}
"""What may be wrong with items whose encoding is certain nevertheless."""


def walk(
    data: Buffer,
    start: int,
    encoding: Encoding,
    limits: ReadingLimits,
    report: ReportAnomaly,
    *,
    group: int | None = None,
    in_file: bool = True,
    cut: bool = False,
) -> Elements:
    """Read every element of a data set.

    Open sequences are kept in a list, not on the call stack. After an anomaly reading continues
    where a length leads past it.

    Args:
        data: the buffer; the data set reaches to its end.
        start: where the data set starts in it, in bytes.
        encoding: how the data set is written.
        limits: where reading stops.
        report: takes the anomalies.
        group: reading ends before the first element of another one.
        in_file: whether offsets in the buffer are offsets in the file.
        cut: whether the buffer is known to end before the data set does.
    """
    table = Elements(data, encoding.byte_order, explicit=encoding.explicit, in_file=in_file)
    table.start = start
    walker = _Walker(table, limits, report, position=start, cut=cut)
    walker.group = group
    walker.read(Container(Kind.ELEMENTS, TOP, encoding, len(data), defined=True))
    return table


class _Walker(Progress):
    looks_into_un = True
    """Whether it is found out how the items of a UN are written."""

    group: int | None = None
    """Reading ends before the first element of another one."""

    def read(self, outermost: Container) -> None:
        """Read what is in a container, into the table."""
        group = self.group
        first, last = (_FIRST_GROUP, _LAST_GROUP) if group is None else (group, group)
        self.first_tag, self.last_tag = first << 16, last << 16 | 0xFFFF
        self.with_reserved_bytes: list[int] = []
        """The rows whose header is not zero where it must be."""
        self.open.append(outermost)
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
                self.report(AnomalyKind.RESERVED_BYTES, row, expected="null bytes")
        self.table.end = self.position
        self.table.complete = not (self.cut or self.broken)

    # Almost every element passes through this loop: hence its length, local names and few calls.
    def _read_elements(self, container: Container) -> None:
        """Read elements up to the next sequence, or to something that needs a closer look."""
        data, end, parent, position = self.data, container.end, container.row, self.position
        explicit, header = container.encoding.explicit, container.encoding.header
        long_length = container.encoding.long_length
        code_of, by_tag, first_long, sq = vrs.CODES.get, vrs.BY_TAG, vrs.FIRST_LONG, vrs.SQ
        tags, codes, lengths = self.table.tags, self.table.vrs, self.table.lengths
        offsets, parents = self.table.offsets, self.table.parents
        last, last_tag = max(container.last, self.first_tag - 1), self.last_tag
        un = vrs.UN if self.looks_into_un else vrs.NONE
        last_position = end - (HEADER + LONG_LENGTH if explicit else HEADER)
        for row in range(len(tags), self.limits.max_elements):
            if position > last_position:
                break
            offset = position + HEADER
            if explicit:
                group, number, letters, length = header(data, position)
                vr = code_of(letters, 0)
                if vr >= first_long:
                    if length:
                        break  # reserved bytes that are not zero
                    (length,) = long_length(data, offset)
                    offset += LONG_LENGTH
            else:
                group, number, length = header(data, position)
                vr = by_tag[group << 16 | number]
            tag = group << 16 | number
            following = offset + length if vr != sq else offset
            # An undefined length is odd.
            is_odd = length & 1 and vr != sq
            may_have_items = vr == un and by_tag[tag] == sq
            if not last < tag <= last_tag or is_odd or following > end or not vr or may_have_items:
                break
            tags.append(tag)
            codes.append(vr)
            lengths.append(length)
            offsets.append(offset)
            parents.append(parent)
            position, last = following, tag
            if vr == sq:
                self.position, container.last = position, last
                self._open_sequence(container, row, vr, length)
                return
        self.position = position
        if last >= self.first_tag:
            container.last = last
        if position == end and container.defined:
            self.open.pop()
        else:
            self._read_element(container)

    def _read_element(self, container: Container) -> None:
        """Read whatever comes next, and close the container if that is its end."""
        row, position, encoding = len(self.table.tags), self.position, container.encoding
        if row >= self.limits.max_elements:
            self.stop_at_limit()
            return
        if container.end - position < HEADER:
            self.close_at_end(container)
            return
        group, number, _ = encoding.item(self.data, position)
        tag = group << 16 | number
        is_usual = self.first_tag <= tag <= self.last_tag
        if not is_usual and self._is_no_element(container, tag):
            return
        header = read_header(self.data, position, encoding, container.end)
        if header is None:
            self.close_at_end(container)
        elif header.vr == vrs.NONE:
            self._read_invalid_vr(container, tag)
        else:
            if header.has_reserved_bytes:
                self.with_reserved_bytes.append(row)
            self._read_value(container, header)

    def _read_value(self, container: Container, header: Header) -> None:
        """Enter an element and go past its value, or open the sequence that it is."""
        tag, vr, self.position, length, _ = header
        row = self.table.add(tag, vr, length, self.position, container.row)
        is_sequence = vr == vrs.SQ or length == UNDEFINED_LENGTH
        if not is_sequence and self.position + length > container.end:
            self.leave_out(container, row, length)
            return
        is_ascending = tag > container.last
        container.last = tag if is_ascending else self.check_order(container, row)
        if is_sequence:
            self._open_sequence(container, row, vr, length)
            return
        if length & 1:
            self.report(AnomalyKind.LENGTH_ODD, row, found=f"{length} bytes")
        if vr == vrs.UN and length and vrs.BY_TAG[tag] == vrs.SQ and self._may_ask(container):
            encoding = self._encoding_in_un(row, self.position + length, defined=True)
            if encoding:
                self._open(Kind.ITEMS, container, row, encoding, length)
                return
            self.report(AnomalyKind.UN_WITHOUT_ITEMS, row)
        self.position += length

    def _is_no_element(self, container: Container, tag: int) -> bool:
        """Handle a tag that is the end, padding or a delimiter; False if it is an element."""
        group = tag >> 16
        if self.group is not None:
            if group == self.group:
                return False
            self.open.clear()
        elif group != _DELIMITER_GROUP:
            return tag == 0 and (self.skip_padding(container) or self.close_at_nulls(container))
        elif container.defined:
            self.report_here(AnomalyKind.DELIMITER_UNEXPECTED, container, found=tag_text(tag))
            if tag == ITEM:
                # The item around it is shorter than it says: its end is not known.
                self.recover()
            else:
                self.position += HEADER
        elif tag == ITEM_DELIMITATION_ITEM:
            self.close_at_delimiter(container)
        else:
            # The sequence goes on or ends: only the item was not closed.
            self.report_here(AnomalyKind.DELIMITER_MISSING, container, found=tag_text(tag))
            self.open.pop()
        return True

    def _read_invalid_vr(self, container: Container, tag: int) -> None:
        if container.is_after_pixels:
            found = f"{container.end - self.position} bytes"
            self.report_here(AnomalyKind.TRAILING_BYTES, container, found=found)
            self.position = container.end
            return
        value = value_after_invalid_vr(self.data, self.position, container.end, container.encoding)
        offset, length = value or (self.position + HEADER, 0)
        vr = vrs.BY_TAG[tag]
        if vr == vrs.SQ or length == UNDEFINED_LENGTH:
            vr = vrs.UN  # there may be anything in it
        _, _, letters, _ = container.encoding.header(self.data, self.position)
        row = self.table.add(tag, vr, length, offset, container.row)
        self.report(
            AnomalyKind.VR_INVALID,
            row,
            expected=vrs.NAMES[vrs.BY_TAG[tag]],
            found=letters.decode("latin-1"),
        )
        if value is None:
            self.recover()
            return
        in_order = tag > container.last
        container.last = tag if in_order else self.check_order(container, row)
        self.position = offset
        if length == UNDEFINED_LENGTH:
            self._open_sequence(container, row, vrs.UN, length)
        else:
            self.position += length

    def _read_item(self, sequence: Container) -> None:
        if sequence.end - self.position < HEADER:
            self.close_at_end(sequence)
            return
        group, number, length = sequence.encoding.item(self.data, self.position)
        tag = group << 16 | number
        if tag == ITEM:
            self._open_item(sequence, length)
        elif tag == SEQUENCE_DELIMITATION_ITEM and not sequence.defined:
            self.close_at_delimiter(sequence)
        elif self.close_at_nulls(sequence):
            pass
        elif tag in (SEQUENCE_DELIMITATION_ITEM, ITEM_DELIMITATION_ITEM):
            self.report_here(AnomalyKind.DELIMITER_UNEXPECTED, sequence, found=tag_text(tag))
            self.position += HEADER
        else:
            self.report_here(AnomalyKind.ITEM_EXPECTED, sequence, found=tag_text(tag))
            self.recover()

    def _read_fragments(self, pixels: Container) -> None:
        table, item = self.table, pixels.encoding.item
        self.position, odd = read_usual_fragments(table, self.position, pixels, self.limits)
        if odd:
            found = f"{table.lengths[odd.first]} bytes"
            self.report(AnomalyKind.LENGTH_ODD, odd.first, found=found, times=odd.number)
        for row in range(len(table.tags), self.limits.max_elements):
            if pixels.end - self.position < HEADER:
                self.close_at_end(pixels)
                return
            group, number, length = item(self.data, self.position)
            tag = group << 16 | number
            if tag == SEQUENCE_DELIMITATION_ITEM:
                self.close_at_delimiter(pixels)
                return
            if tag != ITEM or length == UNDEFINED_LENGTH:
                is_item = tag == ITEM
                kind = AnomalyKind.LENGTH_UNDEFINED if is_item else AnomalyKind.ITEM_EXPECTED
                self.report_here(kind, pixels, found=tag_text(tag))
                self.recover()
                return
            self.position += HEADER
            table.add(ITEM, vrs.NONE, length, self.position, pixels.row)
            if length > pixels.end - self.position:
                self.leave_out(pixels, row, length)
                return
            self.position += length
        self.stop_at_limit()

    def _open_sequence(self, container: Container, row: int, vr: int, length: int) -> None:
        defined = length != UNDEFINED_LENGTH
        kind, encoding = Kind.ITEMS, container.encoding
        if not defined and vr == vrs.UN:
            encoding = IMPLICIT_LITTLE  # PS3.5 6.2.2
            if self._may_ask(container):
                found = self._encoding_in_un(row, container.end, defined=False)
                encoding = found or encoding
        elif not defined and vr in vrs.FRAGMENTED:
            kind = Kind.FRAGMENTS
        elif vr != vrs.SQ:
            self.report(AnomalyKind.LENGTH_UNDEFINED, row, found=vrs.NAMES[vr])
            self.recover()
            return
        self._open(kind, container, row, encoding, length)

    def _open(
        self, kind: Kind, container: Container, row: int, encoding: Encoding, length: int
    ) -> None:
        defined = length != UNDEFINED_LENGTH
        end = self._content_end(container, row, length)
        if end is None:
            self.table.add_damaged(row)
            self.recover()
        elif len(self.open) // 2 < self.limits.max_depth:
            self.open.append(Container(kind, row, encoding, end, defined))
        else:
            expected = f"at most {self.limits.max_depth}"
            self.report(AnomalyKind.DEPTH, row, expected=expected)
            if defined:
                self.position = end
            else:
                self.recover()

    def _may_ask(self, container: Container) -> bool:
        """Whether to find out how the items of a UN in a container are written.

        Not again inside another one, so that each byte is read a few times at most.
        """
        codes = self.table.vrs
        is_inside = any(codes[around.row] == vrs.UN for around in self.open if around.row != TOP)
        return self.looks_into_un and container.encoding.explicit and not is_inside

    def _encoding_in_un(self, row: int, end: int, *, defined: bool) -> Encoding | None:
        """How the items of a UN are written that begin here; None if there are none.

        They should be in implicit VR (PS3.5 6.2.2). Some writers leave them in explicit VR.
        """
        for encoding in (IMPLICIT_LITTLE, EXPLICIT_LITTLE):
            if self._holds_items(Container(Kind.ITEMS, TOP, encoding, end, defined)):
                if encoding.explicit:
                    self.report(AnomalyKind.UN_EXPLICIT, row, found=encoding.name)
                return encoding
        return None

    def _holds_items(self, content: Container) -> bool:
        """Whether nothing is wrong with the structure of items that begin here."""
        kinds: set[AnomalyKind] = set()
        table = Elements(self.data, content.encoding.byte_order)
        trial = _Walker(
            table,
            self.limits,
            lambda anomaly: kinds.add(anomaly.kind),
            position=self.position,
            cut=False,
        )
        trial.looks_into_un = False
        trial.read(content)
        return kinds <= _HARMLESS

    def _open_item(self, sequence: Container, length: int) -> None:
        if len(self.table.tags) >= self.limits.max_elements:
            self.stop_at_limit()
            return
        self.position += HEADER
        row = self.table.add(ITEM, vrs.NONE, length, self.position, sequence.row)
        end = self._content_end(sequence, row, length)
        if end is None:
            self.table.add_damaged(row)
            self.recover()
            return
        defined = length != UNDEFINED_LENGTH
        self.open.append(Container(Kind.ELEMENTS, row, sequence.encoding, end, defined))

    def _content_end(self, around: Container, row: int, length: int) -> int | None:
        """Where a sequence or item ends at the latest; None if its length is surely wrong."""
        end = around.end if length == UNDEFINED_LENGTH else self.position + length
        if end <= around.end:
            return end
        return around.end if self.report_beyond(around, row, length) else None
