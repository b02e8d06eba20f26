"""What clients get from the feed."""

from contracts.events import Event
from contracts.model import Contract


class FeedEvent(Contract):
    """An event and its position in the feed."""

    cursor: str
    """The position after this event."""
    event: Event


class EventPage(Contract):
    """A page of the feed, oldest first."""

    events: tuple[FeedEvent, ...]
    next_cursor: str
    """The `cursor` to continue with, now or in a week; it is always present."""
    more: bool
    """Whether more events are available; if not, ask again later."""
