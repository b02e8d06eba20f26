"""GET /events, GET /events/stream: what happens to studies, page by page and as it happens."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from pydantic import AfterValidator, JsonValue, WithJsonSchema
from pydantic_core import PydanticCustomError

from chassis.messaging.cursor import LONGEST_TEXT, PATTERN, Cursor, CursorError
from chassis.messaging.feed import ADDRESS_OF, Feed
from chassis.web.problem import Problem, documented
from chassis.web.problem_types import ProblemType
from contracts.events import Event
from contracts.model import Contract
from gateway.events.feed import LiveFeed, read_page
from gateway.events.feed_stream import EventStream
from gateway.settings import FeedSettings

MOST_PER_PAGE = 1000


class FeedEvent(Contract):
    """An event and its place in the feed."""

    cursor: str
    """The place after this event."""
    event: Event


class EventPage(Contract):
    """A page of the feed, oldest first."""

    events: tuple[FeedEvent, ...]
    next_cursor: str
    """Give it as `cursor` to go on, now or in a week; it is always there."""
    more: bool
    """Whether there was more to read; if not, come back later."""


def _known_type(value: str) -> str:
    if value not in ADDRESS_OF:
        known = ", ".join(ADDRESS_OF)
        raise PydanticCustomError("event_type", "is no type of event: {known}", {"known": known})
    return value


EventType = Annotated[
    str,
    AfterValidator(_known_type),
    WithJsonSchema({"type": "string", "enum": list(ADDRESS_OF)}),
]
Types = Annotated[
    list[EventType],
    Query(
        alias="type",
        max_length=len(ADDRESS_OF),
        description="Only events of this type; may be given several times. All when not given.",
    ),
]
CURSOR = (
    "Opaque, as an answer gave it: events after this place. Stay with the same `type`. "
    "Also `0`, the oldest event that is kept, or milliseconds since 1970, a point in time."
)
FORM: dict[str, JsonValue] = {"pattern": PATTERN}
"""Documented only: what is wrong with a cursor is told in our own words."""
STREAM = """\
An event is its JSON in `data:`, its place in `id:`; it has no name, so that `onmessage` hears all.
Comments are signs of life. The stream ends after some minutes, and when a client does not keep up;
what an `EventSource` does by itself then, every client should: come back with the last id as
`Last-Event-ID`. Nothing is left out or repeated.
"""
EXAMPLE = """\
retry: 3170
id: uploads~1772357400250-0_study.archived~1772357401022-0

id: uploads~1772357400250-0_study.archived~1772357477610-0
data: {"specversion":"1.0","type":"study.archived", …}

: still here
"""


def events_router(feed: Feed, live: LiveFeed, settings: FeedSettings) -> APIRouter:
    """The routes that tell what happens.

    Args:
        feed: the past.
        live: the present.
        settings: for the clients that listen.
    """
    router = APIRouter(tags=["events"])

    @router.get(
        "/events",
        summary="What has happened, page by page",
        responses=documented(
            ProblemType.CURSOR_EXPIRED,
            ProblemType.EVENT_BUS_UNAVAILABLE,
        ),
        response_model_exclude_none=True,
    )
    async def index(
        cursor: Annotated[
            str, Query(max_length=LONGEST_TEXT, description=CURSOR, json_schema_extra=FORM)
        ] = "0",
        types: Types = [],  # noqa: B006 -- FastAPI copies it
        limit: Annotated[int, Query(ge=1, le=MOST_PER_PAGE)] = 100,
    ) -> EventPage:
        """The events of all studies, oldest first, from any place in the last days.

        Go on with `next_cursor`: nothing is left out or repeated, whatever happens meanwhile.
        """
        page = await read_page(feed, _cursor(cursor), _addresses(types), limit)
        events = [
            FeedEvent(cursor=str(place), event=entry.event)
            for place, entry in page.places()
            if entry.event
        ]
        return EventPage(events=tuple(events), next_cursor=str(page.end), more=page.more)

    @router.get(
        "/events/stream",
        summary="What happens, as it happens (server-sent events)",
        response_class=Response,
        response_description=STREAM,
        responses={
            **documented(
                ProblemType.CURSOR_EXPIRED,
                ProblemType.EVENT_BUS_UNAVAILABLE,
                ProblemType.TOO_MANY_LISTENERS,
            ),
            200: {
                "content": {
                    "text/event-stream": {
                        "schema": {"type": "string"},
                        "example": EXAMPLE,
                        # OpenAPI 3.2 has `itemSchema` for it.
                        "x-itemSchema": {
                            "type": "object",
                            "properties": {
                                "id": {"type": "string"},
                                "data": {
                                    "type": "string",
                                    "contentMediaType": "application/json",
                                    "contentSchema": {
                                        "$ref": "#/components/schemas/FeedEvent/properties/event"
                                    },
                                },
                            },
                        },
                    }
                }
            },
        },
    )
    async def stream(
        cursor: Annotated[
            str | None, Query(max_length=LONGEST_TEXT, description=CURSOR, json_schema_extra=FORM)
        ] = None,
        last_event_id: Annotated[
            str | None,
            Header(
                max_length=LONGEST_TEXT,
                description="Counts more than `cursor`.",
                json_schema_extra=FORM,
            ),
        ] = None,
        types: Types = [],  # noqa: B006 -- FastAPI copies it
    ) -> EventStream:
        """The events of all studies: first those since a place in the feed, then new ones.

        Without a place only new ones.
        """
        place = last_event_id or cursor
        start = _cursor(place) if place else None
        return EventStream(feed, live, start, _addresses(types), settings)

    return router


def _cursor(text: str) -> Cursor:
    try:
        return Cursor.parse(text)
    except CursorError:
        detail = "cursor: not a place in the feed that an answer has told"
        raise Problem(ProblemType.INVALID_REQUEST, detail) from None


def _addresses(types: list[str]) -> list[str]:
    return [ADDRESS_OF[event_type] for event_type in types or ADDRESS_OF]
