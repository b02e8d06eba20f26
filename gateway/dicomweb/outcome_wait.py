"""Waits for the outcome of uploads, which the live feed announces."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from uuid import UUID

from chassis.messaging.feed import Entry
from contracts.events import (
    Event,
    StudyArchived,
    StudyProcessingFailed,
    StudyValidated,
    StudyValidationFailed,
)


class AwaitedUpload:
    """An upload whose outcome a request waits for.

    The upload may be divided into several studies. Some may be archived before it is known into
    which studies the upload is divided.

    Attributes:
        archived: its studies that are archived.
        wake: set when the wait is over.
    """

    def __init__(self, upload_id: UUID) -> None:
        self.archived: set[UUID] = set()
        self.wake = asyncio.Event()
        self._upload_id = upload_id
        self._studies: set[UUID] = set()
        self._ended: set[UUID] = set()

    def hear(self, event: Event) -> None:
        """Take note of an event of one of its studies."""
        match event:
            case StudyValidated() if event.subject == self._upload_id:
                self._studies = {self._upload_id, *(event.data.studies or ())}
            case StudyArchived():
                self.archived.add(event.subject)
                self._ended.add(event.subject)
            case StudyValidationFailed() | StudyProcessingFailed():
                self._ended.add(event.subject)
                if event.subject == self._upload_id:
                    self._studies.add(self._upload_id)
        if self.is_over:
            self.wake.set()

    @property
    def is_over(self) -> bool:
        """Whether all its studies are archived or have failed."""
        return bool(self._studies) and self._studies <= self._ended


class OutcomeWaiters:
    """All uploads whose outcome a request waits for."""

    def __init__(self) -> None:
        self._awaited: dict[UUID, AwaitedUpload] = {}

    @contextlib.contextmanager
    def awaiting(self, upload_id: UUID) -> Iterator[AwaitedUpload]:
        """Follow the events of an upload; has to begin before the upload is announced."""
        awaited = AwaitedUpload(upload_id)
        self._awaited[upload_id] = awaited
        try:
            yield awaited
        finally:
            self._awaited = {key: one for key, one in self._awaited.items() if one is not awaited}

    def hear(self, entries: Iterable[Entry]) -> None:
        """Take note of new events."""
        for entry in entries if self._awaited else ():
            event = entry.event
            if isinstance(event, StudyValidated) and event.data.upload_id in self._awaited:
                self._awaited[event.subject] = self._awaited[event.data.upload_id]
            if event and (awaited := self._awaited.get(event.subject)):
                awaited.hear(event)

    def close(self) -> None:
        """End all waits."""
        for awaited in self._awaited.values():
            awaited.wake.set()
