"""A study: every file has its outcome, and files at odds with each other are not filed."""

import errno
import hashlib
import hmac
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.messaging.errors import PermanentError
from chassis.service.reservations import release_when_failed
from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake, StoredFile
from contracts.places import Place, stored_name, study_directory
from contracts.report import FileCounts, Outcome, StudyReport
from descriptor.instance_description import InstanceDescription, undescribed
from descriptor.instances import Instance
from descriptor.preview import no_preview
from descriptor.study import Archiving, archive_study
from engine.profiles.profile import Profile, SeverityChange
from engine.report import Report
from kit.uid_index import MemoryUidIndex
from kit.volumes import Volumes
from storage.layout import INTAKE, JOURNAL, METADATA, REPORT
from storage.reservation import Content, Reservation
from unit.engine import dicom_writer as dicom
from unit.gateway.studies_on_disk import Disk, Sent
from validator.decide import Verdict, decide
from validator.examine_file import examine_file
from validator.profiles import ProfileLookup
from validator.settings import OnInvalidInstance
from validator.study import Validated, Validation, validate_upload

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
PROFILE = Profile()


@pytest.fixture
def volumes(tmp_path: Path) -> Volumes:
    return Volumes.below(tmp_path)


@dataclass
class Trial:
    """Uploads that are validated without a service around."""

    volumes: Volumes
    index: MemoryUidIndex = field(default_factory=MemoryUidIndex)
    examined: list[str] = field(default_factory=list)
    noted: list[FileCounts] = field(default_factory=list)
    on_invalid: OnInvalidInstance = OnInvalidInstance.QUARANTINE
    failing: str = ""
    profile: Profile = PROFILE
    patient_hash_key: str = ""

    def upload(self, *contents: bytes, study_id: UUID = STUDY, **fields: Any) -> None:
        directory = self.volumes.uploaded(study_id)
        directory.mkdir(parents=True)
        files = []
        for index, content in enumerate(contents, start=1):
            name = stored_name(index)
            (directory / name).write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            files.append(StoredFile(name=name, size_bytes=len(content), sha256=digest))
        event = StudyUploaded.new(
            source="gateway",
            subject=study_id,
            data=StudyUploadedData(
                directory=study_directory(Place.UPLOADS, study_id),
                file_count=len(files),
                size_bytes=sum(file.size_bytes for file in files),
            ),
        )
        intake = Intake(event=event, files=tuple(files), **fields)
        (directory / INTAKE).write_bytes(intake.to_json())

    async def validate(self, study_id: UUID = STUDY) -> list[Validated]:
        async def examine(paths: Sequence[Path], profile: Profile) -> list[Report]:
            for path in paths:
                if path.name == self.failing:
                    raise OSError(errno.EIO, "the disk is gone")
                self.examined.append(path.name)
            return [examine_file(str(path), profile) for path in paths]

        validation = Validation(
            studies=self.volumes.studies,
            examine=examine,
            profile=ProfileLookup(self.profile, None, PROFILE.limits),
            index=self.index,
            on_invalid=self.on_invalid,
            at_once=1,
            patient_hash_key=self.patient_hash_key,
        )
        return await validate_upload(study_id, validation, self.noted.append)

    def report(self, study_id: UUID = STUDY) -> StudyReport:
        for directory in (self.volumes.uploaded(study_id), self.volumes.quarantined(study_id)):
            if directory.is_dir():
                return StudyReport.model_validate_json((directory / REPORT).read_bytes())
        raise AssertionError("there is no report")


async def validated(volumes: Volumes, *contents: bytes, **fields: Any) -> StudyReport:
    trial = Trial(volumes)
    trial.upload(*contents, **fields)
    await trial.validate()
    return trial.report()


def instance(uid: str, **changes: bytes) -> bytes:
    dataset = dicom.ct()
    dataset[0x00080018] = ("UI", dicom.uid(uid))
    for name, value in changes.items():
        tag = int(name[1:], 16)
        vr = dataset[tag][0] if tag in dataset else "SH"
        dataset[tag] = (vr, value)
    group_2 = dicom.with_length(dicom.encode(dicom.meta(sop_instance=dicom.uid(uid))))
    return dicom.part10(dataset, group_2=group_2)


def received(uid: str) -> bytes:
    """The instance as a PACS passes it on, which writes the file meta information again."""
    changes = {"sop_instance": dicom.uid(uid), "implementation": dicom.uid("1.2.276.0.7230010.3.0")}
    return dicom.part10(
        dicom.ct() | {0x00080018: ("UI", dicom.uid(uid))},
        group_2=dicom.with_length(dicom.encode(dicom.meta(**changes))),
    )


async def test_valid_instances_are_accepted_and_the_report_says_what_they_were_checked_against(
    volumes: Volumes,
) -> None:
    report = await validated(volumes, instance("1.2.1"), instance("1.2.2"))

    assert (report.outcome, report.files.accepted) == (Outcome.ACCEPTED, 2)
    assert report.profile == "default"
    assert report.standard_edition >= "2026"
    assert report.findings == ()
    assert volumes.uploaded(STUDY).is_dir()


@pytest.mark.parametrize(
    ("expected", "code"),
    [(1, "study.instances-extra"), (2, None), (3, "study.instances-missing")],
)
async def test_the_number_of_instances_that_the_sender_stated_is_compared_with_those_received(
    volumes: Volumes, expected: int, code: str | None
) -> None:
    report = await validated(
        volumes, instance("1.2.1"), instance("1.2.2"), expected_instances=expected
    )

    assert [finding.code for finding in report.findings] == ([code] if code else [])
    assert report.outcome is Outcome.ACCEPTED


async def test_an_invalid_file_does_not_affect_the_others(volumes: Volumes) -> None:
    report = await validated(volumes, instance("1.2.1"), instance("1.2.2")[:-30])

    assert [i.outcome for i in report.instances] == [Outcome.ACCEPTED, Outcome.REJECTED]
    assert report.outcome is Outcome.ACCEPTED


async def test_an_invalid_file_that_contradicts_the_others_does_not_affect_them(
    volumes: Volumes,
) -> None:
    nameless = instance("1.2.2", x0020000D=b"")
    part_of_another = instance("1.2.1")[:-30]
    report = await validated(volumes, instance("1.2.1"), nameless, part_of_another)

    assert [i.outcome for i in report.instances] == [
        Outcome.ACCEPTED, Outcome.REJECTED, Outcome.REJECTED,
    ]  # fmt: skip


async def test_different_files_under_one_uid_are_both_refused(volumes: Volumes) -> None:
    other = instance("1.2.1", x00280103=dicom.us(1))
    report = await validated(volumes, instance("1.2.1"), other, instance("1.2.2"))

    outcomes = [i.outcome for i in report.instances]
    assert outcomes == [Outcome.REJECTED, Outcome.REJECTED, Outcome.ACCEPTED]
    (finding,) = report.findings
    assert finding.code == "study.instance-conflict"
    assert finding.files == ("000001.dcm", "000002.dcm")
    assert "study.instance-conflict" in {summary.code for summary in report.summaries()}


async def test_instances_of_different_patients_in_one_study_go_to_quarantine(
    volumes: Volumes,
) -> None:
    other = instance("1.2.2", x00100020=b"XY-1")
    report = await validated(volumes, instance("1.2.1"), other)

    assert report.outcome is Outcome.REJECTED
    assert volumes.quarantined(STUDY).is_dir()
    assert b"XY-1" not in report.to_json()


@pytest.fixture
def trial(volumes: Volumes) -> Trial:
    return Trial(volumes)


def outcomes(report: StudyReport) -> list[Outcome]:
    return [entry.outcome for entry in report.instances]


async def test_the_same_file_twice_is_kept_once_and_reported(trial: Trial) -> None:
    trial.upload(instance("1.2.1"), instance("1.2.1"), instance("1.2.2"))
    [study] = await trial.validate()

    assert outcomes(trial.report()) == [Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.ACCEPTED]
    assert study.data.files == FileCounts(
        received=3, examined=3, accepted=2, rejected=0, duplicates=1, skipped=0
    )
    assert [f.code for f in trial.report().findings] == ["study.instance-duplicate"]


async def test_a_file_that_came_in_another_upload_is_an_accepted_duplicate(
    trial: Trial,
) -> None:
    other = uuid4()
    trial.upload(instance("1.2.1"), study_id=other)
    await trial.validate(other)
    trial.upload(instance("1.2.1"))
    [study] = await trial.validate()

    [entry] = trial.report().instances
    assert entry.outcome is Outcome.DUPLICATE
    assert study.data.duplicate_of == (other,)
    assert [(f.code, f.found) for f in entry.findings if f.code.startswith("study.")] == [
        ("study.instance-archived", f"the same file in {other}")
    ]
    assert study.outcome is Outcome.ACCEPTED


async def test_an_upload_with_anything_new_is_no_duplicate(trial: Trial) -> None:
    trial.upload(instance("1.2.1"), study_id=(other := uuid4()))
    await trial.validate(other)
    trial.upload(instance("1.2.1"), instance("1.2.2"))
    [study] = await trial.validate()
    assert (study.data.files.duplicates, study.data.duplicate_of) == (1, None)


async def test_so_is_one_whose_file_meta_information_was_written_again(trial: Trial) -> None:
    other = uuid4()
    trial.upload(instance("1.2.1"), study_id=other)
    await trial.validate(other)
    trial.upload(received("1.2.1"))
    [study] = await trial.validate()

    [entry] = trial.report().instances
    assert (entry.outcome, study.data.files.duplicates) == (Outcome.DUPLICATE, 1)
    [found] = [f.found for f in entry.findings if f.code == "study.instance-archived"]
    assert found == f"the same data set under another header in {other}"


async def test_within_an_upload_too(trial: Trial) -> None:
    trial.upload(instance("1.2.1"), received("1.2.1"))
    [study] = await trial.validate()
    assert outcomes(trial.report()) == [Outcome.ACCEPTED, Outcome.DUPLICATE]
    assert [f.code for f in trial.report().findings] == ["study.instance-duplicate"]
    assert study.outcome is Outcome.ACCEPTED


async def test_another_transfer_syntax_under_the_same_uid_is_a_conflict_and_said_so(
    trial: Trial,
) -> None:
    other = uuid4()
    trial.upload(instance("1.2.1"), study_id=other)
    await trial.validate(other)
    dataset = dicom.ct() | {0x00080018: ("UI", dicom.uid("1.2.1"))}
    group_2 = dicom.encode(
        dicom.meta(sop_instance=dicom.uid("1.2.1"), transfer_syntax=dicom.uid(dicom.IMPLICIT))
    )
    trial.upload(dicom.part10(dataset, dicom.IMPLICIT, group_2=dicom.with_length(group_2)))
    await trial.validate()

    [entry] = trial.report().instances
    assert entry.outcome is Outcome.REJECTED
    [conflict] = [f for f in entry.findings if f.code == "study.instance-conflict"]
    assert conflict.found == f"one in transfer syntax {dicom.EXPLICIT} in {other}"


@pytest.mark.parametrize(
    ("now", "outcome"),
    [("the same data set", Outcome.DUPLICATE), ("another data set", Outcome.REJECTED)],
)
@pytest.mark.parametrize("on_invalid", OnInvalidInstance)
async def test_what_an_older_version_archived_is_read_to_compare_it(
    trial: Trial, tmp_path: Path, now: str, outcome: Outcome, on_invalid: OnInvalidInstance
) -> None:
    first = Sent(instance("1.2.1"), uid="1.2.1")
    Disk(tmp_path).archive(first, study_id=(other := uuid4()))
    trial.index.instances["1.2.1"] = Reservation(other, Content(first.sha256))
    trial.on_invalid = on_invalid
    is_same = now == "the same data set"
    trial.upload(received("1.2.1") if is_same else instance("1.2.1", x00280103=dicom.us(1)))
    await trial.validate()

    [entry] = trial.report().instances
    assert entry.outcome is outcome


async def test_what_is_gone_from_the_archive_is_compared_by_its_bytes(trial: Trial) -> None:
    content = Content(hashlib.sha256(instance("1.2.1")).hexdigest())
    trial.index.instances["1.2.1"] = Reservation(uuid4(), content)
    trial.upload(received("1.2.1"))
    await trial.validate()
    assert outcomes(trial.report()) == [Outcome.REJECTED]


async def test_other_bytes_under_a_uid_of_another_upload_are_refused(trial: Trial) -> None:
    trial.upload(instance("1.2.1"), study_id=(other := uuid4()))
    await trial.validate(other)
    trial.upload(instance("1.2.1", x00280103=dicom.us(1)), instance("1.2.2"))
    await trial.validate()

    refused, accepted = trial.report().instances
    assert (refused.outcome, accepted.outcome) == (Outcome.REJECTED, Outcome.ACCEPTED)
    assert "study.instance-conflict" in {finding.code for finding in refused.findings}


class Failing:
    """A service that reports the studies that it could not process."""

    def __init__(self) -> None:
        self.calls: list[Callable[[UUID], Awaitable[None]]] = []

    def when_failed(self, call: Callable[[UUID], Awaitable[None]]) -> None:
        self.calls.append(call)


@pytest.mark.parametrize("is_archived", [False, True])
async def test_a_study_in_error_keeps_its_uids_only_if_it_is_archived(
    trial: Trial, *, is_archived: bool
) -> None:
    service: Any = Failing()
    release_when_failed(service, trial.index.forget, trial.volumes.studies)
    trial.upload(instance("1.2.1"), study_id=(other := uuid4()))
    await trial.validate(other)
    if is_archived:
        await archived(trial, other)

    [release] = service.calls
    for _ in range(2):
        await release(other)

    trial.upload(instance("1.2.1", x00280103=dicom.us(1)))
    await trial.validate()
    expected = Outcome.REJECTED if is_archived else Outcome.ACCEPTED
    assert outcomes(trial.report()) == [expected]


async def test_a_repeated_file_is_refused_with_the_first_one(trial: Trial) -> None:
    other = uuid4()
    trial.upload(instance("1.2.1"), study_id=other)
    await trial.validate(other)
    changed = instance("1.2.1", x00280103=dicom.us(1))
    trial.upload(changed, changed)
    [study] = await trial.validate()

    assert outcomes(trial.report()) == [Outcome.REJECTED, Outcome.REJECTED]
    assert study.outcome is Outcome.REJECTED


async def test_validating_again_gives_the_same_report(trial: Trial) -> None:
    trial.upload(instance("1.2.1"), instance("1.2.1"), instance("1.2.2")[:-30])
    first = await trial.validate()
    report = trial.report()
    (trial.volumes.uploaded(STUDY) / REPORT).unlink()
    again = await trial.validate()

    assert [study.data for study in first] == [study.data for study in again]
    assert trial.report().instances == report.instances


async def test_after_an_interruption_no_file_is_examined_twice(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validator.examine.FILES_AT_ONCE", 1)
    trial.upload(*(instance(f"1.2.{number}") for number in range(1, 6)))
    journal = trial.volumes.uploaded(STUDY) / JOURNAL
    trial.failing = "000004.dcm"
    with pytest.raises(OSError, match="the disk is gone"):
        await trial.validate()
    assert trial.examined == ["000001.dcm", "000002.dcm", "000003.dcm"]
    with journal.open("ab") as file:
        file.write(b'["000004.dcm",{"torn')

    trial.failing = ""
    await trial.validate()

    assert trial.examined[3:] == ["000004.dcm", "000005.dcm"]
    assert outcomes(trial.report()) == [Outcome.ACCEPTED] * 5
    assert not journal.exists()
    assert trial.noted[-1].received == 5


async def test_a_report_that_another_validator_has_written_meanwhile_is_final(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.upload(instance("1.2.1"))
    report = trial.volumes.uploaded(STUDY) / REPORT

    async def decide_late(*args: Any, **options: Any) -> Verdict:
        report.write_bytes(b"{}")
        return await decide(*args, **options)

    monkeypatch.setattr("validator.study.decide", decide_late)
    with pytest.raises(FileExistsError, match="another validator"):
        await trial.validate()
    assert report.read_bytes() == b"{}"


async def test_the_journal_of_another_profile_is_not_used(trial: Trial) -> None:
    trial.upload(instance("1.2.1"))
    (trial.volumes.uploaded(STUDY) / JOURNAL).write_bytes(b'{"profile":"another"}\n')
    await trial.validate()
    assert trial.examined == ["000001.dcm"]


async def archived(trial: Trial, study_id: UUID) -> None:
    """Archive a study as the descriptor does."""

    async def describe(
        _: Sequence[Path], instances: Sequence[Instance], **__: bool
    ) -> list[InstanceDescription]:
        return [undescribed(instance.identity) for instance in instances]

    archiving = Archiving(trial.volumes.studies, describe, trial.index, no_preview)
    await archive_study(study_id, archiving)


def of_study(uid: str, study: str, **changes: bytes) -> bytes:
    uids = {"x0020000D": dicom.uid(study), "x0020000E": dicom.uid(f"{study}.1")}
    return instance(uid, **uids, **changes)


async def test_several_studies_in_one_upload_become_one_each(trial: Trial) -> None:
    trial.upload(
        of_study("1.2.1", "1.9.1"),
        of_study("1.2.2", "1.9.2"),
        of_study("1.2.3", "1.9.1"),
        of_study("1.2.4", "1.9.2")[:-30],
        label="trial-42",
    )
    other, upload = await trial.validate()

    assert upload.study_id == STUDY
    assert upload.data.studies == (other.study_id,)
    assert other.data.upload_id == STUDY
    assert other.data.label == upload.data.label == "trial-42"
    assert [entry.study_id for entry in trial.report().instances] == [
        None, other.study_id, None, None,
    ]  # fmt: skip
    assert outcomes(trial.report())[3] is Outcome.REJECTED
    directory = trial.volumes.uploaded(other.study_id)
    assert sorted(path.name for path in directory.iterdir()) == [
        "000002.dcm", INTAKE, REPORT,
    ]  # fmt: skip
    intake = Intake.model_validate_json((directory / INTAKE).read_bytes())
    assert (intake.upload_id, intake.event.subject) == (STUDY, other.study_id)
    assert trial.report(other.study_id).files.accepted == 1

    again = await trial.validate()
    assert [study.data for study in again] == [other.data, upload.data]


async def test_the_first_study_with_a_valid_file_keeps_the_id_of_the_upload(trial: Trial) -> None:
    trial.upload(of_study("1.2.1", "1.9.1")[:-30], of_study("1.2.2", "1.9.2"))
    [upload] = await trial.validate()
    assert (upload.study_id, upload.outcome) == (STUDY, Outcome.ACCEPTED)


async def test_when_all_files_of_a_study_conflict_with_the_archive_the_next_study_gets_the_id(
    trial: Trial,
) -> None:
    trial.upload(of_study("1.2.1", "1.9.1"), study_id=(earlier := uuid4()))
    await trial.validate(earlier)
    other_bytes = of_study("1.2.1", "1.9.1", x00280103=dicom.us(1))
    trial.upload(other_bytes, of_study("1.2.2", "1.9.2"))
    [upload] = await trial.validate()

    assert (upload.study_id, upload.outcome) == (STUDY, Outcome.ACCEPTED)
    assert [entry.study_id for entry in trial.report().instances] == [None, None]
    assert outcomes(trial.report()) == [Outcome.REJECTED, Outcome.ACCEPTED]
    assert trial.index.instances["1.2.2"].study_id == STUDY


async def test_each_study_has_the_findings_about_itself(trial: Trial) -> None:
    trial.upload(
        of_study("1.2.1", "1.9.1"),
        of_study("1.2.2", "1.9.2", x00080050=b"A1"),
        of_study("1.2.3", "1.9.2", x00080050=b"A2"),
        of_study("1.2.1", "1.9.1"),
    )
    other, _ = await trial.validate()

    differs = "study.attribute-differs"
    found = {finding.code: finding.study_id for finding in trial.report().findings}
    assert found == {
        "study.several": None,
        "study.instance-duplicate": None,
        differs: other.study_id,
    }
    [about_itself] = trial.report(other.study_id).findings
    assert (about_itself.code, about_itself.study_id) == (differs, None)
    assert about_itself.files == ("000002.dcm", "000003.dcm")


async def test_after_an_interruption_missing_studies_are_committed_and_archived_ones_are_not(
    trial: Trial,
) -> None:
    trial.upload(*(of_study(f"1.2.{number}", f"1.9.{number}") for number in (1, 2, 3)))
    first, second, upload = await trial.validate()
    trial.volumes.archive.mkdir()
    archived = trial.volumes.archived(first.study_id)
    trial.volumes.uploaded(first.study_id).rename(archived)
    (archived / METADATA).write_bytes(b"{}")
    shutil.rmtree(trial.volumes.uploaded(second.study_id))

    again = await trial.validate()

    assert [study.data for study in again] == [first.data, second.data, upload.data]
    assert not trial.volumes.uploaded(first.study_id).exists()
    assert (trial.volumes.uploaded(second.study_id) / "000003.dcm").exists()


async def test_the_studies_of_an_archived_upload_that_still_wait_are_announced_again(
    trial: Trial,
) -> None:
    """Redis may lose the announcements after the upload itself has been archived."""
    trial.upload(*(of_study(f"1.2.{number}", f"1.9.{number}") for number in (1, 2, 3)), label="x")
    first, second, upload = await trial.validate()
    await archived(trial, first.study_id)
    await archived(trial, upload.study_id)

    [again] = await trial.validate()

    assert (again.study_id, again.data) == (second.study_id, second.data)


async def test_modalities_and_patient_of_a_study_are_its_own(trial: Trial) -> None:
    other = of_study("1.2.2", "1.9.2", x00080060=b"MR", x00100020=b"XY-1")
    trial.upload(of_study("1.2.1", "1.9.1"), other, other)
    second, upload = await trial.validate()

    assert (upload.data.modalities, second.data.modalities) == (("CT",), ("MR",))
    assert upload.patient_id_hash != second.patient_id_hash
    assert second.patient_id_hash == hashlib.sha256(b"XY-1").hexdigest()


async def test_an_instance_of_another_study_than_the_sender_named_is_refused(trial: Trial) -> None:
    trial.upload(of_study("1.2.1", "1.9.1"), of_study("1.2.2", "1.9.2"), study_instance_uid="1.9.1")
    await trial.validate()
    assert outcomes(trial.report()) == [Outcome.ACCEPTED, Outcome.REJECTED]
    assert "study.uid-unexpected" in {f.code for f in trial.report().instances[1].findings}


async def test_beyond_the_greatest_number_of_studies_files_are_refused(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validator.decide.MOST_STUDIES", 2)
    trial.upload(*(of_study(f"1.2.{number}", f"1.9.{number}") for number in (1, 2, 3)))
    assert len(await trial.validate()) == 2
    refused = trial.report().instances[2]
    assert refused.outcome is Outcome.REJECTED
    assert "study.too-many" in {finding.code for finding in refused.findings}


async def test_a_study_can_be_archived_as_a_whole_or_not_at_all(trial: Trial) -> None:
    trial.on_invalid = OnInvalidInstance.FAIL_STUDY
    trial.upload(instance("1.2.1"), instance("1.2.2")[:-30])
    [study] = await trial.validate()

    assert study.outcome is Outcome.REJECTED
    assert outcomes(trial.report()) == [Outcome.REJECTED, Outcome.REJECTED]
    assert "study.failed-with-others" in {f.code for f in trial.report().instances[0].findings}
    assert trial.volumes.quarantined(STUDY).is_dir()
    assert trial.index.instances == {}


async def test_a_study_that_fails_because_of_a_conflict_does_not_block_its_corrected_successor(
    trial: Trial,
) -> None:
    trial.on_invalid = OnInvalidInstance.FAIL_STUDY
    trial.upload(instance("1.2.1"), study_id=(archived := uuid4()))
    await trial.validate(archived)
    trial.upload(instance("1.2.2"), instance("1.2.1", x00280103=dicom.us(1)))
    [study] = await trial.validate()

    assert study.outcome is Outcome.REJECTED
    assert trial.index.instances.keys() == {"1.2.1"}
    codes = [{f.code for f in entry.findings} for entry in trial.report().instances]
    assert "study.failed-with-others" in codes[0]
    assert "study.instance-conflict" in codes[1]


async def test_a_profile_may_reject_duplicates(trial: Trial) -> None:
    refused = SeverityChange(code=("study.instance-archived",), severity="error")
    trial.profile = Profile(severities=(refused,))
    trial.upload(instance("1.2.1"), study_id=(earlier := uuid4()))
    await trial.validate(earlier)
    trial.upload(instance("1.2.1"))
    [study] = await trial.validate()
    assert study.outcome is Outcome.REJECTED


async def test_rejected_files_count_towards_the_stated_number_of_instances(
    volumes: Volumes,
) -> None:
    report = await validated(
        volumes, instance("1.2.1"), instance("1.2.2")[:-30], expected_instances=2
    )
    assert report.findings == ()


async def test_a_study_without_errors_is_archived_as_a_whole(trial: Trial) -> None:
    trial.on_invalid = OnInvalidInstance.FAIL_STUDY
    trial.upload(instance("1.2.1"), instance("1.2.2"))
    [study] = await trial.validate()
    assert (study.outcome, study.data.files.accepted) == (Outcome.ACCEPTED, 2)


async def test_the_profile_that_the_sender_asks_for_is_applied(trial: Trial) -> None:
    trial.upload(instance("1.2.1"), profile="lenient")
    await trial.validate()
    assert trial.report().profile == "lenient"


async def test_an_unknown_profile_is_an_error_of_the_study(trial: Trial) -> None:
    trial.upload(instance("1.2.1"), profile="unheard-of")
    with pytest.raises(PermanentError) as raised:
        await trial.validate()
    assert raised.value.code == "profile.unknown"


@pytest.mark.parametrize("key", ["", "secret"])
async def test_patients_are_distinguished_by_a_keyed_digest(trial: Trial, key: str) -> None:
    trial.patient_hash_key = key
    trial.upload(instance("1.2.1", x00100020=b"JD "))
    [study] = await trial.validate()
    digest = hashlib.sha256(b"JD").hexdigest()
    expected = hmac.digest(b"secret", digest.encode(), "sha256").hex() if key else digest
    assert study.patient_id_hash == expected


async def test_only_modalities_are_announced_and_no_other_text_in_their_place(
    trial: Trial,
) -> None:
    trial.upload(instance("1.2.1"), instance("1.2.2", x00080060=b"Doe, J"))
    [study] = await trial.validate()
    assert study.data.modalities == ("CT",)
