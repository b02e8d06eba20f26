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
from descriptor.preview import choose, no_preview, previewer
from descriptor.unrenderable import UnrenderableError
from kit.volumes import Volumes
from storage.layout import INCOMING
from storage.metadata import ArchivedInstance, ArchivedStudy

STUDY_ID = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
IMAGE = {"Rows": 10, "Columns": 10}


def study(*instances: dict[str, Any], modalities: dict[str, str] | None = None) -> ArchivedStudy:
    """A study of these instances, all of series 1 unless they say otherwise."""
    fields: dict[str, Any] = {
        "series": [
            {"SeriesInstanceUID": uid, "Modality": modality}
            for uid, modality in (modalities or {}).items()
        ],
        "instances": [
            ArchivedInstance.model_validate(
                {
                    "file": f"{index}.dcm",
                    "sha256": "",
                    "size_bytes": 1,
                    "sent_as": "",
                    "SeriesInstanceUID": "1",
                    **instance,
                }
            )
            for index, instance in enumerate(instances)
        ],
    }
    return ArchivedStudy.model_construct(None, **fields)


class TestChoosing:
    def test_the_middle_instance_by_number(self) -> None:
        instances = [{**IMAGE, "InstanceNumber": number} for number in (5, 1, 3, 2, 4)]
        assert choose(study(*instances)).file == "2.dcm"

    def test_of_the_series_with_the_most_images(self) -> None:
        reports = [{"SeriesInstanceUID": "2"}] * 5
        images = [{**IMAGE, "SeriesInstanceUID": "3"}] * 3
        assert choose(study(IMAGE, *reports, *images)).series_instance_uid == "3"

    def test_a_multi_frame_image_is_as_many_as_it_has_frames(self) -> None:
        many = {**IMAGE, "SeriesInstanceUID": "2", "NumberOfFrames": 5}
        assert choose(study(*[IMAGE] * 4, many)).series_instance_uid == "2"

    @pytest.mark.parametrize("modality", ["SEG", "RTDOSE"])
    def test_overlays_are_the_last_resort(self, modality: str) -> None:
        overlay = {**IMAGE, "SeriesInstanceUID": "2", "NumberOfFrames": 500}
        modalities = {"1": "CT", "2": modality}
        assert choose(study(overlay, IMAGE, modalities=modalities)).series_instance_uid == "1"
        assert choose(study(overlay, modalities=modalities)).series_instance_uid == "2"

    @pytest.mark.parametrize("instances", [[], [{}], [{"Rows": 0, "Columns": 10}]])
    def test_without_images_there_is_none(self, instances: list[dict[str, Any]]) -> None:
        with pytest.raises(UnrenderableError, match="no-image"):
            choose(study(*instances))

    def test_odd_numbers_do_not_matter(self) -> None:
        odd = {"InstanceNumber": "abc", "NumberOfFrames": "many", "Rows": "x", "Columns": 1.5}
        assert choose(study(odd)).file == "0.dcm"


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
def archive(volumes: Volumes) -> Volumes:
    (volumes.archive / INCOMING).mkdir()
    return volumes


async def test_a_picture_is_made_once(archive: Volumes) -> None:
    processes = Processes()
    preview = previewer(processes, archive.studies, seconds=60)  # type: ignore[arg-type]
    await preview(STUDY_ID, study(IMAGE))
    await preview(STUDY_ID, study(IMAGE))
    assert archive.preview(STUDY_ID).read_bytes() == b"picture"
    assert processes.rendered == [archive.archived(STUDY_ID) / "0.dcm"]
    assert list((archive.archive / INCOMING).iterdir()) == []


async def test_it_is_made_again_when_it_is_missing(archive: Volumes) -> None:
    preview = previewer(Processes(), archive.studies, seconds=60)  # type: ignore[arg-type]
    await preview(STUDY_ID, study(IMAGE))
    archive.preview(STUDY_ID).unlink()
    await preview(STUDY_ID, study(IMAGE))
    assert archive.preview(STUDY_ID).exists()


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
    preview = previewer(Processes(result), archive.studies, seconds=0.05)  # type: ignore[arg-type]
    with capture_logs() as logs:
        await preview(STUDY_ID, study(IMAGE))
    assert not archive.preview(STUDY_ID).exists()
    assert [(log["event"], log["study_id"], log["code"]) for log in logs] == [
        ("preview.skipped", str(STUDY_ID), code)
    ]


async def test_a_study_without_images_has_no_picture(archive: Volumes) -> None:
    processes = Processes()
    with capture_logs() as logs:
        await previewer(processes, archive.studies, seconds=60)(STUDY_ID, study({}))  # type: ignore[arg-type]
    assert [log["code"] for log in logs] == ["no-image"]
    assert processes.rendered == []


async def test_a_full_disk_costs_the_picture_only(
    archive: Volumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with capture_logs() as logs:
        await previewer(Processes(), archive.studies, seconds=60)(STUDY_ID, study(IMAGE))  # type: ignore[arg-type]
    assert [log["code"] for log in logs] == ["file"]
    assert not archive.preview(STUDY_ID).exists()


async def test_no_picture_is_made_when_previews_are_off(archive: Volumes) -> None:
    await no_preview(STUDY_ID, study(IMAGE))
    assert not archive.preview(STUDY_ID).exists()
