"""/dead-letters: messages that a service could not process are listed, replayed and dropped."""

from typing import Annotated

from fastapi import Body, Query

from chassis.messaging.dead_letter_stream import DeadLetterStream
from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from chassis.web.routing import Router, provided
from gateway.dead_letters import letters
from gateway.dead_letters.models import (
    DeadLetterPage,
    DeadLetterQuery,
    LetterId,
    Replay,
    ReplayRequest,
    ShownDeadLetter,
)

LETTER = "/dead-letters/{letter_id:entry_id}"

Stream = Annotated[DeadLetterStream, provided(DeadLetterStream)]

router = Router(tags=["dead letters"])


@router.get(
    "/dead-letters",
    summary="List dead letters",
    responses=documented(ProblemType.EVENT_BUS_UNAVAILABLE),
)
async def list_dead_letters(
    query: Annotated[DeadLetterQuery, Query()], stream: Stream
) -> DeadLetterPage:
    """Returns dead letters page by page, those that came last first.

    With a filter a page can be short, or empty, and still have a `next_cursor`.
    """
    return await letters.list_page(stream, query)


@router.post(
    "/dead-letters/replay",
    summary="Replay dead letters",
    responses=documented(ProblemType.EVENT_BUS_UNAVAILABLE, ProblemType.BAD_REQUEST),
)
async def replay_dead_letters(chosen: Annotated[ReplayRequest, Body()], stream: Stream) -> Replay:
    """Delivers up to 500 messages again: those about a study, those with a reason, or all.

    Each keeps the id of its event. A study leaves the state `error` when it is archived or failed.
    """
    return await letters.replay_all(stream, chosen)


@router.get(
    LETTER,
    summary="Get a dead letter",
    responses=documented(ProblemType.UNKNOWN_DEAD_LETTER, ProblemType.EVENT_BUS_UNAVAILABLE),
)
async def get_dead_letter(letter_id: LetterId, stream: Stream) -> ShownDeadLetter:
    """Returns the reason, and the event of the message."""
    return await letters.show(stream, letter_id)


@router.post(
    f"{LETTER}/replay",
    status_code=204,
    summary="Replay a dead letter",
    responses=documented(ProblemType.UNKNOWN_DEAD_LETTER, ProblemType.EVENT_BUS_UNAVAILABLE),
)
async def replay_dead_letter(letter_id: LetterId, stream: Stream) -> None:
    """Delivers the message again to the service that could not process it."""
    await letters.replay(stream, letter_id)


@router.delete(
    LETTER,
    status_code=204,
    summary="Drop a dead letter",
    responses=documented(ProblemType.UNKNOWN_DEAD_LETTER, ProblemType.EVENT_BUS_UNAVAILABLE),
)
async def drop_dead_letter(letter_id: LetterId, stream: Stream) -> None:
    """Deletes the dead letter. Files and status of its study stay as they are."""
    await letters.drop(stream, letter_id)
