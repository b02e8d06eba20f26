"""The picture of a study: of which instance, and that it is a picture or nothing."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from chassis.runtime.isolation import Cause, IsolationError
from descriptor.preview import Preview, no_preview, previewer, put_preview
from descriptor.unrenderable import UnrenderableError
from kit.volumes import Volumes, being_written
from storage.layout import INCOMING
from storage.metadata import ArchivedInstance, ArchivedStudy
from storage.study_folder import StudyFolder

STUDY_ID = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
IMAGE = {"Rows": 10, "Columns": 10}


def study(*modalities: str, **instance: Any) -> ArchivedStudy:
    """A study with an instance in a series of each modality."""
    fields: dict[str, Any] = {
        "series": [
            {"SeriesInstanceUID": str(number), "Modality": modality}
            for number, modality in enumerate(modalities)
        ],
        "instances": [
            ArchivedInstance.model_validate(
                {
                    "file": f"{number}.dcm",
                    "sha256": "",
                    "size_bytes": 1,
                    "sent_as": "",
                    "SeriesInstanceUID": str(number),
                    **instance,
                }
            )
            for number in range(len(modalities))
        ],
    }
    return ArchivedStudy.model_construct(None, **fields)


class Processes:
    """A double of `Isolation`."""

    def __init__(self, result: Any = b"picture") -> None:
        self.result = result
        self.rendered: list[Path] = []

    async def run(self, _: Callable[[Path], bytes], path: Path) -> Any:
        self.rendered.append(path)
        if isinstance(self.result, Exception):
            raise self.result
        if self.result is None:
            await asyncio.Event().wait()
        return self.result


@pytest.fixture
def archive(volumes: Volumes, monkeypatch: pytest.MonkeyPatch) -> Volumes:
    """An archive with a study whose second series is the better one to see."""
    (volumes.archive / INCOMING).mkdir()
    monkeypatch.setattr(StudyFolder, "metadata", lambda _: study("SEG", "CT", **IMAGE))
    return volumes


def preview_of(archive: Volumes, processes: Processes, seconds: float = 60) -> Preview:
    return previewer(processes, archive.studies, seconds)  # type: ignore[arg-type]


async def test_a_picture_is_made_once(archive: Volumes) -> None:
    processes = Processes()
    preview = preview_of(archive, processes)
    await preview(STUDY_ID)
    await preview(STUDY_ID)
    assert archive.preview(STUDY_ID).read_bytes() == b"picture"
    assert processes.rendered == [archive.archived(STUDY_ID) / "1.dcm"]
    assert being_written(archive.archive) == []


@pytest.mark.parametrize("left", [None, b""])
async def test_it_is_made_again_when_it_is_missing_or_a_power_cut_has_left_it_empty(
    archive: Volumes, left: bytes | None
) -> None:
    preview = preview_of(archive, Processes())
    await preview(STUDY_ID)
    archive.preview(STUDY_ID).unlink()
    if left is not None:
        archive.preview(STUDY_ID).write_bytes(left)
    assert not archive.studies.has_preview(STUDY_ID)
    await preview(STUDY_ID)
    assert archive.studies.has_preview(STUDY_ID)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (UnrenderableError("too-large"), "too-large"),
        (IsolationError(Cause.TIME), "time"),
        (IsolationError(Cause.MEMORY), "memory"),
        (IsolationError(Cause.DEATH), "death"),
        (FileNotFoundError("/archive/x"), "file"),
        (None, "time"),
    ],
)
async def test_whatever_goes_wrong_there_is_no_picture_and_a_log_line(
    archive: Volumes, result: object, code: str
) -> None:
    with capture_logs() as logs:
        await preview_of(archive, Processes(result), seconds=0.05)(STUDY_ID)
    assert not archive.preview(STUDY_ID).exists()
    assert [(log["event"], log["study_id"], log["code"]) for log in logs] == [
        ("preview.skipped", str(STUDY_ID), code)
    ]


async def test_a_study_without_images_has_no_picture(
    archive: Volumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StudyFolder, "metadata", lambda _: study("SR"))
    processes = Processes()
    with capture_logs() as logs:
        await preview_of(archive, processes)(STUDY_ID)
    assert [log["code"] for log in logs] == ["no-image"]
    assert processes.rendered == []


async def test_a_full_disk_costs_the_picture_only(
    archive: Volumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "replace", full)
    with capture_logs() as logs:
        await preview_of(archive, Processes())(STUDY_ID)
        assert not put_preview(archive.studies, STUDY_ID, b"picture")
    assert [log["code"] for log in logs] == ["file", "file"]
    assert not archive.preview(STUDY_ID).exists()
    assert being_written(archive.archive) == []


async def test_no_picture_is_made_when_previews_are_off(archive: Volumes) -> None:
    await no_preview(STUDY_ID)
    assert not archive.preview(STUDY_ID).exists()
