"""Describes instances in a separate process, since a hostile file may kill it."""

from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Protocol

from chassis.observability.logs import get_logger
from chassis.runtime.isolation import Isolation, IsolationError
from descriptor.instance_description import InstanceDescription, identified, undescribed
from descriptor.instances import Instance
from descriptor.isolated import describe_instances, describe_study


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


def isolated_describer(isolation: Isolation, *, pictures: bool = True) -> Describe:
    """Make the function that describes instances from untrusted files.

    Several go to a process at once; if that fails, each of them goes alone and without a picture.
    An instance that cannot be described is valid all the same: it is archived with the identity
    that the report gives.

    Args:
        isolation: the processes.
        pictures: whether studies get pictures.
    """

    async def run(
        paths: Sequence[Path], instances: Sequence[Instance], *, is_whole: bool
    ) -> list[InstanceDescription]:
        described: list[InstanceDescription] = []
        describe, at_once = describe_instances, len(instances)
        if pictures and is_whole:
            describe = describe_study
        while batch := instances[len(described) :][:at_once]:
            start = len(described)
            names = [instance.file for instance in batch]
            files = list(zip(paths[start : start + len(batch)], names, strict=True))
            try:
                descriptions = await isolation.run(describe, files)
            except IsolationError as error:
                if len(batch) > 1 or describe is describe_study:
                    describe, at_once = describe_instances, 1
                    continue
                get_logger().error("instance.undescribed", cause=error.cause)
                descriptions = [undescribed(batch[0].identity)]
            described += [
                identified(description, instance.identity)
                for description, instance in zip(descriptions, batch, strict=False)
            ]
        return described

    return run
