"""The picture of an archived study: one frame of its largest series.

Most pictures are made together with the description of the study, as far as that is a matter of
milliseconds; this module makes the others, in a call of a process and with a time limit of their
own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from chassis.observability.logs import get_logger
from chassis.runtime.isolation import Isolation, IsolationError
from descriptor.isolated import render
from descriptor.representative import choose
from descriptor.unrenderable import UnrenderableError
from storage.metadata import ArchivedStudy
from storage.stored_file import FileInStore
from storage.study_store import StudyStore

Preview = Callable[[UUID], Awaitable[None]]
"""Makes the picture of an archived study, unless it is there or impossible; takes a bounded time,
never fails."""


def previewer(isolation: Isolation, studies: StudyStore, seconds: float) -> Preview:
    """Make pictures in a process that may die.

    A study without a picture is complete, so an error is only logged.

    Args:
        isolation: the processes.
        studies: where studies and pictures are stored.
        seconds: how long a study waits for its picture.
    """

    def find(study_id: UUID) -> FileInStore | None:
        """The file to make a picture of; None if there is a picture."""
        if studies.has_preview(study_id):
            return None
        folder = studies.archived(study_id)
        return folder.file(_chosen(folder.metadata()))

    async def preview(study_id: UUID) -> None:
        try:
            file = await asyncio.to_thread(find, study_id)
            if file is None:
                return
            async with asyncio.timeout(seconds), file.local() as path:
                png = await isolation.run(render, path)
            await asyncio.to_thread(put_preview, studies, study_id, png)
        except TimeoutError:
            _skip(study_id, "time")
        except IsolationError as error:
            _skip(study_id, error.cause.value)
        except UnrenderableError as error:
            _skip(study_id, error.code)
        except (OSError, ValueError):
            _skip(study_id, "file")

    return preview


async def no_preview(_study_id: UUID) -> None:
    """Make no picture."""


def _chosen(archived: ArchivedStudy) -> str:
    """The name of the instance that the picture of a study shows.

    Raises:
        UnrenderableError: there is no image.
    """
    modalities = {s.get("SeriesInstanceUID"): s.get("Modality") for s in archived.series}
    values = [
        {
            **instance.model_dump(by_alias=True),
            "Modality": modalities.get(instance.series_instance_uid),
        }
        for instance in archived.instances
    ]
    return archived.instances[choose(values)].file


def put_preview(studies: StudyStore, study_id: UUID, png: bytes) -> bool:
    """Store the picture of a study; whether that was possible. Blocks.

    It is not synced: it can be made again, and no event promises it. After a power cut it may be
    missing or empty; `StudyStore.has_preview` takes an empty one for none.
    """
    try:
        studies.preview(study_id).put(png, durable=False)
    except OSError:
        _skip(study_id, "file")
        return False
    return True


def _skip(study_id: UUID, code: str) -> None:
    get_logger().info("preview.skipped", study_id=str(study_id), code=code)
