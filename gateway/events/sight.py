"""Which events a client of the feed may see: those of studies that its caller may see."""

from collections.abc import Callable, Sequence

from chassis.access.caller import Caller
from chassis.messaging.feed import Entry
from contracts.events import Event, StudyUploaded, StudyValidated, StudyValidationFailed
from gateway.http.visibility import Visibility


class Sight:
    """What one client sees.

    Args:
        caller: who it is.
        visibility: finds the labels of studies.
        is_admitted: whether the caller would still be admitted.
    """

    def __init__(
        self, caller: Caller, visibility: Visibility, is_admitted: Callable[[], bool]
    ) -> None:
        self._caller = caller
        self._visibility = visibility
        self.is_admitted = is_admitted

    async def hidden(self, entries: Sequence[Entry]) -> frozenset[int]:
        """The positions of entries that the client may not see.

        Raises:
            Problem: it cannot be found out now.
        """
        if self._caller.labels is None:
            return frozenset()
        return frozenset(
            [
                position
                for position, entry in enumerate(entries)
                if entry.event and not await self._shows(entry.event)
            ]
        )

    async def _shows(self, event: Event) -> bool:
        if isinstance(event, StudyUploaded | StudyValidated | StudyValidationFailed):
            return self._caller.sees(event.data.label)
        return await self._visibility.shows(self._caller, event.study_id)
