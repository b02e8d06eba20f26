"""Which of the media types on offer a client prefers (RFC 9110, 12.5.1)."""

import re
from collections.abc import Sequence

_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def preferred(accept: str, offered: Sequence[str]) -> str | None:
    """The media type to answer with; None when the client accepts none of them.

    Args:
        accept: the `Accept` of the request; empty when it has none. Parameters but the weight are
            not looked at, and what cannot be read is passed over.
        offered: media types, in the order in which the service would choose.
    """
    if not accept.strip():
        return offered[0]
    weights = dict(filter(None, map(_weight, accept.lower().split(","))))

    def weight(media_type: str) -> float:
        """What the most specific range says of it."""
        kind = media_type.partition("/")[0]
        ranges = (media_type, f"{kind}/*", "*/*")
        return next((weights[name] for name in ranges if name in weights), 0.0)

    best = max(offered, key=weight)
    return best if weight(best) else None


def _weight(part: str) -> tuple[str, float] | None:
    """A media range and its weight."""
    media_range, *parameters = (text.strip() for text in part.split(";"))
    weight = "1"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            weight = value.strip()
    return (media_range, float(weight)) if media_range and _WEIGHT.fullmatch(weight) else None
