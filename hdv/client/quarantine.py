"""`hdv quarantine`: what did not validate, listed, fetched, sent again, removed."""

import hashlib
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import typer

from hdv.client.gateway import Gateway
from hdv.client.outcome import (
    Json,
    await_outcome,
    cell,
    new_table,
    print_json,
    print_line,
    print_outcome,
    print_table,
    reasons,
)
from hdv.client.outgoing import LazyFile, find_outgoing
from hdv.exit import WELL, Refused, run
from storage.files import sha256_of

MOST_PER_PAGE = 500
_CHUNK = 1 << 18
_NAME = re.compile(r"[0-9]{6}\.dcm")
"""What files in quarantine are called; no other name becomes a path here."""


class Quarantine:
    """The commands; each returns the exit code.

    Args:
        url: where the gateway is.
        json: whether results are for programs.
        seconds: how long a command may take.
        transport: for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        json: bool = False,
        seconds: float = 3600.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._json = json
        self._seconds = seconds
        self._transport = transport

    def list_studies(
        self, *, code: str | None, since: str | None, until: str | None, limit: int
    ) -> int:
        """Show which studies are in quarantine, those that came last first."""

        def command(gateway: Gateway) -> int:
            studies: list[Json] = []
            cursor = None
            while True:
                page = gateway.get(
                    "/quarantine", code=code, since=since, until=until, cursor=cursor,
                    limit=min(limit - len(studies), MOST_PER_PAGE),
                )  # fmt: skip
                studies += page["studies"]
                cursor = page.get("next_cursor")
                if cursor is None or len(studies) >= limit:
                    break
            if self._json:
                print_json({"studies": studies, "more": cursor is not None})
                return WELL
            table = new_table("study", "since", "files", "sent again", "label", "why")
            for study in studies:
                codes = ", ".join(f"{count['code']} ({count['files']})" for count in study["codes"])
                table.add_row(
                    *map(cell, (study["study_id"], _time(study["quarantined_at"]))),
                    *map(cell, (study["file_count"], study["resubmissions"] or "")),
                    *map(cell, (study.get("label"), codes)),
                )
            if studies:
                print_table(table)
            else:
                print_line("nothing is in quarantine")
            if cursor:
                print_line("and more; --limit shows them")
            return WELL

        return self._run("list", command)

    def show(self, study_id: UUID) -> int:
        """Show the files of a study, and what is wrong with each."""

        def command(gateway: Gateway) -> int:
            study = gateway.get(f"/quarantine/{study_id}")
            if self._json:
                print_json(study)
                return WELL
            print_line(f"study {study_id}, in quarantine since {_time(study['quarantined_at'])}")
            for mark in study["resubmissions"]:
                what = "fixed" if mark["fixed"] else "as they were"
                print_line(
                    f"sent again {_time(mark['time'])} {what}: {', '.join(mark['files'])}"
                    f" as study {mark['study_id']}"
                )
            print_line()
            table = new_table("file", "sent as", "bytes", "why")
            for file in study["files"]:
                across = [f for f in study["findings"] if file["file"] in f.get("files", ())]
                why = reasons([*file["findings"], *across])
                table.add_row(
                    *map(cell, (file["file"], file["sent_as"], f"{file['size_bytes']:,}", why))
                )
            print_table(table)
            return WELL

        return self._run("show", command)

    def download(self, study_id: UUID, names: Sequence[str], to: Path) -> int:
        """Fetch files of a study, all when none is named, into a folder of the study's own."""

        def command(gateway: Gateway) -> int:
            study = gateway.get(f"/quarantine/{study_id}")
            folder = to / str(study_id)
            files = _chosen(study, names)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                for file in files:
                    _fetch(gateway, file, folder / file["file"])
            except OSError as error:
                raise Refused(f"{folder}: {error.strerror}") from None
            if self._json:
                print_json({"files": [str(folder / file["file"]) for file in files]})
            else:
                for file in files:
                    print_line(f"{folder / file['file']}  {file['sent_as']}")
            return WELL

        return self._run("download", command)

    def resubmit(
        self,
        study_id: UUID,
        names: Sequence[str],
        *,
        profile: str | None,
        fixed: str | None,
        wait: bool,
    ) -> int:
        """Send files of a study on their way again, all when none is named."""

        def content() -> dict[str, Any]:
            if fixed is None:
                asked = {"files": sorted(set(names)) or None, "profile": profile}
                return {"json": {name: value for name, value in asked.items() if value}}
            [file] = find_outgoing([fixed]).files
            return {
                "params": {"profile": profile} if profile else {},
                "files": {"file": (file.sent_as, LazyFile(file, lambda _: None))},
            }

        def command(gateway: Gateway) -> int:
            place = f"/quarantine/{study_id}"
            if fixed is not None:
                if len(names) != 1:
                    raise Refused("with --fixed name the one file that it takes the place of")
                if not Path(fixed).is_file():
                    raise Refused(f"{fixed}: no such file")
                place += f"/files/{names[0]}"
            accepted = gateway.send("POST", f"{place}/resubmit", content, repeatable=False).json()
            outcome = await_outcome(gateway, accepted["study_id"]) if wait else None
            if self._json:
                more = {"studies": outcome.records, "report": outcome.report} if outcome else {}
                print_json({"upload": accepted, **more})
            elif outcome:
                print_outcome(outcome)
            else:
                print_line(f"study {accepted['study_id']} uploaded, from study {study_id}")
            return outcome.exit_code if outcome else WELL

        return self._run("resubmit", command)

    def delete(self, study_id: UUID, names: Sequence[str], *, sure: bool) -> int:
        """Remove files of a study, all when none is named."""

        def command(gateway: Gateway) -> int:
            place = f"/quarantine/{study_id}"
            files = _chosen(gateway.get(place), names)
            what = f"{_number(len(files))} of study {study_id}"
            _confirm(f"Remove {what} for good?", sure=sure)
            if names:
                for file in files:
                    gateway.send("DELETE", file["href"], repeatable=False)
            else:
                gateway.send("DELETE", place, repeatable=False)
            if self._json:
                print_json({"removed": [file["file"] for file in files]})
            else:
                print_line(f"removed {what}")
            return WELL

        return self._run("delete", command)

    def purge(self, older_than_days: float, *, dry_run: bool, sure: bool) -> int:
        """Remove what has been in quarantine for longer."""

        def command(gateway: Gateway) -> int:
            age = f"in quarantine for longer than {older_than_days:g} days"
            if not dry_run:
                _confirm(f"Remove everything that has been {age} for good?", sure=sure)
            body = {"older_than_days": older_than_days, "dry_run": dry_run}
            studies: list[Json] = []
            while True:
                done = gateway.send("POST", "/quarantine/purge", lambda: {"json": body}).json()
                studies += done["studies"]
                # A dry run would tell of the same ones again; what cannot be removed remains.
                if dry_run or not done["remaining"] or not done["studies"]:
                    break
            remaining = done["remaining"]
            if self._json:
                print_json({"dry_run": dry_run, "studies": studies, "remaining": remaining})
                return WELL
            for study in studies:
                print_line(f"{study['study_id']}  {_number(study['file_count'])}")
            verb = "would be removed" if dry_run else "removed"
            files = _number(sum(study["file_count"] for study in studies))
            more = f", and {remaining:,} more studies" if remaining else ""
            print_line(f"{verb}: {files} of {len(studies):,} studies{more}")
            return WELL

        return self._run("purge", command)

    def _run(self, name: str, command: Callable[[Gateway], int]) -> int:
        def with_gateway() -> int:
            with Gateway(self._url, seconds=self._seconds, transport=self._transport) as gateway:
                return command(gateway)

        return run(f"hdv quarantine {name}", with_gateway)


def _chosen(study: Json, names: Sequence[str]) -> list[Json]:
    """The files with these names, all when there are none."""
    files = {file["file"]: file for file in study["files"] if _NAME.fullmatch(file["file"])}
    if missing := set(names) - files.keys():
        raise Refused(f"the study has no file {min(missing)} in quarantine")
    return [file for name, file in files.items() if not names or name in names]


def _fetch(gateway: Gateway, file: Json, target: Path) -> None:
    """Fetch a file, unless it is there already.

    Raises:
        Refused: something else is there, or what came is not what it should be.
    """
    if target.exists():
        if sha256_of(target) != file["sha256"]:
            raise Refused(f"{target}: there is something else under this name")
        return
    part = target.with_name(f".{target.name}.{uuid4().hex}")
    digest = hashlib.sha256()
    try:
        with gateway.download(file["href"]) as response, part.open("xb") as written:
            for chunk in response.iter_bytes(_CHUNK):
                gateway.check_time()
                digest.update(chunk)
                written.write(chunk)
        if digest.hexdigest() != file["sha256"]:
            raise Refused(f"{file['file']}: what came has another SHA-256 than it should")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _confirm(question: str, *, sure: bool) -> None:
    """Ask whoever is at the terminal.

    Raises:
        Refused: the answer is no, or nobody is there.
    """
    if sure:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused("nobody is there to be asked; --yes says that it is meant")
    if not typer.confirm(question, err=True):
        raise Refused("nothing was removed")


def _time(text: str) -> str:
    """A time for people, without what is less than a second."""
    return f"{text[:10]} {text[11:19]}"


def _number(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
