"""Streams and Pub/Sub channels as FastStream takes them, without prefixes.

A FastStream broker can have a prefix, which ours has not: for that it would copy a stream or
channel deeply for each message that is read or sent.
"""

from faststream.redis import PubSub, StreamSub


class Stream(StreamSub[bool]):
    """A stream as one subscriber reads it, or a publisher appends to it.

    `max_records` may be changed at any time, for the next read.
    """

    __slots__ = ()

    def add_prefix(self, prefix: str) -> "Stream":
        """Return the stream itself."""
        _require_none(prefix)
        return self


class LiveChannel(PubSub):
    """A Pub/Sub channel."""

    __slots__ = ()

    def add_prefix(self, prefix: str) -> "LiveChannel":
        """Return the channel itself."""
        _require_none(prefix)
        return self


def _require_none(prefix: str) -> None:
    if prefix:
        raise ValueError("the channels have no prefixes")
