"""A run of `hdv validate`, from the paths to the exit code."""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from chassis.escaping import printable
from chassis.runtime.confinement import Cause
from contracts.report import Severity
from engine.comparison.compare import Compared, compare
from engine.profile_files.loading import ProfileError, load_profile
from engine.profiles.profile import Profile
from engine.standard import facts
from hdv.terminal.progress_line import Progress, is_terminal
from hdv.validation.archive import is_archive
from hdv.validation.examining import examine_source, killed
from hdv.validation.file_report import (
    FileReport,
    RunReport,
    StudyReport,
    Verdict,
    Versions,
    count_severities,
)
from hdv.validation.formats.choice import format_named
from hdv.validation.formats.format import Format
from hdv.validation.processes import Processes, Work
from hdv.validation.sources import NoSuchPath, Skipped, Source, require, sources

VALID, INVALID, WRONG_USAGE, INTERRUPTED, NOT_READ = 0, 1, 2, 130, 141
"""Exit codes; the last two are those of programs that SIGINT and SIGPIPE end."""

STDIN = "-"
MEMORY_BYTES = 1024**3
"""What the examination of a file may allocate; a mapped file does not count."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says."""

    paths: Sequence[str]
    profile: str = "default"
    format: str = "text"
    decode: str | None = None
    jobs: int | None = None
    quiet: bool = False
    show_values: bool = False
    output: Path | None = None
    expected_instances: int | None = None
    time_limit: float = 120.0


class _Examined(NamedTuple):
    """What comes back from the process that has examined a file."""

    written: str
    verdict: Verdict
    severities: Mapping[Severity, int]
    study: str
    compared: Compared | None


def validate(options: Options) -> int:
    """Examine what the command line names and write the report.

    Returns:
        The exit code.
    """
    try:
        profile = _profile(options)
        with _paths(options.paths) as paths, _output(options.output, paths) as output:
            return _run(options, profile, paths, output)
    except ProfileError as error:
        return _refuse(*error.lines)
    except NoSuchPath as error:
        return _refuse(str(error))
    except BrokenPipeError:
        # Python would fail again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_READ
    except OSError as error:
        return _refuse(f"cannot go on: {error.strerror}")
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(options: Options, profile: Profile, paths: Mapping[str, str], output: BinaryIO) -> int:
    run = _begin(profile)
    started = time.monotonic()
    is_read_here = options.output is None and is_terminal(sys.stdout)
    is_coloured = is_read_here and not os.environ.get("NO_COLOR")
    style = format_named(options.format, coloured=is_coloured, brief=options.quiet)
    studies: dict[str, list[Compared]] = defaultdict(list)
    report = _Writing(output, style.separator)
    report.write(style.opening())
    with (
        Progress(_sources(paths, options.output), wanted=not options.quiet) as progress,
        contextlib.closing(
            _examinations(
                options, profile, style, _examinable(_sources(paths, options.output), run)
            )
        ) as examinations,
    ):
        for examined in examinations:
            run.verdicts[examined.verdict] += 1
            run.severities.update(examined.severities)
            if examined.compared:
                studies[examined.study].append(examined.compared)
            if examined.written and is_read_here:
                progress.hide()
            report.write_piece(examined.written)
            progress.show(run.files, run.verdicts[Verdict.INVALID])
    for uid, instances in sorted(studies.items()):
        instances.sort(key=lambda instance: instance.file)
        findings = compare(instances, profile, expected_instances=options.expected_instances)
        files = tuple(instance.file for instance in instances)
        run.studies.append(StudyReport(uid, files, findings))
        run.severities.update(count_severities(findings))
    run.seconds = time.monotonic() - started
    report.write_piece(style.studies(run))
    report.write(style.closing(run))
    if not run.files:
        _say("there was nothing to examine")
    return VALID if run.verdict is Verdict.VALID else INVALID


def _begin(profile: Profile) -> RunReport:
    return RunReport(
        versions=Versions(
            engine=version("hybrid-dicom-validator"),
            # Loads the tables before the processes are forked: once for all.
            standard=facts.load().edition,
            profile={"name": profile.name, "version": profile.version, "digest": profile.digest},
        ),
        started_at=datetime.now(UTC),
    )


def _examinations(
    options: Options, profile: Profile, style: Format, found: Iterator[Source]
) -> Generator[_Examined, None, None]:
    work = Work(
        do=partial(_examine, style, profile),
        killed=partial(_killed, style, profile),
        seconds=options.time_limit,
        memory_bytes=MEMORY_BYTES,
    )
    return Processes(work, options.jobs or _cores()).results(found, ordered=style.ordered)


def _cores() -> int:
    """How many cores this process may use; not every system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _profile(options: Options) -> Profile:
    profile = load_profile(options.profile)
    changes: dict[str, Any] = {}
    if options.decode:
        changes["decode"] = options.decode
    if options.show_values:
        changes["show_values"] = True
    return profile.changed(**changes) if changes else profile


def _examine(style: Format, profile: Profile, source: Source) -> _Examined:
    return _told(style, examine_source(source, profile))


def _killed(style: Format, profile: Profile, source: Source, cause: Cause) -> _Examined:
    return _told(style, killed(source, profile, cause))


def _told(style: Format, report: FileReport) -> _Examined:
    return _Examined(
        written=style.file(report),
        verdict=report.verdict,
        severities=count_severities(report.findings),
        study=report.study,
        compared=report.compared,
    )


@contextlib.contextmanager
def _paths(paths: Sequence[str]) -> Iterator[dict[str, str]]:
    """What the paths are called in the report, and where they are; stdin becomes a file.

    Raises:
        NoSuchPath: one cannot be examined.
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


def _sources(paths: Mapping[str, str], output: Path | None) -> Iterator[Source | Skipped]:
    """What the paths stand for, without the report that is being written among them."""
    for name, path in paths.items():
        for found in sources(name, path):
            is_report = output and isinstance(found, Source) and _is_same(found.path, output)
            if not is_report:
                yield found


def _is_same(path: str, output: Path) -> bool:
    # Most files differ by their names, which need not be looked up.
    return Path(path).name == output.name and _are_one(path, output)


def _are_one(path: str, output: Path) -> bool:
    try:
        return output.samefile(path)
    except OSError:  # one of them is not there
        return False


def _examinable(sources: Iterator[Source | Skipped], run: RunReport) -> Iterator[Source]:
    """What is to be examined; what is not goes into the report of the run."""
    for found in sources:
        if isinstance(found, Skipped):
            run.skipped.append(found)
        else:
            yield found


@contextlib.contextmanager
def _output(path: Path | None, inputs: Mapping[str, str]) -> Iterator[BinaryIO]:
    """Where the report goes.

    Raises:
        NoSuchPath: that cannot be written, or is one of the files to examine.
    """
    if path is None:
        yield sys.stdout.buffer
        return
    if any(_are_one(source, path) for source in inputs.values()) or _is_precious(path):
        raise NoSuchPath(f"{path}: would be lost under the report")
    try:
        file = path.open("wb")
    except OSError as error:
        raise NoSuchPath(f"{path}: {error.strerror}") from None
    with file:
        yield file


def _is_precious(path: Path) -> bool:
    """Whether a report must not be written there: a DICOM file or an archive, left from a typo."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        is_dicom = file.read(132).endswith(b"DICM")
    return is_dicom or is_archive(str(path))


class _Writing:
    """Writes the pieces of a report as they come, with the separator between them."""

    def __init__(self, output: BinaryIO, separator: str) -> None:
        self._output = output
        self._separator = separator
        self._is_first = True

    def write(self, text: str) -> None:
        self._output.write(text.encode())
        self._output.flush()

    def write_piece(self, text: str) -> None:
        if text:
            self.write(text if self._is_first else self._separator + text)
            self._is_first = False


def _refuse(*lines: str) -> int:
    _say(*lines)
    return WRONG_USAGE


def _say(*lines: str) -> None:
    for line in lines:
        sys.stderr.write(f"hdv validate: {printable(line)}\n")
