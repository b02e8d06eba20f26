"""Describes one instance in a process that may die."""

from collections.abc import Awaitable, Callable

from chassis.isolation import Isolation, IsolationError
from chassis.logs import get_logger
from descriptor.instances import Instance
from descriptor.metadata import InstanceDescription, describe_instance, undescribed

Describe = Callable[[Instance], Awaitable[InstanceDescription]]
"""Describes an instance, from its file."""


def isolated_describer(isolation: Isolation) -> Describe:
    """The way to describe instances whose authors are not trusted.

    An instance that cannot be described has been found sound all the same: it is archived with
    what the validator knows of it.
    """

    async def run(instance: Instance) -> InstanceDescription:
        try:
            return await isolation.run(describe_instance, instance.source, instance.file)
        except IsolationError as error:
            get_logger().error("instance.undescribed", cause=error.cause)
            return undescribed(instance.identity)

    return run
