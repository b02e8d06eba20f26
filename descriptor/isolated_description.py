"""Describes instances in a separate process, since a hostile file may kill it."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from chassis.observability.logs import get_logger
from chassis.runtime.isolation import Isolation, IsolationError
from descriptor.instance_description import InstanceDescription, identified, undescribed
from descriptor.instances import Instance
from descriptor.isolated import describe_instances

Describe = Callable[[Sequence[Path], Sequence[Instance]], Awaitable[list[InstanceDescription]]]
"""Describes some instances, from the files at these paths, in their order."""


def isolated_describer(isolation: Isolation) -> Describe:
    """Make the function that describes instances from untrusted files.

    Several go to a process at once; if that fails, each of them goes alone. An instance that cannot
    be described is valid all the same: it is archived with the identity that the report gives.
    """

    async def run(
        paths: Sequence[Path], instances: Sequence[Instance]
    ) -> list[InstanceDescription]:
        described: list[InstanceDescription] = []
        at_once = len(instances)
        while batch := instances[len(described) :][:at_once]:
            start = len(described)
            names = [instance.file for instance in batch]
            files = list(zip(paths[start : start + len(batch)], names, strict=True))
            try:
                descriptions = await isolation.run(describe_instances, files)
            except IsolationError as error:
                if len(batch) > 1:
                    at_once = 1
                    continue
                get_logger().error("instance.undescribed", cause=error.cause)
                descriptions = [undescribed(batch[0].identity)]
            described += [
                identified(description, instance.identity)
                for description, instance in zip(descriptions, batch, strict=False)
            ]
        return described

    return run
