"""`hdv studies delete`."""

from collections.abc import Sequence
from uuid import UUID

from hdv.client.gateway import Gateway
from hdv.terminal.prompt import confirm
from hdv.terminal.text import number_of, print_json, print_line

SECONDS = 3600.0
"""How long the command may take."""


def delete(study_ids: Sequence[UUID], url: str, *, confirmed: bool, json: bool) -> None:
    """Delete studies, one after the other.

    Raises:
        CommandError: one of them is unknown or is being processed, or the gateway is unavailable.
            Those before it have been deleted.
    """
    if not confirmed:
        confirm(f"Delete {number_of(len(study_ids), 'study', 'studies')} permanently?")
    with Gateway(url, seconds=SECONDS) as gateway:
        for study_id in study_ids:
            gateway.send("DELETE", f"/studies/{study_id}")
            if not json:
                print_line(f"deleted study {study_id}")
    if json:
        print_json({"deleted": [str(study_id) for study_id in study_ids]})
