"""`hdv dead-letters`: lists, shows, replays and drops what could not be processed."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hdv.client.gateway import Gateway
from hdv.exit import CommandError
from hdv.terminal.prompt import confirm
from hdv.terminal.table import cell, new_table, print_table
from hdv.terminal.text import number_of, print_json, print_line, time_text

MOST_PER_PAGE = 500
SECONDS = 3600.0
"""How long a command may take."""

_LETTER_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?", re.ASCII)

Json = dict[str, Any]


class DeadLetters:
    """The commands.

    Every method may raise `CommandError`: the gateway refuses the request, or is unavailable.

    Args:
        url: the address of the gateway.
        json: whether results are written as JSON.
    """

    def __init__(self, url: str, *, json: bool = False) -> None:
        self._url = url
        self._json = json

    def list(self, study: UUID | None, code: str | None, limit: int) -> None:
        """List dead letters, the latest first."""
        letters: list[Json] = []
        cursor = None
        with self._gateway() as gateway:
            while True:
                page = gateway.get(
                    "/dead-letters", study_id=_text(study), code=code, cursor=cursor,
                    limit=min(limit - len(letters), MOST_PER_PAGE),
                )  # fmt: skip
                letters += page["dead_letters"]
                cursor = page.get("next_cursor")
                if cursor is None or len(letters) >= limit:
                    break
        if self._json:
            print_json({"dead_letters": letters, "more": cursor is not None})
            return
        if not letters:
            print_line("there are no dead letters")
            return
        table = new_table("id", "time", "service", "study", "deliveries", "why")
        for letter in letters:
            why = f"{letter['code']}: {letter['message']}"
            table.add_row(
                *map(cell, (letter["id"], time_text(letter["time"]), letter["service"])),
                *map(cell, (letter.get("study_id"), letter["deliveries"], why)),
            )
        print_table(table)
        if cursor:
            print_line("and more; --limit shows them")

    def show(self, letter_id: str) -> None:
        """Show a dead letter with its event."""
        with self._gateway() as gateway:
            letter = gateway.get(_path(letter_id))
        if self._json:
            print_json(letter)
            return
        print_line(f"dead letter {letter['id']} of {time_text(letter['time'])}")
        print_line(f"{letter['code']}: {letter['message']}")
        deliveries = f"deliveries: {letter['deliveries']}"
        print_line(f"{letter['service']} read it from {letter['stream']}, {deliveries}")
        if "study_id" in letter:
            print_line(f"study {letter['study_id']}")
        if "event" in letter:
            print_line(f"event {letter['event']['type']} {letter['event']['id']}")
        else:
            print_line("the message is not an event")

    def replay(
        self, letters: Sequence[str], study: UUID | None, code: str | None, *, everything: bool
    ) -> None:
        """Deliver messages again: those named, or those about a study or with a reason, or all."""
        chosen = {"study_id": _text(study), "code": code}
        body: Json = {name: value for name, value in chosen.items() if value}
        if bool(letters) + bool(body) + everything != 1:
            raise CommandError("name dead letters, or choose them by --study, --code or --all")
        paths = [_path(letter_id) for letter_id in letters]
        replayed: list[str] = list(letters)
        with self._gateway() as gateway:
            for path in paths:
                gateway.send("POST", f"{path}/replay", repeatable=False)
            while not letters:
                done = gateway.send("POST", "/dead-letters/replay", lambda: {"json": body}).json()
                replayed += done["replayed"]
                body["cursor"] = done.get("next_cursor")
                if body["cursor"] is None:
                    break
        if self._json:
            print_json({"replayed": replayed})
        else:
            print_line(f"replayed {number_of(len(replayed), 'message')}")

    def drop(self, letters: Sequence[str], *, confirmed: bool) -> None:
        """Delete dead letters."""
        paths = [_path(letter_id) for letter_id in letters]
        what = number_of(len(letters), "dead letter")
        if not confirmed:
            confirm(f"Delete {what} permanently?")
        with self._gateway() as gateway:
            for path in paths:
                gateway.send("DELETE", path, repeatable=False)
        if self._json:
            print_json({"dropped": list(letters)})
        else:
            print_line(f"dropped {what}")

    def _gateway(self) -> Gateway:
        return Gateway(self._url, seconds=SECONDS)


def _path(letter_id: str) -> str:
    if not _LETTER_ID.fullmatch(letter_id):
        raise CommandError(
            f"{letter_id} is no dead letter's id, which is like 1772357400250-0; "
            "hdv dead-letters list shows them"
        )
    return f"/dead-letters/{letter_id}"


def _text(study: UUID | None) -> str | None:
    return str(study) if study else None
