"""Files that have one SOP Instance UID: their digests show which are the same instance.

A digest takes as long as all the rest of an examination, and hardly any file needs one.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from archives.errors import ArchiveError
from chassis.runtime.confinement import Cause
from engine.comparison.compare import Compared, with_one_uid
from engine.examination import digest
from engine.profiles.profile import Profile
from hdv.terminal.progress_line import ProgressLine
from hdv.validation.examine_source import bytes_of
from hdv.validation.processes import Processes, Work
from hdv.validation.sources import Source


class Digests:
    """Computes the digests in processes, as files are examined.

    Args:
        profile: its limits are those of reading.
        seconds: the CPU time for one file.
        memory_bytes: what a process may allocate.
        most: the greatest number of processes.
        quiet: whether to show no progress.
    """

    def __init__(
        self, profile: Profile, *, seconds: float, memory_bytes: int, most: int, quiet: bool
    ) -> None:
        work = Work(
            do=partial(_digest, profile),
            killed=_unknown,
            seconds=seconds,
            memory_bytes=memory_bytes,
        )
        self._processes = Processes(work, most)
        self._quiet = quiet

    def added_to(self, study: Sequence[tuple[Compared, Source]], *, invalid: int) -> list[Compared]:
        """The instances of a study; those that have one UID with their digests.

        What cannot be read any more counts as different from all others.

        Args:
            study: the instances, each with the file that it is in.
            invalid: how many files of the run are, for the progress line.
        """
        instances = [instance for instance, _ in study]
        repeated = {id(instance) for instance in with_one_uid(instances)}
        if not repeated:
            return instances
        places = [place for place, instance in enumerate(instances) if id(instance) in repeated]
        tasks = (study[place][1] for place in places)
        with (
            ProgressLine(iter(places), wanted=not self._quiet) as progress,
            contextlib.closing(self._processes.results(tasks, ordered=True)) as digests,
        ):
            for done, (place, known) in enumerate(zip(places, digests, strict=True), 1):
                progress.show(done, invalid)
                summary = replace(instances[place].summary, dataset_sha256=known or f"{place}")
                instances[place] = replace(instances[place], summary=summary)
        return instances


def _digest(profile: Profile, source: Source) -> str:
    try:
        return digest(bytes_of(source), profile.limits)
    except (OSError, ArchiveError):
        return ""


def _unknown(_: Source, __: Cause) -> str:
    return ""
