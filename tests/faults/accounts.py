"""The accounts after a trial: what was accepted must be somewhere, once, unchanged, and known."""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from pydantic import ValidationError

from contracts.channels import ARCHIVED, CHANNELS, PROCESSING_FAILED, VALIDATION_FAILED
from contracts.places import Place
from faults.load import Accepted
from faults.system import System
from kit.volumes import being_written
from storage.layout import INCOMING

PATIENCE_SECONDS = 120.0
"""How long nothing may change before the system counts as stuck."""
POLL_SECONDS = 0.5
MOST_LINES = 20
FINAL = {"archived", "duplicate", "failed", "error"}


@dataclass(frozen=True)
class Entry:
    """A study in the archive or in quarantine, as it is on the disk."""

    study_id: str
    upload_id: str
    files: Counter[str]
    """How often it has each SHA-256, recomputed."""


class Disk:
    """What is stored in all places, read once."""

    def __init__(self, system: System) -> None:
        self._volumes = system.volumes

    @cached_property
    def archive(self) -> dict[str, Entry]:
        """The entries of the archive by their ids."""
        return {entry.study_id: entry for entry in self._entries(Place.ARCHIVE)}

    @cached_property
    def quarantine(self) -> dict[str, Entry]:
        """The studies in quarantine by their ids."""
        return {entry.study_id: entry for entry in self._entries(Place.QUARANTINE)}

    @cached_property
    def parts(self) -> dict[str, list[Entry]]:
        """The archive entries of each upload, by its id."""
        found = defaultdict(list)
        for entry in self.archive.values():
            found[entry.upload_id].append(entry)
        return found

    def _entries(self, place: Place) -> Iterator[Entry]:
        for folder in self._volumes.studies.all(place):
            files = Counter(
                folder.file(name).sha256() for name in folder.names() if name.endswith(".dcm")
            )
            upload_id: UUID | None = None
            if place is Place.ARCHIVE:
                upload_id = folder.metadata().provenance.upload_id
            study_id = str(folder.study_id)
            yield Entry(study_id, str(upload_id or study_id), files)


def leftovers(system: System) -> list[str]:
    """Everything in the uploads, and everything that is still being written anywhere."""
    volumes = system.volumes
    found = [path for path in volumes.uploads.iterdir() if path.name != INCOMING]
    for volume in (volumes.uploads, volumes.archive, volumes.quarantine):
        found += being_written(volume)
    return sorted(str(path.relative_to(system.directory)) for path in found)


def unfinished(system: System) -> dict[str, int]:
    """How many messages each group has still to do, where there are any."""
    found = {}
    for channel in CHANNELS:
        if system.redis.client.exists(channel.address):
            for group in system.redis.client.xinfo_groups(channel.address):
                if left := group["pending"] + (group["lag"] or 0):
                    found[f"{channel.address}/{group['name']}"] = left
    return found


def terminal_events(system: System) -> dict[str, set[str]]:
    """The ids of the events that end a study, by study."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for channel in (ARCHIVED, VALIDATION_FAILED, PROCESSING_FAILED):
        for _, fields in system.redis.client.xrange(channel.address):
            with suppress(ValidationError):  # a poisonous message
                event = channel.event.model_validate_json(fields.get("__data__", ""))
                found[str(event.subject)].add(str(event.id))
    return found


def archived_in_order(system: System) -> list[str]:
    """The ids of the studies that were archived, the first one first."""
    entries = system.redis.client.xrange(ARCHIVED.address)
    events = (ARCHIVED.event.model_validate_json(fields["__data__"]) for _, fields in entries)
    return [str(event.subject) for event in events]


@dataclass
class Accounts:
    """Numbers, and everything that is wrong.

    Attributes:
        studies: how many uploads were accepted.
        states: how many of them have each status.
        stored: the ids of everything in the archive and in quarantine.
        lost: SHA-256 of files that are nowhere, or not where they belong.
        duplicated: files and events that are there twice.
        wrong: a line for everything else.
    """

    studies: int
    states: Counter[str] = field(default_factory=Counter)
    stored: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, system: System, accepted: Iterable[Accepted]) -> "Accounts":
        """Compare what was accepted with what there is, once the system has come to rest."""
        accepted = list(accepted)
        accounts = cls(studies=len(accepted))
        listed = _settle(system, {study.study_id for study in accepted})
        disk = Disk(system)
        accounts.stored = disk.archive.keys() | disk.quarantine.keys()
        for study in accepted:
            accounts._compare(study, _state(system, study.study_id), listed, disk)
        accounts._compare_listing(listed, disk)
        for study_id, events in terminal_events(system).items():
            if len(events) > 1:
                accounts.duplicated.append(f"{study_id}: {len(events)} terminal events")
        accounts.wrong += [f"left: {path}" for path in leftovers(system)]
        accounts.wrong += [f"stray process: {command}" for command in system.strays()]
        accounts.wrong += [
            f"unfinished: {left} in {name}" for name, left in unfinished(system).items()
        ]
        return accounts

    def check(self, seed: int) -> None:
        """Demand that nothing is wrong."""
        found = {"lost": self.lost, "duplicated": self.duplicated, "wrong": self.wrong}
        lines = [line for name, lines in found.items() for line in _shortened(name, lines)]
        assert not lines, "\n".join([f"seed {seed}: {dict(self.states)}", *lines])

    def _compare(
        self, accepted: Accepted, state: str, listed: Mapping[str, str], disk: Disk
    ) -> None:
        study_id, upload = accepted.study_id, accepted.upload
        self.states[state] += 1
        if listed.get(study_id) != state:
            self.wrong.append(f"{study_id}: listed as {listed.get(study_id)}, but is {state}")
        if state not in {upload.state, *(["duplicate"] if upload.valid else [])}:
            self.wrong.append(f"{study_id}: {state} instead of {upload.state}")
        archived = sum((entry.files for entry in disk.parts.get(study_id, [])), Counter[str]())
        quarantined = disk.quarantine[study_id].files if study_id in disk.quarantine else Counter()
        valid = frozenset().union(*upload.valid)
        elsewhere: set[str] = set()
        if state == "duplicate":
            elsewhere = {sha256 for entry in disk.archive.values() for sha256 in entry.files}
        for files, expected, place in (
            (archived, valid, "archive"),
            (quarantined, upload.invalid, "quarantine"),
        ):
            where = f"{study_id} ({state}), {place}"
            self.lost += [f"{where}: no {sha256}" for sha256 in expected - {*files} - elsewhere]
            self.duplicated += [f"{where}: {sha256} twice" for sha256 in files if files[sha256] > 1]
            self.wrong += [
                f"{where}: {sha256} does not belong there" for sha256 in {*files} - expected
            ]

    def _compare_listing(self, listed: Mapping[str, str], disk: Disk) -> None:
        """The listing must say what is on the disk, of studies divided from uploads too."""
        for study_id in disk.archive:
            if listed.get(study_id) not in {"archived", "duplicate"}:
                self.wrong.append(f"{study_id}: listed as {listed.get(study_id)}, but is archived")
        for study_id in disk.quarantine.keys() - disk.archive.keys():
            if listed.get(study_id) != "failed":
                self.wrong.append(f"{study_id}: listed as {listed.get(study_id)}, but has failed")
        for study_id, state in listed.items():
            if state in {"archived", "failed"} and not (
                study_id in disk.archive or study_id in disk.quarantine
            ):
                self.wrong.append(f"{study_id}: listed as {state}, but is nowhere")


def _shortened(name: str, lines: Sequence[str]) -> list[str]:
    left = len(lines) - MOST_LINES
    shown = [f"{name}: {line}" for line in lines[:MOST_LINES]]
    return [*shown, *([f"{name}: {left} more"] if left > 0 else [])]


def _settle(system: System, study_ids: Collection[str]) -> dict[str, str]:
    """Wait until all is done, or nothing changes any more; returns what is listed then."""
    last: object = None
    deadline = 0.0
    system.await_ready()
    while True:
        # In this order: when nothing is left to do, the listing has everything.
        left = leftovers(system), unfinished(system)
        listed = {} if any(left) else _listing(system)
        is_done = not any(left) and all(listed.get(study_id) in FINAL for study_id in study_ids)
        now = time.monotonic()
        if (seen := (left, listed)) != last:
            last, deadline = seen, now + PATIENCE_SECONDS
        if (is_done and not system.strays()) or now > deadline:
            return _listing(system) if any(left) else listed
        time.sleep(POLL_SECONDS)


def _state(system: System, study_id: str) -> str:
    answer = system.http.get(f"/status/{study_id}")
    return str(answer.json()["status"]) if answer.is_success else f"HTTP {answer.status_code}"


def _listing(system: System) -> dict[str, str]:
    """The state of every study that is listed."""
    found: dict[str, str] = {}
    cursor: dict[str, str] = {}
    while True:
        page = system.http.get("/studies", params={"limit": "500", **cursor}).json()
        found |= {study["study_id"]: study["status"] for study in page["studies"]}
        if not page.get("next_cursor"):
            return found
        cursor = {"cursor": page["next_cursor"]}
