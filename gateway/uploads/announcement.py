"""The announcement of an upload: its event, and the answer to its key, both or neither, once.

Redis may have executed a command although its answer is lost, and it may still execute one that
has been sent again since. So Redis counts the announcements of each upload. A process that wants to
announce an upload reads the count first, and then makes sure that there is no work for the upload.
The script that announces it does nothing if the count has changed in between.
"""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from redis.asyncio import Redis

from chassis.messaging.publishing import SEND, EventPublisher
from contracts.intake import Intake
from gateway.uploads.idempotency import RememberedAnswer

COUNTED_SECONDS = 3600
"""How long the announcements of an upload are counted: longer than any command is on its way."""
MOST_PER_READ = 1000

_PREFIX = "announced:"
_ANNOUNCE = f"""
if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[2] then return 0 end
{SEND}
redis.call('SET', KEYS[2], ARGV[2] + 1, 'EX', ARGV[3])
if KEYS[3] then
  local holder = redis.call('GET', KEYS[3])
  if not holder or holder == ARGV[4] then redis.call('SET', KEYS[3], ARGV[5], 'EX', ARGV[6]) end
end
return 1
"""


async def announcements(client: Redis, study_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How often each upload was announced so far.

    Raises:
        redis.exceptions.RedisError: Redis is unavailable.
    """
    found: dict[UUID, int] = {}
    for first in range(0, len(study_ids), MOST_PER_READ):
        some = study_ids[first : first + MOST_PER_READ]
        counts = cast("list[bytes | None]", await client.mget([_count_of(one) for one in some]))
        found |= {one: int(count or 0) for one, count in zip(some, counts, strict=True)}
    return found


async def announce_once(
    publisher: EventPublisher,
    study_id: UUID,
    intake: Intake,
    answer: RememberedAnswer | None,
    *,
    announced: int,
) -> bool:
    """Announce an upload with the event of its intake, unless that was done meanwhile.

    Args:
        publisher: sends the event.
        study_id: the upload; the event may be that of the one from which it was divided.
        intake: what is known about it.
        answer: the answer to its idempotency key, if it has one; left alone if another upload
            holds the key by now, or has got the answer.
        announced: how often it was announced before.

    Returns:
        Whether this call has announced it.

    Raises:
        redis.exceptions.RedisError: Redis is unavailable; it may or may not have done it.
    """
    keys: list[str] = [_count_of(study_id)]
    arguments: list[bytes | str | int] = [announced, COUNTED_SECONDS]
    if answer:
        keys.append(answer.name)
        arguments += [answer.held_by, answer.value, answer.seconds]
    return await publisher.publish_by(_ANNOUNCE, intake.event, keys, arguments)


def _count_of(study_id: UUID) -> str:
    return f"{_PREFIX}{study_id}"
