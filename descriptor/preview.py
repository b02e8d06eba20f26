"""The picture of an archived study: one frame of its largest series."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from chassis.observability.logs import get_logger
from chassis.runtime.isolation import Isolation, IsolationError
from descriptor.isolated import render
from descriptor.unrenderable import UnrenderableError
from storage.metadata import ArchivedInstance, ArchivedStudy
from storage.study_store import StudyStore

Preview = Callable[[UUID, ArchivedStudy], Awaitable[None]]
"""Makes the picture of an archived study if that is possible; takes a bounded time, never fails."""

_ON_TOP_OF_OTHERS = frozenset({"SEG", "RTDOSE"})
"""Modalities whose images belong on top of others, which are the better preview."""


def previewer(isolation: Isolation, studies: StudyStore, seconds: float) -> Preview:
    """Make pictures in a process that may die.

    A study without a picture is complete, so an error is only logged.

    Args:
        isolation: the processes.
        studies: where studies and pictures are stored.
        seconds: how long a study waits for its picture.
    """

    async def preview(study_id: UUID, archived: ArchivedStudy) -> None:
        picture = studies.preview(study_id)
        if await asyncio.to_thread(picture.exists):
            return
        try:
            instance = choose(archived)
            file = studies.archived(study_id).file(instance.file)
            async with asyncio.timeout(seconds), file.local() as path:
                png = await isolation.run(render, path)
            await asyncio.to_thread(picture.put, png)
        except TimeoutError:
            code = "time"
        except IsolationError as error:
            code = error.cause.value
        except UnrenderableError as error:
            code = error.code
        except OSError:
            code = "file"
        else:
            return
        get_logger().info("preview.skipped", study_id=str(study_id), code=code)

    return preview


async def no_preview(_study_id: UUID, _archived: ArchivedStudy) -> None:
    """Make no picture."""


def choose(archived: ArchivedStudy) -> ArchivedInstance:
    """The middle instance, by Instance Number, of the series with the most frames.

    Raises:
        UnrenderableError: there is no image.
    """
    modalities = {s.get("SeriesInstanceUID"): s.get("Modality") for s in archived.series}
    series: dict[str, list[ArchivedInstance]] = {}
    for instance in archived.instances:
        if instance.rows and instance.columns:
            series.setdefault(instance.series_instance_uid, []).append(instance)
    if not series:
        raise UnrenderableError("no-image")
    largest = max(
        series,
        key=lambda uid: (
            modalities.get(uid) not in _ON_TOP_OF_OTHERS,
            sum(_number(instance.number_of_frames, 1) for instance in series[uid]),
        ),
    )
    instances = sorted(series[largest], key=lambda instance: _number(instance.instance_number, 0))
    return instances[len(instances) // 2]


def _number(value: float | str | None, otherwise: int) -> float:
    return value if isinstance(value, int | float) else otherwise
