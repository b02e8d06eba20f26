"""Archiving a study: described in batches, committed, entered in the index, pictured."""

import asyncio
import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chassis.messaging.errors import PermanentError
from chassis.runtime.isolation import Cause, IsolationError, ShortOfMemoryError
from contracts.events import StudyArchivedData
from contracts.places import Place, study_directory
from descriptor import study as study_module
from descriptor.instance_description import InstanceDescription, undescribed
from descriptor.instances import Instance
from descriptor.isolated import describe_studies
from descriptor.isolated_description import Describe, IsolatedDescriber
from descriptor.study import BATCHES_AHEAD, INSTANCES_AT_ONCE, Archiving, archive_study
from kit.volumes import Volumes
from storage.reservation import Content, Reservation

STUDY_ID = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
OTHER_ID = UUID("3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22")

MakeStudy = Callable[..., UUID]


@dataclass
class Surroundings:
    """What a study is archived with; it notes what it was asked, in order."""

    volumes: Volumes
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    owner: UUID = OTHER_ID
    reserved: dict[str, Content] = field(default_factory=dict)
    lost: str = ""
    """What fails."""
    picture: bytes | None = None
    """What the last instance of a batch gets."""

    async def describe(
        self, paths: Sequence[Path], instances: Sequence[Instance], *, is_whole: bool
    ) -> list[InstanceDescription]:
        assert [path.name for path in paths] == [i.stored.name for i in instances]
        self.asked.append(("describe", len(instances), is_whole))
        described = [
            InstanceDescription(
                {"StudyInstanceUID": "1.2", "InstanceNumber": int(i.stored.name[:6])}
            )
            for i in instances
        ]
        return [*described[:-1], replace(described[-1], picture=self.picture)]

    async def reserve(
        self, study_id: UUID, instances: Mapping[str, Content]
    ) -> dict[str, Reservation]:
        self.asked.append(("reserve", study_id, set(instances)))
        return {
            uid: Reservation(self.owner, self.reserved.get(uid, content))
            for uid, content in instances.items()
        }

    async def add_study(self, study_id: UUID, study_instance_uids: Iterable[str]) -> None:
        if self.lost == "index":
            raise ConnectionError
        assert self.volumes.archived(study_id).is_dir()
        self.asked.append(("file", study_id, list(study_instance_uids)))

    async def preview(self, study_id: UUID) -> None:
        assert self.volumes.archived(study_id).is_dir()
        self.asked.append(("preview", study_id))

    async def archive(self, study_id: UUID = STUDY_ID) -> StudyArchivedData:
        archiving = Archiving(self.volumes.studies, self.describe, self, self.preview)
        return await archive_study(study_id, archiving)


@pytest.fixture
def surroundings(volumes: Volumes) -> Surroundings:
    return Surroundings(volumes)


async def test_a_study_is_described_archived_indexed_and_pictured_in_this_order(
    surroundings: Surroundings, make_study: MakeStudy
) -> None:
    make_study(b"one", b"two..", uids=["1.1", "1.2"])
    assert await surroundings.archive() == StudyArchivedData(
        directory=study_directory(Place.ARCHIVE, STUDY_ID), instance_count=2, size_bytes=8
    )
    assert surroundings.asked == [
        ("describe", 2, True),
        ("reserve", STUDY_ID, {"1.1", "1.2"}),
        ("file", STUDY_ID, ["1.2"]),
        ("preview", STUDY_ID),
    ]


async def test_a_picture_that_came_with_a_description_is_stored(
    surroundings: Surroundings, make_study: MakeStudy
) -> None:
    make_study(b"one", b"two..", uids=["1.1", "1.2"])
    surroundings.picture = b"picture"
    await surroundings.archive()
    assert surroundings.volumes.preview(STUDY_ID).read_bytes() == b"picture"
    assert ("preview", STUDY_ID) not in surroundings.asked


async def test_a_picture_that_could_not_be_stored_is_made_again(
    surroundings: Surroundings, make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    make_study(b"one")
    surroundings.picture = b"picture"
    monkeypatch.setattr(os, "replace", full)
    await surroundings.archive()
    assert surroundings.asked[-1] == ("preview", STUDY_ID)


async def test_when_the_index_was_unavailable_the_next_delivery_enters_the_study(
    surroundings: Surroundings, make_study: MakeStudy
) -> None:
    make_study(b"one")
    surroundings.lost = "index"
    with pytest.raises(ConnectionError):
        await surroundings.archive()
    surroundings.lost = ""
    surroundings.asked.clear()
    assert (await surroundings.archive()).instance_count == 1
    assert surroundings.asked == [("file", STUDY_ID, ["1.2"]), ("preview", STUDY_ID)]


async def test_known_instances_are_linked_from_the_study_that_had_them_first(
    surroundings: Surroundings, make_study: MakeStudy
) -> None:
    make_study(b"one", b"two", uids=["1.1", "1.2"], study_id=OTHER_ID)
    await surroundings.archive(OTHER_ID)
    make_study(b"one", b"three", uids=["1.1", "1.3"], duplicates=[1])
    await surroundings.archive()
    name = "original/1.1.dcm"
    archived = surroundings.volumes.archived
    assert (archived(STUDY_ID) / name).samefile(archived(OTHER_ID) / name)


@pytest.mark.parametrize("uid", ["", "../../x", "1.1\0"])
async def test_invalid_uids_are_not_reserved(
    surroundings: Surroundings, make_study: MakeStudy, uid: str
) -> None:
    make_study(b"one", uids=[uid], duplicates=[1])
    await surroundings.archive()
    assert ("reserve", STUDY_ID, set()) in surroundings.asked


async def test_a_study_is_not_archived_if_another_instance_has_got_its_uid_since(
    surroundings: Surroundings, make_study: MakeStudy
) -> None:
    make_study(b"one", uids=["1.1"])
    surroundings.reserved["1.1"] = Content("f" * 64)
    with pytest.raises(PermanentError, match=r"^instance\.conflict"):
        await surroundings.archive()
    assert not surroundings.volumes.archived(STUDY_ID).exists()
    assert surroundings.volumes.uploaded(STUDY_ID).exists()


async def test_it_is_if_the_validator_has_compared_them(
    surroundings: Surroundings, make_study: MakeStudy
) -> None:
    make_study(b"one", uids=["1.1"], reserved_for=OTHER_ID)
    surroundings.reserved["1.1"] = Content("f" * 64)
    assert (await surroundings.archive()).instance_count == 1


async def test_a_study_of_known_instances_reserves_them_once_more_when_it_is_archived(
    surroundings: Surroundings, make_study: MakeStudy
) -> None:
    uids = ["1.1", "1.2"]
    make_study(b"one", b"two", uids=uids, duplicates=[1, 2], reserved_for=OTHER_ID)
    await surroundings.archive()
    reserve = ("reserve", STUDY_ID, {"1.1", "1.2"})
    assert surroundings.asked.count(reserve) == 2


async def test_a_large_study_is_described_in_batches_and_in_its_order(
    surroundings: Surroundings, make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 3 * INSTANCES_AT_ONCE + 1
    make_study(*(b"%d" % number for number in range(count)))
    waiting = most = 0
    describe = surroundings.describe

    async def slower_first(
        paths: Sequence[Path], instances: Sequence[Instance], *, is_whole: bool
    ) -> list[InstanceDescription]:
        assert not is_whole
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        for _ in range(1000 - int(instances[0].stored.name[:6])):
            await asyncio.sleep(0)
        waiting -= 1
        return await describe(paths, instances, is_whole=is_whole)

    monkeypatch.setattr(surroundings, "describe", slower_first)
    monkeypatch.setattr(study_module, "BATCHES_AHEAD", 2)
    await surroundings.archive()
    archived = surroundings.volumes.studies.archived(STUDY_ID).metadata()
    numbers = [instance.instance_number for instance in archived.instances]
    assert numbers == list(range(1, count + 1))
    assert most == 2
    assert BATCHES_AHEAD >= 2


async def test_when_describing_fails_nothing_is_archived_and_all_work_stops(
    surroundings: Surroundings, make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_study(*(b"%d" % number for number in range(3 * INSTANCES_AT_ONCE)))

    async def fail(
        _: Sequence[Path], instances: Sequence[Instance], **__: bool
    ) -> list[InstanceDescription]:
        if instances[0].stored.name != "000033.dcm":
            raise FileNotFoundError
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(surroundings, "describe", fail)
    with pytest.raises(FileNotFoundError):
        await surroundings.archive()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not surroundings.volumes.archived(STUDY_ID).exists()


class Processes:
    """A double of `Isolation`: it describes few files at once, and dies of some."""

    def __init__(self, deadly: Sequence[str] = (), most: int = 100) -> None:
        self.deadly = deadly
        self.most = most
        self.calls: list[int] = []
        self.functions: list[str] = []

    async def run(
        self, function: Callable[..., object], wanted: Sequence[Any], **_options: object
    ) -> list[Any]:
        studies: Sequence[Sequence[tuple[Path, str]]] = [wanted]
        if function is describe_studies:
            studies = wanted
        self.calls.append(sum(map(len, studies)))
        self.functions.append(function.__name__)
        if any(file in self.deadly for files in studies for _, file in files):
            raise IsolationError(Cause.DEATH)
        described = [
            [InstanceDescription({"InstanceNumber": file}) for _, file in files[: self.most]]
            for files in studies
        ]
        return described if function is describe_studies else described[0]


PATHS = [Path(f"{number:06}.dcm") for number in range(1, 6)]


@pytest.fixture
def instances(volumes: Volumes, make_study: MakeStudy) -> Sequence[Instance]:
    make_study(*(b"%d" % number for number in range(5)), uids=[f"1.{n}" for n in range(5)])
    study = study_module.open_study(volumes.studies, STUDY_ID)
    assert study
    return study.instances


def describer(processes: Processes, *, pictures: bool = True) -> Describe:
    return IsolatedDescriber(processes, processes=2, pictures=pictures)  # type: ignore[arg-type]


async def test_after_a_death_with_its_picture_a_single_instance_is_described_without(
    instances: Sequence[Instance],
) -> None:
    class DiesOfPictures(Processes):
        async def run(
            self, function: Callable[..., object], wanted: Sequence[Any], **_options: object
        ) -> list[Any]:
            self.deadly = ["original/1.0.dcm"] if function is describe_studies else []
            return await super().run(function, wanted)

    [described] = await describer(DiesOfPictures())(PATHS[:1], instances[:1], is_whole=True)
    assert not described.incomplete


async def test_while_memory_is_short_a_study_is_not_archived_with_less_than_it_has(
    instances: Sequence[Instance],
) -> None:
    class Short(Processes):
        async def run(self, *_: object, **_options: object) -> list[Any]:
            raise ShortOfMemoryError(Cause.SHORTAGE)

    with pytest.raises(PermanentError) as raised:
        await describer(Short())(PATHS, instances, is_whole=True)
    assert raised.value.code == "memory.short"


async def test_without_previews_no_picture_is_made(instances: Sequence[Instance]) -> None:
    processes = Processes()
    await describer(processes, pictures=False)(PATHS, instances, is_whole=True)
    assert processes.functions == ["describe_instances"]


async def test_after_a_death_each_instance_of_a_batch_is_described_alone(
    instances: Sequence[Instance],
) -> None:
    processes = Processes(deadly=["original/1.2.dcm"])
    described = await describer(processes)(PATHS, instances, is_whole=True)
    assert processes.calls == [5, 1, 1, 1, 1, 1]
    assert processes.functions == ["describe_studies", *["describe_instances"] * 5]
    assert described[2] == undescribed(instances[2].identity)
    assert [bool(description.incomplete) for description in described] == [0, 0, 1, 0, 0]


async def test_what_a_process_left_for_the_next_time_is_described_then(
    instances: Sequence[Instance],
) -> None:
    processes = Processes(most=2)
    described = await describer(processes)(PATHS, instances, is_whole=False)
    assert processes.calls == [5, 3, 1]
    assert [d.values["InstanceNumber"] for d in described] == [i.file for i in instances]


async def test_small_studies_that_come_together_are_described_by_few_calls(
    instances: Sequence[Instance],
) -> None:
    processes = Processes(deadly=["original/1.4.dcm"])
    describe = describer(processes)
    described = await asyncio.gather(
        *(
            describe([path], [one], is_whole=True)
            for path, one in zip(PATHS, instances, strict=True)
        )
    )
    # They are spread over two processes; the one in which one dies is tried alone.
    assert processes.functions == ["describe_studies"] * 2 + ["describe_instances"] * 2
    assert [one.values["InstanceNumber"] for [one] in described[:4]] == [
        instance.file for instance in instances[:4]
    ]
    assert described[4] == [undescribed(instances[4].identity)]


async def test_long_descriptions_wait_in_files(
    instances: Sequence[Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("descriptor.isolated_description.MOST_BYTES_IN_MEMORY", 10)
    long, short = b'{"0020000D":{}}', b"{}"

    class Describing(Processes):
        async def run(
            self, function: Callable[..., object], wanted: Sequence[Any], **_options: object
        ) -> list[Any]:
            del function
            return [
                InstanceDescription({}, dataset=short if number % 2 else long)
                for number, _ in enumerate(wanted)
            ]

    describe = IsolatedDescriber(
        Describing(),  # type: ignore[arg-type]
        processes=2,
        pictures=False,
        temporary_file=io.BytesIO,
    )
    described = await describe(PATHS[:2], instances[:2], is_whole=True)
    assert [one.dataset for one in described] == [b"", short]
    [file, none] = [one.dataset_file for one in described]
    assert isinstance(file, io.BytesIO)
    assert (file.getvalue(), none) == (long, None)
