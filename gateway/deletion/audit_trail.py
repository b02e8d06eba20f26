"""The trail of everything that was removed from archive, quarantine and uploads."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import AwareDatetime, Field

from chassis.access.caller import ANYONE
from chassis.web.guard import caller_of
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.events import RemovalReason
from contracts.model import Contract, Sha256
from contracts.places import Place
from storage.port import Lines, LockedError
from storage.stored_file import FileInStore

_LONGEST = 100
Requester = Annotated[str, Field(max_length=_LONGEST)]
"""The caller and their address, or the name of the service that removes by age."""


def requester(request: Request) -> str:
    """The caller, if keys or tokens say who it is, and the address of a request."""
    address = request.client.host if request.client else "unknown"
    caller = caller_of(request)
    if caller is ANYONE:
        return address
    # The name of a token's subject may have any length; the address is never cut off.
    return f"{caller.name[: _LONGEST - len(address) - 4]} at {address}"


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
