"""`hdv validate`: from the paths to the report and the exit code."""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, NamedTuple

from archives.limits import ArchiveLimits
from chassis.runtime.confinement import Cause
from contracts.report import Severity
from engine.comparison.compare import Compared, compare
from engine.profile_files.errors import ProfileError
from engine.profiles.profile import Profile
from engine.standard import facts
from hdv.exit import CommandError, ExitCode, say
from hdv.terminal.progress_line import ProgressLine
from hdv.terminal.text import is_terminal
from hdv.validation.examine_source import examine_source, killed
from hdv.validation.formats.by_name import format_named
from hdv.validation.formats.format import Format
from hdv.validation.members import Members
from hdv.validation.processes import Processes, Work
from hdv.validation.profile_choice import Decode, choose_profile
from hdv.validation.repeated import Digests
from hdv.validation.report_output import ReportWriter, is_same_file, report_output
from hdv.validation.results import (
    ComparedStudy,
    ExaminedFile,
    RunSummary,
    Verdict,
    Versions,
    count_severities,
)
from hdv.validation.sources import Skipped, Source, require, sources

STDIN = "-"
MEMORY_BYTES = 1024**3
"""What a process may allocate to examine a file, in bytes; a mapped file does not count."""


@dataclass(frozen=True, kw_only=True)
class ValidateOptions:
    """The options of the command; `hdv validate --help` explains them."""

    paths: Sequence[str]
    profile: str = "default"
    format: str = "text"
    decode: Decode | None = None
    jobs: int | None = None
    quiet: bool = False
    show_values: bool = False
    output: Path | None = None
    expected_instances: int | None = None
    time_limit: float = 120.0


def validate(options: ValidateOptions) -> ExitCode:
    """Examine files and write the report.

    Raises:
        CommandError: a path does not exist, the profile has a mistake, or the report cannot be
            written.
    """
    try:
        profile = choose_profile(
            options.profile, decode=options.decode, show_values=options.show_values
        )
        with (
            _named_paths(options.paths) as paths,
            Members(ArchiveLimits()) as members,
            report_output(options.output, paths.values()) as output,
        ):
            return _Run(options, profile, paths, members, output).result()
    except ProfileError as error:
        raise CommandError(*error.lines) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"cannot continue: {error.strerror}") from None


class _Written(NamedTuple):
    """What the process that has examined a file returns."""

    text: str
    verdict: Verdict
    severities: Mapping[Severity, int]
    study: str
    compared: tuple[Compared, Source] | None
    """What is compared with the other files of the study, and the file."""


class _Run:
    """One run of the command.

    Args:
        options: of the command.
        profile: with the changes that the options make to it.
        paths: where the inputs are, by their names in the report.
        members: finds the members of archive files.
        output: the destination of the report.
    """

    def __init__(
        self,
        options: ValidateOptions,
        profile: Profile,
        paths: Mapping[str, str],
        members: Members,
        output: BinaryIO,
    ) -> None:
        self._options = options
        self._profile = profile
        self._paths = paths
        self._members = members
        self._is_shown = options.output is None and is_terminal(sys.stdout)
        is_coloured = self._is_shown and not os.environ.get("NO_COLOR")
        self._format = format_named(options.format, coloured=is_coloured, brief=options.quiet)
        self._report = ReportWriter(output, self._format.separator)
        self._studies: dict[str, list[tuple[Compared, Source]]] = defaultdict(list)
        self._most = options.jobs or _cores()
        self._summary = RunSummary(
            versions=Versions(
                engine=version("hybrid-dicom-validator"),
                # Loads the tables before the processes are forked: once for all.
                standard=facts.load().edition,
                editions=facts.load().editions,
                profile={
                    "name": profile.name,
                    "version": profile.version,
                    "digest": profile.digest,
                },
            ),
            started_at=datetime.now(UTC),
        )

    def result(self) -> ExitCode:
        """Examine everything and write the report."""
        started = time.monotonic()
        self._report.write(self._format.opening())
        self._examine_files()
        self._compare_studies()
        self._summary.seconds = time.monotonic() - started
        self._report.write_piece(self._format.studies(self._summary))
        self._report.write(self._format.closing(self._summary))
        if not self._summary.files:
            say("hdv validate: there was nothing to examine")
        return ExitCode.OK if self._summary.verdict is Verdict.VALID else ExitCode.FAILED

    def _examine_files(self) -> None:
        work = Work(
            do=partial(_examine, self._format, self._profile),
            killed=partial(_killed, self._format, self._profile),
            seconds=self._options.time_limit,
            memory_bytes=MEMORY_BYTES,
        )
        processes = Processes(work, self._most)
        summary = self._summary
        with (
            ProgressLine(self._sources(), wanted=not self._options.quiet) as progress,
            contextlib.closing(
                processes.results(self._examinable(), ordered=self._format.ordered)
            ) as results,
        ):
            for result in results:
                summary.verdicts[result.verdict] += 1
                summary.severities.update(result.severities)
                if result.compared:
                    self._studies[result.study].append(result.compared)
                if result.text and self._is_shown:
                    progress.hide()
                self._report.write_piece(result.text)
                progress.show(summary.files, summary.verdicts[Verdict.INVALID])

    def _compare_studies(self) -> None:
        digests = Digests(
            self._profile,
            seconds=self._options.time_limit,
            memory_bytes=MEMORY_BYTES,
            most=self._most,
            quiet=self._options.quiet,
        )
        for uid, study in sorted(self._studies.items()):
            study.sort(key=lambda pair: pair[0].file)
            instances = digests.added_to(study, invalid=self._summary.verdicts[Verdict.INVALID])
            findings = compare(
                instances, self._profile, expected_instances=self._options.expected_instances
            )
            files = tuple(instance.file for instance in instances)
            self._summary.studies.append(ComparedStudy(uid, files, findings))
            self._summary.severities.update(count_severities(findings))

    def _sources(self) -> Iterator[Source | Skipped]:
        """All files at the paths, except the report that is being written."""
        output = self._options.output
        for name, path in self._paths.items():
            for found in sources(name, path, self._members):
                is_report = output and isinstance(found, Source) and _is_output(found.path, output)
                if not is_report:
                    yield found

    def _examinable(self) -> Iterator[Source]:
        """The files to examine; skipped ones go into the report."""
        for found in self._sources():
            if isinstance(found, Skipped):
                self._summary.skipped.append(found)
            else:
                yield found


def _cores() -> int:
    """How many cores this process may use; not every system limits them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _examine(style: Format, profile: Profile, source: Source) -> _Written:
    file = examine_source(source, profile, sha256=style.shows_sha256)
    return _written(style, source, file)


def _killed(style: Format, profile: Profile, source: Source, cause: Cause) -> _Written:
    return _written(style, source, killed(source, profile, cause))


def _written(style: Format, source: Source, file: ExaminedFile) -> _Written:
    return _Written(
        text=style.file(file),
        verdict=file.verdict,
        severities=count_severities(file.findings),
        study=file.study,
        compared=(file.compared, source) if file.compared else None,
    )


@contextlib.contextmanager
def _named_paths(paths: Sequence[str]) -> Iterator[dict[str, str]]:
    """The names of the inputs in the report, and where they are; stdin is copied to a file.

    Raises:
        CommandError: a path does not exist.
    """
    places = {path: path for path in paths}
    for path in places:
        if path != STDIN:
            require(path)
    with contextlib.ExitStack() as stack:
        if STDIN in places:
            copy = stack.enter_context(tempfile.NamedTemporaryFile(prefix="hdv-"))
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.flush()
            places[STDIN] = copy.name
        yield places


def _is_output(path: str, output: Path) -> bool:
    # Most files differ by their names, which need no look-up.
    return Path(path).name == output.name and is_same_file(output, path)
