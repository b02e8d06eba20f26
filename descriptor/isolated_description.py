"""Describes instances in a separate process, since a hostile file may kill it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from chassis.messaging.errors import short_of_memory
from chassis.observability.logs import get_logger
from chassis.runtime.batches import Together, packed
from chassis.runtime.isolation import Isolation, IsolationError, ShortOfMemoryError
from descriptor.instance_description import InstanceDescription, identified, in_file, undescribed
from descriptor.instances import Instance
from descriptor.isolated import describe_instances, describe_studies

MOST_BYTES_IN_MEMORY = 1024 * 1024
"""A longer description waits in a file."""


class Describe(Protocol):
    """Describes instances."""

    def __call__(
        self, paths: Sequence[Path], instances: Sequence[Instance], /, *, is_whole: bool
    ) -> Awaitable[list[InstanceDescription]]:
        """Describe some instances of a study, in their order.

        Args:
            paths: their files.
            instances: the instances.
            is_whole: whether these are all; then one of them may get a picture.
        """


class IsolatedDescriber:
    """Describes instances from untrusted files; it is a `Describe`.

    Several go to a process at once, also those of several small studies; if that fails or takes
    long, each of them goes alone and without a picture. An instance that cannot be described is
    valid all the same: it is archived with the identity that the report gives.

    Args:
        isolation: the processes.
        processes: over how many of them studies are spread.
        pictures: whether studies get pictures.
        note_killed: is called with the cause when an instance is to blame for the end of a process.
        temporary_file: makes a file for a long description, so that many of them do not fill the
            memory while they wait to be written; without it all are in memory.
    """

    def __init__(
        self,
        isolation: Isolation,
        *,
        processes: int,
        pictures: bool = True,
        note_killed: Callable[[str], None] = lambda _: None,
        temporary_file: Callable[[], IO[bytes]] | None = None,
    ) -> None:
        self._temporary_file = temporary_file
        self._isolation = isolation
        self._processes = processes
        self._pictures = pictures
        self._note_killed = note_killed
        self._studies: Together[_Wanted, list[InstanceDescription]] = Together(self._whole)

    async def __call__(
        self, paths: Sequence[Path], instances: Sequence[Instance], /, *, is_whole: bool
    ) -> list[InstanceDescription]:
        """Describe some instances of a study; see `Describe`."""
        files = [(path, instance.file) for path, instance in zip(paths, instances, strict=True)]
        study = _Wanted(files, instances)
        if self._pictures and is_whole:
            descriptions = await self._studies.add(study)
            if len(descriptions) < len(files):
                descriptions = await self._some(study, at_once=1)
        else:
            descriptions = await self._some(study)
        return [
            identified(description, instance.identity)
            for description, instance in zip(descriptions, instances, strict=True)
        ]

    async def _whole(self, studies: Sequence["_Wanted"]) -> list[list[InstanceDescription]]:
        """Describe whole studies, spread over the processes; the last of each may be left."""
        packs = list(packed(studies, lambda _: 1, -(-len(studies) // self._processes)))
        return [one for pack in await asyncio.gather(*map(self._together, packs)) for one in pack]

    async def _together(self, studies: Sequence["_Wanted"]) -> list[list[InstanceDescription]]:
        """Describe whole studies in one call; none of those that are left or fail."""
        found: list[list[InstanceDescription]] = []
        with suppress(IsolationError):
            files = [study.files for study in studies]
            found = await self._isolation.run(describe_studies, files, again=len(studies) == 1)
        found = [await self._in_files(descriptions) for descriptions in found]
        return [*found, *([] for _ in studies[len(found) :])]

    async def _some(
        self, study: "_Wanted", at_once: int | None = None
    ) -> list[InstanceDescription]:
        """Describe instances of one study, as many at once as go well."""
        described: list[InstanceDescription] = []
        at_once = at_once or len(study.files)
        while batch := study.files[len(described) :][:at_once]:
            try:
                found = await self._isolation.run(describe_instances, batch)
                described += await self._in_files(found)
            except IsolationError as error:
                if at_once > 1:
                    at_once = 1
                    continue
                if isinstance(error, ShortOfMemoryError):
                    raise short_of_memory() from None
                self._note_killed(error.cause)
                get_logger().error("instance.undescribed", cause=error.cause)
                described.append(undescribed(study.instances[len(described)].identity))
        return described

    async def _in_files(self, found: list[InstanceDescription]) -> list[InstanceDescription]:
        """The same descriptions, with the long ones in files."""
        make = self._temporary_file
        if make is None or all(len(one.dataset) <= MOST_BYTES_IN_MEMORY for one in found):
            return found

        def write() -> list[InstanceDescription]:
            return [
                in_file(one, make()) if len(one.dataset) > MOST_BYTES_IN_MEMORY else one
                for one in found
            ]

        return await asyncio.to_thread(write)


class _Wanted(NamedTuple):
    """Instances of a study that are to be described."""

    files: Sequence[tuple[Path, str]]
    """The path of each, and its name in the archive."""
    instances: Sequence[Instance]
