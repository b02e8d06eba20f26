"""`hdv verify`: verifies archive and quarantine, byte by byte, and the index of UIDs."""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from chassis.runtime.settings import ConfigurationError, load, redis_address
from contracts.places import Place
from gateway.settings import GatewaySettings
from hdv.admin.redis_client import redis_client
from hdv.admin.verify_index import IndexCheck
from hdv.admin.verify_state import VerifyState
from hdv.exit import CommandError, ExitCode, say
from hdv.terminal.progress_bar import Update, progress_bar
from hdv.terminal.text import number_of, print_json, print_line
from hdv.up.redis_server import url_for_client
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore
from storage.verification import Finding, Verified, verify_studies, verify_surroundings

AT_ONCE = 16
"""Studies that a thread verifies between two reports."""
STATE = "verified.ndjson"
"""Name of the state file in the data directory."""


@dataclass(frozen=True)
class VerifyOptions:
    """The options of the command; `hdv verify --help` explains them."""

    data: Path
    archive: Path | None
    quarantine: Path | None
    redis_url: str | None
    jobs: int | None
    state: Path | None
    resume: bool
    since: datetime | None
    json: bool


@dataclass
class _Result:
    studies: int = 0
    files: int = 0
    size_bytes: int = 0
    skipped: int = 0
    index_verified: bool = False
    findings: list[Finding] = field(default_factory=list)

    def add(self, portion: Sequence[Verified]) -> None:
        self.studies += len(portion)
        for study in portion:
            self.files += study.files
            self.size_bytes += study.size_bytes
            self.findings += study.findings


def verify(options: VerifyOptions) -> ExitCode:
    """Verify everything; see `hdv verify --help`.

    Raises:
        CommandError: a setting is wrong, there is no such directory, or the state file cannot be
            read or written.
    """
    redis_url = url_for_client(options.redis_url, options.data)
    settings = _settings(options, redis_url)
    has_redis = redis_url is not None or "HDV_REDIS_URL" in os.environ
    started = time.monotonic()
    try:
        state = VerifyState(options.state or options.data / STATE)
        since = options.since
        if options.resume:
            since = max(filter(None, (since, state.began)), default=None)
        else:
            state.begin(datetime.now(UTC))
        url = redis_address(settings) if has_redis else None
        result = asyncio.run(_verify(settings.studies, url, options.jobs, state, since))
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from None
    if not has_redis:
        say(f"no Redis runs on {options.data}: the index is not verified; --redis-url names one")
    _print(result, time.monotonic() - started, json=options.json)
    return ExitCode.FAILED if result.findings else ExitCode.OK


def _settings(options: VerifyOptions, redis_url: str | None) -> GatewaySettings:
    """The settings, with the directories below the data directory unless others are named."""
    given: dict[str, object] = {"redis_url": redis_url} if redis_url else {}
    directories = {Place.ARCHIVE: options.archive, Place.QUARANTINE: options.quarantine}
    for place, directory in directories.items():
        if directory or f"HDV_{place.upper()}_DIR" not in os.environ:
            given[f"{place}_dir"] = directory or options.data / place
    try:
        settings = load(GatewaySettings, **given)
    except ConfigurationError as error:
        raise CommandError(str(error)) from None
    if not settings.archive_dir.is_dir():
        raise CommandError(f"{settings.archive_dir}: no such directory")
    return settings


async def _verify(
    studies: StudyStore,
    redis_url: str | None,
    jobs: int | None,
    state: VerifyState,
    since: datetime | None,
) -> _Result:
    result = _Result()
    async with AsyncExitStack() as stack:
        index = None
        if redis_url:
            client = await stack.enter_async_context(redis_client(redis_url))
            index = IndexCheck(client, studies)
        update = stack.enter_context(progress_bar("verifying", "studies"))
        folders = _unverified(studies, state, since, result)
        async for portion in _verified(folders, jobs, update, _count(studies)):
            state.add(portion)
            result.add(portion)
            if index:
                await index.check(portion)
        result.findings += await asyncio.to_thread(lambda: list(verify_surroundings(studies)))
        if index:
            result.findings += await index.findings()
            result.index_verified = True
    return result


def _count(studies: StudyStore) -> int:
    return sum(1 for place in (Place.ARCHIVE, Place.QUARANTINE) for _ in studies.all(place))


def _unverified(
    studies: StudyStore, state: VerifyState, since: datetime | None, result: _Result
) -> Iterator[StudyFolder]:
    """The studies to verify; the others are counted as skipped."""
    for place in (Place.ARCHIVE, Place.QUARANTINE):
        for folder in studies.all(place):
            try:
                if state.is_verified(folder, since):
                    result.skipped += 1
                    continue
            except FileNotFoundError:  # it is incomplete, which is a finding, or was deleted
                pass
            yield folder


async def _verified(
    folders: Iterator[StudyFolder], jobs: int | None, update: Update, total: int
) -> AsyncIterator[list[Verified]]:
    """What is found in studies; portions come in their order.

    Threads suffice: reading and hashing, half of the work, do not hold the interpreter. Processes
    took longer to start than to verify some hundred studies.
    """
    jobs = jobs or len(os.sched_getaffinity(0))
    done = 0
    with ThreadPoolExecutor(jobs) as pool:
        running: deque[Future[list[Verified]]] = deque()
        try:
            while True:
                while len(running) < 2 * jobs and (portion := list(islice(folders, AT_ONCE))):
                    running.append(pool.submit(verify_studies, portion))
                if not running:
                    return
                found = await asyncio.wrap_future(running.popleft())
                done += len(found)
                update(done, total)
                yield found
        finally:
            pool.shutdown(cancel_futures=True)


def _print(result: _Result, seconds: float, *, json: bool) -> None:
    if json:
        print_json(
            {
                "studies": result.studies,
                "files": result.files,
                "size_bytes": result.size_bytes,
                "skipped": result.skipped,
                "index_verified": result.index_verified,
                "seconds": round(seconds, 3),
                "findings": [
                    {**finding._asdict(), "message": finding.message} for finding in result.findings
                ],
            }
        )
        return
    for finding in result.findings:
        name = "/".join(filter(None, (finding.place, finding.study_id, finding.file)))
        print_line(f"{finding.code:<19}{name}: {finding.message}")
    print_line(
        f"{number_of(result.studies, 'study', 'studies')} with {number_of(result.files, 'file')} "
        f"({result.size_bytes / 1e6:,.0f} MB) verified in {seconds:,.1f} s, "
        f"{result.skipped:,} skipped; {number_of(len(result.findings), 'finding')}"
    )
