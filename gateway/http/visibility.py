"""Which studies the caller of a request may see: those with a label that the caller is bound to."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from uuid import UUID

from chassis.access.caller import Caller

MOST_REMEMBERED = 10_000
"""Studies whose label is remembered; a study keeps its label for ever."""


class UnknownStudyError(Exception):
    """No study has this id, or not yet."""


class Visibility:
    """Finds the labels of studies.

    Args:
        label_of: finds the label of a study; raises `UnknownStudyError`.
    """

    def __init__(self, label_of: Callable[[UUID], Awaitable[str | None]]) -> None:
        self._label_of = label_of
        self._labels: OrderedDict[UUID, str | None] = OrderedDict()

    async def shows(self, caller: Caller, study_id: UUID) -> bool:
        """Whether a caller may see a study.

        Raises:
            Problem: the label cannot be found out now.
        """
        if caller.labels is None:
            return True
        if study_id not in self._labels:
            try:
                label = await self._label_of(study_id)
            except UnknownStudyError:
                return False
            if label is None:  # or its record does not have it yet
                return caller.sees(None)
            self.note(study_id, label)
        return caller.sees(self._labels[study_id])

    def note(self, study_id: UUID, label: str | None) -> None:
        """Remember the label of a study."""
        self._labels[study_id] = label
        if len(self._labels) > MOST_REMEMBERED:
            self._labels.popitem(last=False)
