"""`hdv quarantine`: lists, shows, downloads, resubmits and removes files in quarantine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from hdv.client.gateway import Gateway
from hdv.client.outgoing import LazyFile, find_outgoing
from hdv.client.quarantine_files import chosen, fetch
from hdv.client.upload_outcome import Json, await_outcome, print_outcome, reasons
from hdv.exit import CommandError, ExitCode
from hdv.terminal.prompt import confirm
from hdv.terminal.table import cell, new_table, print_table
from hdv.terminal.text import number_of, print_json, print_line, time_text

MOST_PER_PAGE = 500


class Quarantine:
    """The commands.

    Every method may raise `CommandError`: the gateway refuses the request, or is unavailable.

    Args:
        url: the address of the gateway.
        json: whether results are written as JSON.
        seconds: how long a command may take.
    """

    def __init__(
        self,
        url: str,
        *,
        json: bool = False,
        seconds: float = 3600.0,
    ) -> None:
        self._url = url
        self._json = json
        self._seconds = seconds

    def list_studies(
        self, *, code: str | None, since: str | None, until: str | None, limit: int
    ) -> None:
        """List the studies in quarantine, the latest first."""
        studies: list[Json] = []
        cursor = None
        with self._gateway() as gateway:
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
            return
        if studies:
            _print_studies(studies)
        else:
            print_line("nothing is in quarantine")
        if cursor:
            print_line("and more; --limit shows them")

    def show(self, study_id: UUID) -> None:
        """Show the files of a study, and what is wrong with each."""
        with self._gateway() as gateway:
            study = gateway.get(f"/quarantine/{study_id}")
        if self._json:
            print_json(study)
            return
        print_line(f"study {study_id}, in quarantine since {time_text(study['quarantined_at'])}")
        for entry in study["resubmissions"]:
            what = "fixed" if entry["fixed"] else "unchanged"
            print_line(
                f"resubmitted {time_text(entry['time'])} {what}: {', '.join(entry['files'])}"
                f" as study {entry['study_id']}"
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

    def download(self, study_id: UUID, names: Sequence[str], output: Path) -> None:
        """Download files of a study, all if none is named, into a folder named after the study."""
        folder = output / str(study_id)
        with self._gateway() as gateway:
            files = chosen(gateway.get(f"/quarantine/{study_id}"), names)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                for file in files:
                    fetch(gateway, file, folder / file["file"])
            except OSError as error:
                raise CommandError(f"{folder}: {error.strerror}") from None
        if self._json:
            print_json({"files": [str(folder / file["file"]) for file in files]})
            return
        for file in files:
            print_line(f"{folder / file['file']}  {file['sent_as']}")

    def resubmit(
        self,
        study_id: UUID,
        names: Sequence[str],
        *,
        profile: str | None,
        fixed: str | None,
        wait: bool,
    ) -> ExitCode:
        """Send files of a study through validation again, all if none is named."""
        place = f"/quarantine/{study_id}"
        if fixed is not None:
            place += f"/files/{_name_to_replace(names, fixed)}"

        def content() -> dict[str, Any]:
            if fixed is None:
                body = {"files": sorted(set(names)) or None, "profile": profile}
                return {"json": {name: value for name, value in body.items() if value}}
            [file] = find_outgoing([fixed]).files
            return {
                "params": {"profile": profile} if profile else {},
                "files": {"file": (file.sent_as, LazyFile(file, lambda _: None))},
            }

        with self._gateway() as gateway:
            accepted = gateway.send("POST", f"{place}/resubmit", content, repeatable=False).json()
            outcome = await_outcome(gateway, accepted["study_id"]) if wait else None
        if self._json:
            more = {"studies": outcome.records, "report": outcome.report} if outcome else {}
            print_json({"upload": accepted, **more})
        elif outcome:
            print_outcome(outcome)
        else:
            print_line(f"study {accepted['study_id']} uploaded, from study {study_id}")
        return outcome.exit_code if outcome else ExitCode.OK

    def delete(self, study_id: UUID, names: Sequence[str], *, confirmed: bool) -> None:
        """Delete files of a study, all if none is named."""
        place = f"/quarantine/{study_id}"
        with self._gateway() as gateway:
            files = chosen(gateway.get(place), names)
            what = f"{number_of(len(files), 'file')} of study {study_id}"
            if not confirmed:
                confirm(f"Delete {what} permanently?")
            for address in [file["href"] for file in files] if names else [place]:
                gateway.send("DELETE", address, repeatable=False)
        if self._json:
            print_json({"removed": [file["file"] for file in files]})
        else:
            print_line(f"deleted {what}")

    def purge(self, older_than_days: float, *, dry_run: bool, confirmed: bool) -> None:
        """Delete everything that has been in quarantine for longer."""
        if not (dry_run or confirmed):
            age = f"has been in quarantine for more than {older_than_days:g} days"
            confirm(f"Delete everything that {age} permanently?")
        body = {"older_than_days": older_than_days, "dry_run": dry_run}
        studies: list[Json] = []
        with self._gateway() as gateway:
            while True:
                done = gateway.send("POST", "/quarantine/purge", lambda: {"json": body}).json()
                studies += done["studies"]
                # A dry run would list the same ones again; what cannot be deleted remains.
                if dry_run or not done["remaining"] or not done["studies"]:
                    break
        remaining = done["remaining"]
        if self._json:
            print_json({"dry_run": dry_run, "studies": studies, "remaining": remaining})
            return
        for study in studies:
            print_line(f"{study['study_id']}  {number_of(study['file_count'], 'file')}")
        verb = "would be deleted" if dry_run else "deleted"
        files = number_of(sum(study["file_count"] for study in studies), "file")
        more = f", and {remaining:,} more studies" if remaining else ""
        print_line(f"{verb}: {files} of {len(studies):,} studies{more}")

    def _gateway(self) -> Gateway:
        return Gateway(self._url, seconds=self._seconds)


def _print_studies(studies: Sequence[Json]) -> None:
    table = new_table("study", "since", "files", "resubmitted", "label", "why")
    for study in studies:
        codes = ", ".join(f"{count['code']} ({count['files']})" for count in study["codes"])
        table.add_row(
            *map(cell, (study["study_id"], time_text(study["quarantined_at"]))),
            *map(cell, (study["file_count"], study["resubmissions"] or "")),
            *map(cell, (study.get("label"), codes)),
        )
    print_table(table)


def _name_to_replace(names: Sequence[str], fixed: str) -> str:
    """The name of the file in quarantine that a fixed file replaces."""
    if len(names) != 1:
        raise CommandError("--fixed needs the name of the one file that it replaces")
    if not Path(fixed).is_file():
        raise CommandError(f"{fixed}: no such file")
    return names[0]
