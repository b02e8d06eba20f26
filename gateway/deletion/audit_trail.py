"""The trail of everything that was removed from archive, quarantine and uploads."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import AwareDatetime, Field

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.events import RemovalReason
from contracts.model import Contract, Sha256
from contracts.places import Place
from storage.port import Lines, LockedError
from storage.stored_file import FileInStore

Requester = Annotated[str, Field(max_length=100)]
"""The address of a client, or the name of the service that removes by age."""


def requester(request: Request) -> str:
    """The address of the client that sent a request."""
    return request.client.host if request.client else "unknown"


class Removal(Contract):
    """A line of ``removed.ndjson``, written before the file is removed."""

    time: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    study_id: UUID
    place: Place = Place.QUARANTINE
    file: str
    sha256: Sha256
    reason: RemovalReason
    requested_by: Requester | None = None


@contextmanager
def locked(file: FileInStore) -> Iterator[Lines]:
    """Hold a file of lines alone, to append to it. Blocks.

    Raises:
        FileNotFoundError: its directory is gone.
        Problem: 503 if others hold it for too long.
    """
    try:
        with file.growing() as lines:
            yield lines
    except LockedError:
        raise Problem(ProblemType.QUARANTINE_BUSY) from None
