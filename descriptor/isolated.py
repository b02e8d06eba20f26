"""What the isolated processes do; only they import pydicom, numpy and Pillow.

Importing those takes half a second and 40 MB, which the main process of the service saves.
"""

from collections.abc import Sequence
from pathlib import Path

from descriptor.instance_description import InstanceDescription

PRELOAD = ("descriptor.description", "descriptor.rendering")
"""The modules with the work itself."""


def describe_instances(files: Sequence[tuple[Path, str]]) -> list[InstanceDescription]:
    """Describe instances: see `descriptor.description`."""
    from descriptor import description  # noqa: PLC0415 -- see above

    return description.describe_instances(files)


def render(path: Path) -> bytes:
    """Render an instance: see `descriptor.rendering`."""
    from descriptor import rendering  # noqa: PLC0415 -- see above

    return rendering.render(path)
