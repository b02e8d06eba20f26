"""Lists, shows, replays and drops dead letters."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from chassis.messaging.dead_letter_stream import DeadLetter, DeadLetterStream, Wanted
from chassis.observability.logs import error_name, get_logger
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.dead_letters.models import (
    MOST_PER_PAGE,
    DeadLetterFilter,
    DeadLetterPage,
    DeadLetterQuery,
    ListedDeadLetter,
    Replay,
    ReplayRequest,
    ShownDeadLetter,
)
from gateway.http.paths import dead_letter_path


async def list_page(letters: DeadLetterStream, query: DeadLetterQuery) -> DeadLetterPage:
    """A page of dead letters.

    Raises:
        Problem: 503 if Redis is unavailable; so do the other functions.
    """
    with _asking_redis():
        found, next_cursor = await letters.page(_wanted(query), query.cursor, query.limit)
    listed = tuple(ListedDeadLetter.model_validate(_facts(letter)) for letter in found)
    return DeadLetterPage(dead_letters=listed, next_cursor=next_cursor)


async def show(letters: DeadLetterStream, letter_id: str) -> ShownDeadLetter:
    """A dead letter with its event.

    Raises:
        Problem: 404 if there is no such dead letter.
    """
    with _asking_redis():
        letter = await letters.get(letter_id)
    if letter is None:
        raise _unknown(letter_id)
    return ShownDeadLetter.model_validate(
        {**_facts(letter), "entry_id": letter.fields["entry_id"], "event": letter.event}
    )


async def replay(letters: DeadLetterStream, letter_id: str) -> None:
    """Deliver a message again.

    Raises:
        Problem: 404 if there is no such dead letter.
    """
    with _asking_redis():
        if not await letters.replay(letter_id):
            raise _unknown(letter_id)
    get_logger().info("dead_letter.replayed", dead_letter=letter_id)


async def replay_all(letters: DeadLetterStream, chosen: ReplayRequest) -> Replay:
    """Deliver the messages of some dead letters again, in the order in which they were moved."""
    with _asking_redis():
        found, next_cursor = await letters.page(_wanted(chosen), chosen.cursor, MOST_PER_PAGE)
        replayed = [letter.id for letter in reversed(found) if await letters.replay(letter.id)]
    get_logger().info("dead_letter.replayed", count=len(replayed))
    return Replay(replayed=tuple(replayed), next_cursor=next_cursor)


async def drop(letters: DeadLetterStream, letter_id: str) -> None:
    """Delete a dead letter.

    Raises:
        Problem: 404 if there is no such dead letter.
    """
    with _asking_redis():
        if not await letters.drop(letter_id):
            raise _unknown(letter_id)
    get_logger().info("dead_letter.dropped", dead_letter=letter_id)


def _wanted(chosen: DeadLetterFilter) -> Wanted:
    return Wanted(study_id=chosen.study_id, code=chosen.code)


def _facts(letter: DeadLetter) -> dict[str, object]:
    names = ("service", "stream", "code", "message", "deliveries")
    return {
        **{name: letter.fields[name] for name in names},
        "id": letter.id,
        "time": letter.time,
        "study_id": letter.event.subject if letter.event else None,
        "href": dead_letter_path(letter.id),
    }


def _unknown(letter_id: str) -> Problem:
    return Problem(ProblemType.UNKNOWN_DEAD_LETTER, f"There is no dead letter {letter_id}.")


@contextmanager
def _asking_redis() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        get_logger().error("dead_letters.unavailable", error=error_name(error))
        raise Problem(ProblemType.EVENT_BUS_UNAVAILABLE) from None
