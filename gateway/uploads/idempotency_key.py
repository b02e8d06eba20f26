"""The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header)."""

import re
from collections.abc import Sequence

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType

HEADER = "Idempotency-Key"
MOST_CHARACTERS = 255

_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"')
"""A string of structured fields (RFC 9651 3.3.3)."""
_BARE = re.compile(r"[!#-~]+")


def read_key(values: Sequence[str]) -> str | None:
    """The key of a request; None when it has none.

    Args:
        values: its headers of that name: quoted as the draft has it, or bare as many clients send
            it.

    Raises:
        Problem: 400.
    """
    if not values:
        return None
    text = values[0].strip()
    if quoted := _QUOTED.fullmatch(text):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    else:
        key = text if _BARE.fullmatch(text) else ""
    if len(values) > 1 or not 0 < len(key) <= MOST_CHARACTERS:
        detail = f"{HEADER} is one string of 1 to {MOST_CHARACTERS} characters, best a UUID."
        raise Problem(ProblemType.INVALID_IDEMPOTENCY_KEY, detail)
    return key
