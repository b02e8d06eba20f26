"""What the isolated processes do; only they import pydicom, numpy and Pillow.

Importing those takes half a second and 40 MB, which the main process of the service saves.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from descriptor.instance_description import InstanceDescription
from descriptor.representative import choose
from descriptor.unrenderable import UnrenderableError
from engine.encoding.mapping import map_file

MOST_BYTES_AT_ONCE = 4 * 1024 * 1024
"""When the descriptions of some instances come to more, the rest is left for the next time."""

LONG_SECONDS = 1.0
"""CPU time after which further studies go alone: the cheap must not wait for the expensive."""

PRELOAD = ("descriptor.description", "descriptor.rendering")
"""The modules with the work itself."""


def describe_instances(files: Sequence[tuple[Path, str]]) -> list[InstanceDescription]:
    """Describe instances: see `descriptor.description`."""
    from descriptor import description  # noqa: PLC0415 -- see above

    return description.describe_instances(files, MOST_BYTES_AT_ONCE)


def describe_studies(
    studies: Sequence[Sequence[tuple[Path, str]]],
) -> list[list[InstanceDescription]]:
    """Describe whole studies, at least one, until it takes long or `MOST_BYTES_AT_ONCE` are there.

    Returns:
        The descriptions of the first ones; see `describe_study`.
    """
    described: list[list[InstanceDescription]] = []
    size_bytes = 0
    begin = time.process_time()
    for files in studies:
        descriptions = describe_study(files)
        described.append(descriptions)
        size_bytes += sum(len(description.dataset) for description in descriptions)
        if size_bytes > MOST_BYTES_AT_ONCE or time.process_time() - begin > LONG_SECONDS:
            break
    return described


def describe_study(files: Sequence[tuple[Path, str]]) -> list[InstanceDescription]:
    """Describe all instances of a study, one of them with its picture if that is a quick one.

    This spares a call of its own for the picture.
    """
    from descriptor import description, rendering  # noqa: PLC0415 -- see above

    if len(files) == 1:
        return [_with_picture(*files[0])]
    descriptions = describe_instances(files)
    if len(descriptions) == len(files):  # otherwise some are left for the next time
        with suppress(UnrenderableError):
            index = choose([description.values for description in descriptions])
            dicom = description.read_bytes(map_file(files[index][0])).dicom
            picture = rendering.render_quickly(dicom)
            descriptions[index] = replace(descriptions[index], picture=picture)
    return descriptions


def _with_picture(path: Path, file: str) -> InstanceDescription:
    """Describe and render a study of one instance, which is read once for both."""
    from descriptor import description, rendering  # noqa: PLC0415 -- see above

    read_file = description.read_bytes(map_file(path))
    described = description.describe_read(read_file, file)
    with suppress(UnrenderableError):
        choose([described.values])
        return replace(described, picture=rendering.render_quickly(read_file.dicom))
    return described


def render(path: Path) -> bytes:
    """Render an instance: see `descriptor.rendering`."""
    from descriptor import rendering  # noqa: PLC0415 -- see above

    return rendering.render(path)
