"""The progress of reading a data set: what is open, how it is closed, how reading recovers."""

from engine.encoding.anomaly import Anomaly, AnomalyKind, ReadingLimits, ReportAnomaly
from engine.encoding.container import FIRST_PIXEL_TAG, OUT_OF_ORDER, Container, Kind
from engine.encoding.elements import TOP, Element, Elements
from engine.encoding.recovery import HEADER, is_zero_to_end


class Progress:
    """How far a data set has been read.

    Args:
        table: takes the elements.
        limits: where reading stops.
        report: takes the anomalies.
        position: where the data set starts in the table's buffer, in bytes.
        cut: whether the buffer is known to end before the data set does.
    """

    def __init__(
        self,
        table: Elements,
        limits: ReadingLimits,
        report: ReportAnomaly,
        *,
        position: int,
        cut: bool,
    ) -> None:
        self.table = table
        self.data = table.data
        self.limits = limits
        self.position = position
        self.open: list[Container] = []
        """From the data set down to the innermost container."""
        self.cut = cut
        """Whether the end of the buffer came too early, which is reported once."""
        self.broken = False
        """Whether the rest could not be read."""
        self._report = report
        self._may_be_padded = True

    def close_at_delimiter(self, container: Container) -> None:
        """Close the innermost container at the delimiter that is here."""
        _, _, length = container.encoding.item(self.data, self.position)
        if length:
            self.report_here(AnomalyKind.DELIMITER_LENGTH, container, found=f"{length}")
        self.position += HEADER
        self.open.pop()

    def close_at_nulls(self, container: Container) -> bool:
        """Close the innermost container if its delimiter has been overwritten with null bytes."""
        if container.defined or container.row == TOP:
            return False
        if bytes(self.data[self.position : self.position + HEADER]) != bytes(HEADER):
            return False
        self.report_here(AnomalyKind.DELIMITER_MISSING, container, found="null bytes")
        self.position += HEADER
        self.open.pop()
        return True

    def close_at_end(self, container: Container) -> None:
        """Close the innermost container, which has no room for a further header."""
        is_end_of_data = container.end == len(self.data)
        rest = container.end - self.position
        if self.cut and is_end_of_data:
            pass
        elif not container.defined:
            self.report_here(AnomalyKind.DELIMITER_MISSING, container)
            self.cut = is_end_of_data
        elif rest and not self.skip_padding(container):
            kind = AnomalyKind.OVERRUN
            if is_end_of_data:
                is_trailing = container.is_after_pixels
                kind = AnomalyKind.TRAILING_BYTES if is_trailing else AnomalyKind.TRUNCATED
                self.cut = True
            self.report_here(kind, container, expected="an element", found=f"{rest} bytes")
        self.position = container.end
        self.open.pop()

    def skip_padding(self, container: Container) -> bool:
        """Go to the end of the data set if only null bytes follow; else return False."""
        if container.row != TOP or not self._may_be_padded:
            return False
        # Once is enough: to look at the rest for each null byte would take hours.
        self._may_be_padded = is_zero_to_end(self.data, self.position)
        if not self._may_be_padded:
            return False
        rest = container.end - self.position
        self.report_here(AnomalyKind.TRAILING_PADDING, container, found=f"{rest} bytes")
        self.position = container.end
        return True

    def recover(self) -> None:
        """Continue after the nearest sequence whose length is known; else stop reading."""
        self.table.has_gaps = True
        while self.open:
            container = self.open.pop()
            self.table.add_damaged(container.row)
            if container.defined and container.kind is Kind.ITEMS:
                self.position = container.end
                return
        self.broken = True

    def stop_at_limit(self) -> None:
        """Stop reading, since the table is full."""
        limit = f"at most {self.limits.max_elements}"
        self.report(AnomalyKind.TOO_MANY_ELEMENTS, expected=limit)
        self.open.clear()
        self.broken = True

    def check_order(self, container: Container, row: int) -> int:
        """Report a tag that does not ascend; from then on called for every element."""
        if kind := container.disorder(self.table, row):
            self.report(kind, row)
        return OUT_OF_ORDER

    def leave_out(self, container: Container, row: int, length: int) -> None:
        """Remove the last element, whose value is not all there, so that no rule checks it."""
        if container.is_after_pixels and self.table.tags[row] < FIRST_PIXEL_TAG:
            self.report_here(AnomalyKind.TRAILING_BYTES, container)
        else:
            self.report_beyond(container, row, length)
        self.table.drop_last()
        self.recover()

    def report_beyond(self, container: Container, row: int, length: int) -> bool:
        """Report a value that ends too late; True if it is the file that ends too early."""
        is_end_of_data = container.end == len(self.data)
        available = container.end - self.position
        if not (self.cut and is_end_of_data):
            kind = AnomalyKind.TRUNCATED if is_end_of_data else AnomalyKind.OVERRUN
            self.report(kind, row, expected=f"{length} bytes", found=f"{available} bytes")
        self.cut = self.cut or is_end_of_data
        return is_end_of_data

    def report_here(
        self,
        kind: AnomalyKind,
        container: Container,
        *,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        """Report what is wrong at the current position in a container."""
        at = self.position if self.table.in_file else None
        self.report(kind, container.row, expected=expected, found=found, offset=at)

    def report(
        self,
        kind: AnomalyKind,
        row: int = TOP,
        *,
        expected: str | None = None,
        found: str | None = None,
        offset: int | None = None,
        times: int = 1,
    ) -> None:
        """Report what is wrong with an element, or with the data set as a whole."""
        element = None if row == TOP else Element(self.table, row)
        self._report(Anomaly(kind, element, expected, found, offset=offset, times=times))
