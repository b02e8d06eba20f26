"""What clients send and get about dead letters."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import AwareDatetime, ConfigDict, Field

from contracts.events import Event
from contracts.model import Contract

MOST_PER_PAGE = 500
_ID = r"^[0-9]{1,19}-[0-9]{1,19}$"
_CODE = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"

LetterId = Annotated[
    str, Path(pattern=_ID, examples=["1772357400250-0"], description="Id of the dead letter.")
]


class DeadLetterFilter(Contract):
    """Which dead letters."""

    # FastAPI takes the descriptions of parameters from the fields.
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    study_id: UUID | None = None
    """Only those about this study."""
    code: Annotated[str, Field(pattern=_CODE, max_length=100)] | None = None
    """Only those with this reason."""


class ReplayRequest(DeadLetterFilter):
    """Which dead letters to replay."""

    cursor: Annotated[str, Field(pattern=_ID)] | None = None
    """`next_cursor` of the previous response, with the same filters."""


class DeadLetterQuery(DeadLetterFilter):
    """Which dead letters to list, and how many."""

    cursor: Annotated[str, Field(pattern=_ID)] | None = None
    """`next_cursor` of the previous page, with the same filters."""
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE)
    """The greatest number of dead letters on a page."""


class ListedDeadLetter(Contract):
    """A dead letter, in short."""

    id: str = Field(examples=["1772357400250-0"])
    """Its id."""
    time: AwareDatetime
    """When the message was moved to the dead letters."""
    service: str
    """The service that could not process the message."""
    stream: str
    """The stream that the message was read from."""
    code: str
    """Stable name of the reason."""
    message: str
    """The reason in one sentence."""
    deliveries: int
    """How many times the message was delivered."""
    study_id: UUID | None = None
    """The study that it is about; absent if the message is not an event."""
    href: str
    """Path of the dead letter."""


class DeadLetterPage(Contract):
    """A page of dead letters, those that came last first."""

    dead_letters: tuple[ListedDeadLetter, ...]
    next_cursor: str | None = None
    """The `cursor` of the next page, also after a short page; absent on the last page."""


class ShownDeadLetter(ListedDeadLetter):
    """A dead letter with its event."""

    entry_id: str
    """Id of the message's entry in its stream."""
    event: Event | None = None
    """The event; absent if the message is not one."""


class Replay(Contract):
    """Which dead letters were replayed."""

    replayed: tuple[str, ...]
    """Their ids."""
    next_cursor: str | None = None
    """The `cursor` to continue with; absent if there are no more."""
