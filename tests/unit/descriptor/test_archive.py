"""Archiving a study: nothing is lost, whatever happens, and twice is the same as once."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import orjson
import pytest

from chassis.messaging.errors import PermanentError
from contracts.places import Place
from descriptor.archive import commit_study, open_study, read_archived
from descriptor.instance_description import undescribed
from descriptor.instances import ValidatedStudy
from descriptor.metadata import StudyMetadata
from kit.volumes import Volumes, being_written
from storage.files import remove_directory
from storage.layout import INCOMING, INTAKE, METADATA, REPORT
from storage.metadata import ArchivedStudy
from storage.stored_file import FileInStore

NOW = datetime(2025, 1, 1, 12, 2, tzinfo=UTC)
STUDY_ID = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")

MakeStudy = Callable[..., UUID]
PowerCut = Callable[[int, Callable[[], object]], bool]


def archive(
    volumes: Volumes,
    now: datetime = NOW,
    owners: Mapping[str, UUID] = MappingProxyType({}),
    study_id: UUID = STUDY_ID,
) -> ArchivedStudy:
    """What the service does with an event."""
    study = open_study(volumes.studies, study_id)
    if study:
        commit_opened(volumes, study, now, owners)
    return read_archived(volumes.studies, study_id)


def commit_opened(
    volumes: Volumes,
    study: ValidatedStudy | None,
    now: datetime = NOW,
    owners: Mapping[str, UUID] = MappingProxyType({}),
) -> None:
    assert study
    temporary = volumes.studies.store.temporary_file(Place.ARCHIVE)
    with StudyMetadata(study, temporary, NOW) as metadata:
        metadata.add((instance, undescribed(instance.identity)) for instance in study.instances)
        commit_study(volumes.studies, metadata, owners, now)


def tree(*roots: Path) -> dict[str, bytes]:
    """Every file of the study below these volumes, rubbish in `.incoming` left out."""
    return {
        f"{root.name}/{path.relative_to(root)}".replace(f"{STUDY_ID}/", ""): path.read_bytes()
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.is_file() and INCOMING not in path.parts
    }


def files(volumes: Volumes) -> dict[str, bytes]:
    """The instances, wherever they are, without the documents beside them."""
    everything = tree(volumes.uploads, volumes.quarantine, volumes.archive)
    return {name: content for name, content in everything.items() if not name.endswith(".json")}


def rubbish(volumes: Volumes) -> list[Path]:
    roots = (volumes.uploads, volumes.quarantine, volumes.archive)
    return [entry for root in roots for entry in being_written(root)]


@pytest.fixture(params=["one file system", "two file systems"])
def _file_systems(request: pytest.FixtureRequest) -> None:
    if request.param == "two file systems":
        request.getfixturevalue("two_file_systems")


@pytest.mark.usefixtures("_file_systems")
class TestArchiving:
    def test_one_instance_becomes_the_original(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"instance")
        [instance] = archive(volumes).instances
        assert (instance.file, instance.size_bytes) == ("original.dcm", 8)
        assert files(volumes) == {"archive/original.dcm": b"instance"}
        assert sorted(path.name for path in volumes.archived(STUDY_ID).iterdir()) == [
            METADATA,
            "original.dcm",
        ]

    def test_several_instances_are_stored_side_by_side(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"one", b"two", b"2", b"one", uids=["1.1", "1.2", "1.2", "1.1"])
        archived = archive(volumes)
        assert files(volumes) == {
            "archive/original/1.1.dcm": b"one",
            "archive/original/1.2.dcm": b"two",
            "archive/original/000003.dcm": b"2",
        }
        assert [instance.size_bytes for instance in archived.instances] == [3, 3, 1]

    def test_hostile_uids_stay_within_the_directory(
        self, volumes: Volumes, make_study: MakeStudy, tmp_path: Path
    ) -> None:
        make_study(b"one", b"two", uids=["../../x", "/tmp/x"])  # noqa: S108 -- not written to
        archive(volumes)
        assert files(volumes) == {
            "archive/original/000001.dcm": b"one",
            "archive/original/000002.dcm": b"two",
        }
        assert {path.name for path in tmp_path.iterdir()} == {"uploads", "quarantine", "archive"}

    def test_rejected_files_go_to_quarantine_with_intake_and_report(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"valid", b"bad", rejected=[2])
        documents = {
            name: (volumes.uploaded(STUDY_ID) / name).read_bytes() for name in (INTAKE, REPORT)
        }
        archive(volumes)
        assert tree(volumes.quarantine) == {
            "quarantine/000002.dcm": b"bad",
            f"quarantine/{INTAKE}": documents[INTAKE],
            f"quarantine/{REPORT}": documents[REPORT],
        }
        assert files(volumes)["archive/original.dcm"] == b"valid"

    def test_without_rejected_files_there_is_no_quarantine(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"valid")
        archive(volumes)
        assert list(volumes.quarantine.iterdir()) == []

    def test_the_upload_ends_and_no_rubbish_is_left(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"valid", b"bad", rejected=[2])
        archive(volumes)
        assert tree(volumes.uploads) == {}
        assert rubbish(volumes) == []

    def test_twice_is_the_same_as_once(self, volumes: Volumes, make_study: MakeStudy) -> None:
        make_study(b"one", b"two", b"bad", rejected=[3], uids=["1.1", "1.2", "1.3"])
        first = archive(volumes)
        before = tree(volumes.archive, volumes.quarantine)
        assert archive(volumes, NOW + timedelta(hours=1)) == first
        assert tree(volumes.archive, volumes.quarantine) == before

    def test_of_two_descriptors_on_one_study_the_first_counts(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"valid", b"bad", rejected=[2])
        one, other = open_study(volumes.studies, STUDY_ID), open_study(volumes.studies, STUDY_ID)
        commit_opened(volumes, one)
        before = tree(volumes.archive, volumes.quarantine)
        commit_opened(volumes, other, NOW + timedelta(seconds=1))
        assert tree(volumes.archive, volumes.quarantine) == before
        assert rubbish(volumes) == []

    def test_of_two_that_commit_at_once_the_first_counts(
        self, volumes: Volumes, make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_study(b"valid")
        one, other = open_study(volumes.studies, STUDY_ID), open_study(volumes.studies, STUDY_ID)
        rename = os.rename

        def rename_after_the_other(source: Path, target: Path) -> None:
            monkeypatch.setattr(os, "rename", rename)
            commit_opened(volumes, other)
            rename(source, target)

        monkeypatch.setattr(os, "rename", rename_after_the_other)
        commit_opened(volumes, one, NOW + timedelta(seconds=1))
        metadata = orjson.loads((volumes.archived(STUDY_ID) / METADATA).read_bytes())
        assert metadata["provenance"]["archived_at"] == "2025-01-01T12:02:00Z"
        assert rubbish(volumes) == []

    def test_a_power_cut_at_any_point_loses_nothing_and_the_next_delivery_finishes_the_work(
        self, volumes: Volumes, make_study: MakeStudy, power_cut: PowerCut
    ) -> None:
        final = {
            "archive/original/1.1.dcm": b"one",
            "archive/original/1.2.dcm": b"two",
            "quarantine/000003.dcm": b"bad",
        }
        calls, interrupted = 0, True
        while interrupted:
            make_study(b"one", b"two", b"bad", rejected=[3], uids=["1.1", "1.2", "1.3"])
            interrupted = power_cut(calls, lambda: archive(volumes))
            assert set(files(volumes).values()) == {b"one", b"two", b"bad"}
            if volumes.archived(STUDY_ID).exists():
                assert (volumes.archived(STUDY_ID) / METADATA).exists()
            archived = archive(volumes, NOW + timedelta(hours=1))
            assert len(archived.instances) == 2
            assert files(volumes) == final
            for directory in (volumes.archived(STUDY_ID), volumes.quarantined(STUDY_ID)):
                remove_directory(directory)
            calls += 1
        assert calls > 20

    def test_a_full_disk_is_raised_and_the_next_delivery_finishes_the_work(
        self, volumes: Volumes, make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_study(b"valid")
        with monkeypatch.context() as patch:

            def full(_: int) -> None:
                raise OSError(28, os.strerror(28))

            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space"):
                archive(volumes)
        assert rubbish(volumes) == []
        archive(volumes)
        assert files(volumes) == {"archive/original.dcm": b"valid"}


OTHER_ID = UUID("3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22")


@pytest.mark.usefixtures("_file_systems")
class TestWhatCameBefore:
    """Valid instances that came in another upload before."""

    def resend(
        self, volumes: Volumes, make_study: MakeStudy, *contents: bytes, **study: object
    ) -> ArchivedStudy:
        make_study(*contents, **study)
        return archive(volumes, owners={"1.1": OTHER_ID, "1.2": OTHER_ID, "1.3": OTHER_ID})

    def same_bytes(self, volumes: Volumes, one: str, other: str) -> bool:
        return (volumes.archived(STUDY_ID) / one).samefile(volumes.archived(OTHER_ID) / other)

    def test_is_linked_to_the_bytes_in_the_archive(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"one", b"two", uids=["1.1", "1.2"], study_id=OTHER_ID)
        archive(volumes, study_id=OTHER_ID)
        archived = self.resend(
            volumes,
            make_study,
            b"one",
            b"two",
            b"three",
            uids=["1.1", "1.2", "1.3"],
            duplicates=[1, 2],
        )
        names = [f"original/1.{number}.dcm" for number in (1, 2, 3)]
        assert [instance.file for instance in archived.instances] == names
        assert all(self.same_bytes(volumes, name, name) for name in names[:2])
        assert not volumes.uploaded(STUDY_ID).exists()

    def test_a_single_instance_is_linked_too(self, volumes: Volumes, make_study: MakeStudy) -> None:
        make_study(b"one", uids=["1.1"], study_id=OTHER_ID)
        archive(volumes, study_id=OTHER_ID)
        self.resend(volumes, make_study, b"one", uids=["1.1"], duplicates=[1])
        assert self.same_bytes(volumes, "original.dcm", "original.dcm")

    def test_is_taken_from_the_upload_when_the_archive_no_longer_has_it(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        self.resend(volumes, make_study, b"one", uids=["1.1"], duplicates=[1])
        assert (volumes.archived(STUDY_ID) / "original.dcm").read_bytes() == b"one"

    @pytest.mark.parametrize("others", [[b"other"], [b"other", b"more"]])
    def test_is_taken_from_the_upload_when_the_archive_has_other_bytes(
        self, volumes: Volumes, make_study: MakeStudy, others: list[bytes]
    ) -> None:
        make_study(*others, uids=["1.1", "1.2"][: len(others)], study_id=OTHER_ID)
        archive(volumes, study_id=OTHER_ID)
        before = tree(volumes.archived(OTHER_ID))
        self.resend(volumes, make_study, b"one", uids=["1.1"], duplicates=[1])
        assert (volumes.archived(STUDY_ID) / "original.dcm").read_bytes() == b"one"
        assert tree(volumes.archived(OTHER_ID)) == before

    def test_outlives_the_study_that_had_it_first(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"one", uids=["1.1"], study_id=OTHER_ID)
        archive(volumes, study_id=OTHER_ID)
        self.resend(volumes, make_study, b"one", uids=["1.1"], duplicates=[1])
        remove_directory(volumes.archived(OTHER_ID))
        assert (volumes.archived(STUDY_ID) / "original.dcm").read_bytes() == b"one"

    def test_is_archived_once_when_it_came_twice(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        archived = self.resend(
            volumes, make_study, b"one", b"one", uids=["1.1"] * 2, duplicates=[1, 2]
        )
        assert [instance.file for instance in archived.instances] == ["original.dcm"]


class TestDividedUploads:
    """The upload's own study; files 2 and 3 are of another one, file 4 is file 2 again."""

    @pytest.fixture
    def divide(self, make_study: MakeStudy) -> Callable[..., None]:
        def divide(*others: bytes) -> None:
            make_study(
                *(b"one", b"two", b"three", b"two"),
                uids=["1.1", "2.1", "2.2", "2.1"],
                duplicates=[4],
                elsewhere={2: OTHER_ID, 3: OTHER_ID},
            )
            if others:
                make_study(*others, uids=["2.1", "2.2"], study_id=OTHER_ID)

        return divide

    def test_only_its_own_instances_are_archived(
        self, volumes: Volumes, divide: Callable[..., None]
    ) -> None:
        divide(b"two", b"three")
        archived = archive(volumes)
        assert [instance.file for instance in archived.instances] == ["original.dcm"]
        assert [file.study_id for file in archived.provenance.files] == [
            None,
            OTHER_ID,
            OTHER_ID,
            OTHER_ID,
        ]
        assert not volumes.uploaded(STUDY_ID).exists()
        assert volumes.uploaded(OTHER_ID).exists()

    def test_hard_links_count_whatever_their_names(
        self, volumes: Volumes, divide: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        divide(b"two", b"three")
        for link, name in (("000001.dcm", "000002.dcm"), ("000002.dcm", "000003.dcm")):
            (volumes.uploaded(OTHER_ID) / link).unlink()
            os.link(volumes.uploaded(STUDY_ID) / name, volumes.uploaded(OTHER_ID) / link)
        monkeypatch.delattr(FileInStore, "sha256")
        archive(volumes)
        assert not volumes.uploaded(STUDY_ID).exists()

    def test_the_other_study_may_be_in_the_archive_first(
        self, volumes: Volumes, divide: Callable[..., None]
    ) -> None:
        divide(b"two", b"three")
        archive(volumes, study_id=OTHER_ID)
        archive(volumes)
        assert not volumes.uploaded(STUDY_ID).exists()

    def test_the_other_study_may_move_on_at_any_moment(
        self, volumes: Volumes, divide: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        divide(b"two", b"three")

        sha256 = FileInStore.sha256

        def sha256_after_the_other(file: FileInStore) -> str:
            monkeypatch.setattr(FileInStore, "sha256", sha256)
            archive(volumes, study_id=OTHER_ID)
            return sha256(file)

        monkeypatch.setattr(FileInStore, "sha256", sha256_after_the_other)
        archive(volumes)
        assert not volumes.uploaded(STUDY_ID).exists()
        assert not volumes.uploaded(OTHER_ID).exists()

    @pytest.mark.parametrize("others", [[], [b"two"], [b"two", b"another"]])
    def test_the_upload_stays_as_long_as_anything_is_missing_from_the_other_study(
        self, volumes: Volumes, divide: Callable[..., None], others: list[bytes]
    ) -> None:
        divide()
        if others:
            directory = volumes.uploaded(OTHER_ID)
            directory.mkdir()
            for index, content in enumerate(others):
                (directory / f"{index}.dcm").write_bytes(content)
        before = tree(volumes.uploads)
        with pytest.raises(PermanentError) as refusal:
            archive(volumes)
        assert refusal.value.code == "study.conflict"
        assert tree(volumes.uploads) == before


class TestWhatCannotBeFixed:
    def refused(self, volumes: Volumes) -> str:
        with pytest.raises(PermanentError) as refusal:
            archive(volumes)
        assert str(STUDY_ID) not in str(refusal.value)
        return refusal.value.code

    def test_a_study_that_does_not_exist(self, volumes: Volumes) -> None:
        assert self.refused(volumes) == "study.missing"

    @pytest.mark.parametrize("name", [INTAKE, REPORT, "000001.dcm"])
    def test_a_study_with_something_missing(
        self, volumes: Volumes, make_study: MakeStudy, name: str
    ) -> None:
        make_study(b"valid", b"bad", rejected=[2])
        (volumes.uploaded(STUDY_ID) / name).unlink()
        assert self.refused(volumes) == "study.incomplete"

    @pytest.mark.parametrize("name", [INTAKE, REPORT])
    def test_a_study_with_a_broken_document(
        self, volumes: Volumes, make_study: MakeStudy, name: str
    ) -> None:
        make_study(b"valid")
        (volumes.uploaded(STUDY_ID) / name).write_bytes(b"{}")
        assert self.refused(volumes) == "study.unreadable"

    def test_a_study_without_a_valid_instance(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"bad", rejected=[1])
        assert self.refused(volumes) == "study.rejected"
        assert files(volumes) == {"uploads/000001.dcm": b"bad"}

    @pytest.mark.parametrize("name", ["000001.dcm", "000002.dcm"])
    def test_bytes_that_are_not_those_that_arrived(
        self, volumes: Volumes, make_study: MakeStudy, name: str
    ) -> None:
        make_study(b"valid", b"bad..", rejected=[2])
        (volumes.uploaded(STUDY_ID) / name).write_bytes(b"rot..")
        assert self.refused(volumes) == "study.corrupted"
        assert set(tree(volumes.uploads)) >= {"uploads/000001.dcm", "uploads/000002.dcm"}

    def test_metadata_in_the_archive_that_are_broken(
        self, volumes: Volumes, make_study: MakeStudy
    ) -> None:
        make_study(b"valid")
        archive(volumes)
        for content in (b"{", b"{}"):
            (volumes.archived(STUDY_ID) / METADATA).write_bytes(content)
            assert self.refused(volumes) == "study.unreadable"

    @pytest.mark.parametrize("volume", ["archive", "quarantine"])
    def test_another_study_under_the_same_id(
        self, volumes: Volumes, make_study: MakeStudy, volume: str
    ) -> None:
        make_study(b"other", b"worse", rejected=[2])
        archive(volumes)
        if volume == "quarantine":
            remove_directory(volumes.archived(STUDY_ID))
        else:
            remove_directory(volumes.quarantined(STUDY_ID))
        before = tree(volumes.archive, volumes.quarantine)
        make_study(b"valid", b"bad", rejected=[2])
        assert self.refused(volumes) == "study.conflict"
        after = tree(volumes.archive, volumes.quarantine)
        assert {name: after[name] for name in before} == before
        assert tree(volumes.uploads)["uploads/000001.dcm"] == b"valid"
        assert tree(volumes.uploads)["uploads/000002.dcm"] == b"bad"
