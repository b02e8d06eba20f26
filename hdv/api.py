"""The Python API: validates one file in this process, or many in separate processes."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from contracts.report import Finding
from engine.encoding.mapping import map_file
from engine.examination import examine
from engine.profile_files.loading import load_profile
from hdv.exit import CommandError, ExitCode
from hdv.validation.profile_choice import Decode, choose_profile
from hdv.validation.results import Verdict

__all__ = [
    "FileReport",
    "SkippedPath",
    "StudyComparison",
    "ValidationReport",
    "Verdict",
    "validate",
    "validate_paths",
]

StrPath = str | os.PathLike[str]


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Findings(_Result):
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def is_valid(self) -> bool:
        """Whether no finding is an error."""
        return self.verdict is Verdict.VALID


class FileReport(_Findings):
    """The report of one file.

    Attributes:
        path: as given, with the path below it for a file in a folder or an archive file; None for
            bytes.
        sha256: 64 hexadecimal digits; None if the file could not be read.
        size_bytes: None if the file could not be read.
        verdict: `invalid` if a finding is an error.
        findings: in the order of the file.
    """

    path: str | None
    sha256: str | None
    size_bytes: int | None


class StudyComparison(_Findings):
    """What a comparison of the files with one Study Instance UID shows.

    Attributes:
        study_instance_uid: the UID.
        files: how many files have it.
        verdict: whether the files fit together, regardless of their own findings.
        findings: each with the paths of its files.
    """

    study_instance_uid: str
    files: int


class SkippedPath(_Result):
    """A path that was not examined, and the reason: it is hidden or a media directory, say."""

    path: str
    reason: str


class ValidationReport(_Result):
    """The report of several files.

    Attributes:
        files: in the order of their paths.
        studies: one comparison for each Study Instance UID.
        skipped: what was not examined.
    """

    files: tuple[FileReport, ...]
    studies: tuple[StudyComparison, ...]
    skipped: tuple[SkippedPath, ...]

    @property
    def is_valid(self) -> bool:
        """Whether all files are valid and fit together."""
        results: tuple[_Findings, ...] = (*self.files, *self.studies)
        return all(result.is_valid for result in results)


def validate(
    source: StrPath | bytes,
    profile: StrPath = "default",
    *,
    decode: Decode | None = None,
    show_values: bool = False,
) -> FileReport:
    """Validate one DICOM file in this process.

    The limits of the profile apply, but nothing limits time and memory, and a defect in a decoder
    could end the process. For untrusted files use `validate_paths`.

    Args:
        source: the path of a file, or its bytes.
        profile: `default`, `strict`, `lenient`, or the path of a profile file.
        decode: which frames to decode; None leaves this to the profile.
        show_values: whether findings show values that may identify a person.

    Raises:
        ProfileError: there is no such profile, or it has mistakes.
        OSError: the file cannot be read.
    """
    chosen = choose_profile(os.fspath(profile), decode=decode, show_values=show_values)
    data = source if isinstance(source, bytes) else map_file(Path(source))
    findings = examine(data, chosen).findings
    return FileReport(
        path=None if isinstance(source, bytes) else os.fspath(source),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        verdict=Verdict.on(findings),
        findings=findings,
    )


def validate_paths(
    *paths: StrPath,
    profile: StrPath = "default",
    decode: Decode | None = None,
    show_values: bool = False,
    expected_instances: int | None = None,
    jobs: int | None = None,
    time_limit: float = 120.0,
) -> ValidationReport:
    """Validate files, folders and archive files in separate processes; compare those of a study.

    Runs `hdv validate`, whose limits hold for each file: 1 GiB of memory and the time limit. A file
    that exceeds them, or ends its process, has the finding `file.unreadable`. The report of all
    files is in memory at the end.

    Args:
        paths: what to examine.
        profile: `default`, `strict`, `lenient`, or the path of a profile file.
        decode: which frames to decode; None leaves this to the profile.
        show_values: whether findings show values that may identify a person.
        expected_instances: how many instances each study should have.
        jobs: how many files to examine at the same time; None for one for each core.
        time_limit: the CPU time for one file, in seconds.

    Raises:
        ProfileError: there is no such profile, or it has mistakes.
        OSError: a path does not exist.
        CommandError: the command did not end with a report; the text says why.
    """
    load_profile(os.fspath(profile))
    for path in paths:
        Path(path).stat()
    options = {
        "--profile": os.fspath(profile),
        "--decode": decode,
        "--expected-instances": expected_instances,
        "--jobs": jobs,
        "--time-limit": time_limit,
    }
    command = ["validate", "--format", "json", "--quiet", *_arguments(options)]
    if show_values:
        command.append("--show-values")
    output = _run_hdv([*command, "--", *(os.fspath(path) for path in paths)])
    return ValidationReport.model_validate(orjson.loads(output))


def _arguments(options: Mapping[str, object]) -> Iterator[str]:
    for name, value in options.items():
        if value is not None:
            yield from (name, str(value))


def _run_hdv(arguments: list[str]) -> bytes:
    # -P: no file in the working directory is imported in place of our modules.
    command = [sys.executable, "-P", "-m", "hdv", *arguments]
    result = subprocess.run(  # noqa: S603 -- our own command line, no shell
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    # A traceback has exit code 1, too.
    has_ended = result.returncode in {ExitCode.OK, ExitCode.FAILED}
    if not (has_ended and result.stdout.endswith(b"}\n")):
        # A wrong option also gets lines about the usage of the command.
        error = result.stderr.decode(errors="replace").rpartition("\nError: ")[2]
        lines = [line.removeprefix("hdv validate: ") for line in error.splitlines()]
        raise CommandError(*lines or [f"hdv validate ended with exit code {result.returncode}"])
    return result.stdout
