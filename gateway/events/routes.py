"""GET /events, GET /events/stream: the events of all studies, page by page and live."""

from functools import partial
from typing import Annotated

from fastapi import Header, Query, Request, Response
from pydantic import AfterValidator, JsonValue, WithJsonSchema
from pydantic_core import PydanticCustomError

from chassis.messaging.cursor import LONGEST_TEXT, PATTERN, Cursor, CursorError
from chassis.messaging.feed import ADDRESS_OF, Feed
from chassis.web.guard import caller_of, is_admitted
from chassis.web.problem import Problem, documented
from chassis.web.problem_types import ProblemType
from chassis.web.routing import Router, provided
from gateway.events.event_stream import EventStream
from gateway.events.live_feed import LiveFeed, read_page
from gateway.events.models import EventPage, FeedEvent
from gateway.events.sight import Sight
from gateway.http.visibility import Visibility

MOST_PER_PAGE = 1000


def _known_type(value: str) -> str:
    if value not in ADDRESS_OF:
        known = ", ".join(ADDRESS_OF)
        raise PydanticCustomError("event_type", "is not one of {known}", {"known": known})
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
        description="Only events of this type; can be repeated. By default, all events.",
    ),
]
CURSOR = (
    "Return events after this position. A cursor is opaque and comes from an earlier response "
    "with the same `type`. Also `0`, the oldest event that is kept, or a point in time as "
    "milliseconds since 1970."
)
FORM: dict[str, JsonValue] = {"pattern": PATTERN}
"""For the documentation only: `_cursor` has a better message for an invalid cursor."""
STREAM = """\
Server-sent events. `data:` has the JSON of an event, `id:` its position; an event has no name, so
that `onmessage` receives them all. Comments are signs of life. The stream ends after some minutes,
and when a client does not keep up. A client then reconnects with the last id as `Last-Event-ID`, as
an `EventSource` does by itself; no event is left out or repeated.
"""
EXAMPLE = """\
retry: 3170
id: uploads~1772357400250-0_study.archived~1772357401022-0

id: uploads~1772357400250-0_study.archived~1772357477610-0
data: {"specversion":"1.0","type":"study.archived", …}

: still here
"""
STREAM_CONTENT = {
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
                "contentSchema": {"$ref": "#/components/schemas/FeedEvent/properties/event"},
            },
        },
    },
}


Past = Annotated[Feed, provided(Feed)]
Present = Annotated[LiveFeed, provided(LiveFeed)]

Seen = Annotated[Visibility, provided(Visibility)]

router = Router(tags=["events"])


@router.get(
    "/events",
    summary="List events",
    responses=documented(ProblemType.CURSOR_EXPIRED, ProblemType.EVENT_BUS_UNAVAILABLE),
)
async def list_events(
    *,
    feed: Past,
    request: Request,
    visibility: Seen,
    cursor: Annotated[
        str, Query(max_length=LONGEST_TEXT, description=CURSOR, json_schema_extra=FORM)
    ] = "0",
    types: Types = [],  # noqa: B006 -- FastAPI copies it
    limit: Annotated[
        int, Query(ge=1, le=MOST_PER_PAGE, description="The greatest number of events on a page.")
    ] = 100,
) -> EventPage:
    """Returns the events of all studies page by page, oldest first, from any point in time.

    Continue with `next_cursor`: no event is left out or repeated, whatever happens meanwhile.
    """
    page = await read_page(feed, _cursor(cursor), _addresses(types), limit)
    hidden = await _sight(request, visibility).hidden(page.entries)
    events = [
        FeedEvent(cursor=str(position), event=entry.event)
        for number, (position, entry) in enumerate(page.positions())
        if entry.event and number not in hidden
    ]
    return EventPage(events=tuple(events), next_cursor=str(page.end), more=page.more)


@router.get(
    "/events/stream",
    summary="Follow events (server-sent events)",
    response_class=Response,
    response_description=STREAM,
    responses={
        **documented(
            ProblemType.CURSOR_EXPIRED,
            ProblemType.TOO_MANY_LISTENERS,
            ProblemType.EVENT_BUS_UNAVAILABLE,
        ),
        200: {"content": {"text/event-stream": STREAM_CONTENT}},
    },
)
async def follow_events(
    *,
    feed: Past,
    live: Present,
    request: Request,
    visibility: Seen,
    cursor: Annotated[
        str | None, Query(max_length=LONGEST_TEXT, description=CURSOR, json_schema_extra=FORM)
    ] = None,
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=LONGEST_TEXT,
            description="Takes precedence over `cursor`.",
            json_schema_extra=FORM,
        ),
    ] = None,
    types: Types = [],  # noqa: B006 -- FastAPI copies it
) -> EventStream:
    """Sends the events of all studies: those after the cursor first, then new ones.

    Without a cursor, only new ones.
    """
    place = last_event_id or cursor
    start = _cursor(place) if place else None
    return EventStream(feed, live, start, _addresses(types), _sight(request, visibility))


def _sight(request: Request, visibility: Visibility) -> Sight:
    return Sight(caller_of(request), visibility, partial(is_admitted, request))


def _cursor(text: str) -> Cursor:
    try:
        return Cursor.parse(text)
    except CursorError:
        detail = "cursor: not a cursor that a response has returned"
        raise Problem(ProblemType.INVALID_REQUEST, detail) from None


def _addresses(types: list[str]) -> list[str]:
    return [ADDRESS_OF[event_type] for event_type in types or ADDRESS_OF]
