"""Ends a connection whose client has stopped reading, so that not even an error can be sent."""

from starlette.types import Scope

from chassis.service.protocol import ABORT


def abort(scope: Scope) -> bool:
    """End the connection of a request.

    Returns:
        False if the server cannot do that: only the one in `chassis.service.server` can.
    """
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is None:
        return False
    extension["call"]()
    return True
