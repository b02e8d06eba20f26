"""What becomes of a message that was not handled: it waits, is tried again, or is dead-lettered."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial

from redis.exceptions import RedisError

from chassis.messaging.claims import Claim, Claims
from chassis.messaging.cursor import parse_entry_id
from chassis.messaging.dead_letter import DeadLetters, Failure
from chassis.messaging.errors import PermanentError, is_of_environment
from chassis.messaging.outage import Outage
from chassis.messaging.outcome import Outcome
from chassis.messaging.patience import patiently
from chassis.observability.logs import error_name, get_logger
from chassis.observability.metrics import Metrics
from chassis.runtime.settings import DeliverySettings
from chassis.runtime.turns import Turns

TRIES_TOGETHER = 2
"""A message that has been delivered more often is handled alone in its process: when workers die it
is then known which message was their death, and none is dead-lettered for another's."""
SHORTEST_DELAY_SECONDS = 1.0

IsWell = Callable[[], Awaitable[bool]]
"""Asks whether the environment of the service is as it should be."""


class Failures:
    """Decides on messages that were not handled.

    Args:
        settings: how often a message may fail.
        claims: the claims of this process.
        dead_letters: takes the messages that are not tried again.
        outage: holds back all messages while the environment fails.
        is_well: is asked before a message is blamed.
        metrics: counts errors.
    """

    def __init__(
        self,
        *,
        settings: DeliverySettings,
        claims: Claims,
        dead_letters: DeadLetters,
        outage: Outage,
        is_well: IsWell,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._claims = claims
        self._dead_letters = dead_letters
        self._outage = outage
        self._is_well = is_well
        self._metrics = metrics
        self._turns = Turns()

    @asynccontextmanager
    async def turn(self, claim: Claim) -> AsyncIterator[None]:
        """Handle a message in the context: once its environment is well, and alone if need be."""
        await self._outage.passed()
        if claim.deliveries <= TRIES_TOGETHER:
            async with self._turns.shared():
                yield
        else:
            # If this process dies while the message waits for its turn, that is not its fault.
            await self._claims.correct(claim, deliveries=claim.deliveries - 1)
            async with self._turns.alone():
                await self._claims.correct(claim, deliveries=claim.deliveries)
                yield
        self._outage.end()

    def require_tries_left(self, claim: Claim) -> None:
        """Refuse a message that has been tried often enough.

        Raises:
            PermanentError: each time its process died, before the handler came to an exception.
        """
        if claim.deliveries > self._settings.max_deliveries:
            raise PermanentError("delivery.exhausted", "Every worker that received it has died.")

    async def settle(
        self,
        claim: Claim,
        fields: Mapping[bytes, bytes],
        body: bytes,
        error: Exception,
        study_id: str | None = None,
    ) -> Outcome:
        """Decide on a message that was not handled.

        Args:
            claim: the message.
            fields: the stream entry's fields.
            body: the message's body.
            error: why it was not handled.
            study_id: the study that it is about, if that is known.
        """
        try:
            if not is_of_environment(error) and await self._is_well():
                self._note(error, claim, study_id)
                return await self._blame(claim, fields, body, error)
        except Exception as further:  # noqa: BLE001 -- the message is still pending
            error = further
        self._outage.note(error)
        await self._release(claim, claim.deliveries - 1)
        return Outcome.WAIT

    async def _blame(
        self, claim: Claim, fields: Mapping[bytes, bytes], body: bytes, error: Exception
    ) -> Outcome:
        """Decide on a message that has failed by itself."""
        if isinstance(error, PermanentError):
            failure = Failure(error.code, error.message)
        elif claim.deliveries < self._settings.max_deliveries:
            await self._release(claim, claim.deliveries)
            return Outcome.RETRY
        else:
            failure = Failure("delivery.failed", f"It failed every time, with {error_name(error)}.")
        await self._dead_letters.move(claim, fields, body, failure)
        return Outcome.DEAD_LETTER

    async def interrupted(self, claim: Claim) -> None:
        """Give a message back at once whose handling was cancelled: the service stops."""
        with suppress(RedisError):  # at worst it is claimed after the idle time, and counted
            await self._claims.correct(claim, deliveries=claim.deliveries - 1, delay_seconds=0)

    async def _release(self, claim: Claim, deliveries: int) -> None:
        """Let the message be claimed again after a quarter of the time since it was sent."""
        milliseconds, _ = parse_entry_id(claim.entry_id.decode())
        delay = max(SHORTEST_DELAY_SECONDS, (time.time() - milliseconds / 1000) / 4)
        release = partial(self._claims.correct, claim, deliveries=deliveries, delay_seconds=delay)
        await patiently(release, self._outage.note)

    def _note(self, error: Exception, claim: Claim, study_id: str | None) -> None:
        code = error.code if isinstance(error, PermanentError) else error_name(error)
        self._metrics.error(code)
        get_logger().error(
            "message.failed",
            stream=claim.stream,
            study_id=study_id,
            deliveries=claim.deliveries,
            code=code,
            exc_info=error,
        )
