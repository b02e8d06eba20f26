"""What the descriptor writes and what `storage.metadata` reads are the same."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock
from uuid import UUID

import orjson
import pydicom
import pytest

from contracts.intake import SkippedFile
from contracts.model import SkipReason
from contracts.places import Place
from contracts.report import Outcome
from descriptor.archive import commit_study, open_study
from descriptor.archived import Archived
from descriptor.description import describe_instance
from descriptor.metadata import StudyMetadata
from kit.volumes import Volumes
from storage.layout import METADATA
from storage.metadata import ArchivedStudy

STUDY_ID = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
OTHER_ID = UUID("3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22")
NASTY = '  "dataset": {}\n"dataset": null,\r\n\u2028\x0b"file_meta": ,\\ \x85 end "instances": ['

MakeStudy = Callable[..., UUID]
Sample = Callable[[str], bytes]


def nasty(content: bytes, number: int) -> bytes:
    """An instance whose texts look like lines of the file."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPInstanceUID = f"1.2.{number}"
    dataset.InstanceNumber = number
    dataset.ImageComments = NASTY
    dataset.RequestAttributesSequence = [pydicom.Dataset()]
    dataset.RequestAttributesSequence[0].ScheduledProcedureStepDescription = '"dataset": {'
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


NOW = datetime(2025, 1, 1, 12, 2, tzinfo=UTC)


@pytest.fixture
def short(volumes: Volumes, make_study: MakeStudy, sample: Sample) -> Archived:
    """What committing returns of a study: four instances, one of them sent twice, one of another
    study."""
    valid = [nasty(sample("CT_small.dcm"), number) for number in (1, 2, 3)]
    contents = [*valid, sample("MR_small.dcm"), valid[0], b"no image", b"another's"]
    make_study(
        *contents,
        duplicates=[5],
        rejected=[6],
        elsewhere={7: OTHER_ID},
        label="trial-42",
        profile="strict",
        upload_id=OTHER_ID,
        resubmitted_from=OTHER_ID,
        skipped=(SkippedFile(sent_as=NASTY, reason=SkipReason.HIDDEN),),
    )
    (volumes.archived(OTHER_ID)).mkdir()
    (volumes.archived(OTHER_ID) / "original.dcm").write_bytes(b"another's")
    study = open_study(volumes.studies, STUDY_ID)
    assert study
    temporary = volumes.studies.store.temporary_file(Place.ARCHIVE)
    with StudyMetadata(study, temporary, NOW) as metadata:
        for instance in study.instances:
            metadata.add(
                [
                    (
                        instance,
                        describe_instance(
                            volumes.uploaded(STUDY_ID) / instance.stored.name, instance.file
                        ),
                    )
                ]
            )
        return commit_study(volumes.studies, metadata, {}, NOW)


@pytest.fixture
def study_id(short: Archived) -> UUID:
    assert short
    return STUDY_ID


@pytest.fixture
def document(volumes: Volumes, study_id: UUID) -> Any:
    return orjson.loads((volumes.archived(study_id) / METADATA).read_bytes())


@pytest.fixture
def archived(volumes: Volumes, study_id: UUID) -> ArchivedStudy:
    return volumes.studies.archived(study_id).metadata()


def test_the_study_its_series_and_its_report_are_read(
    archived: ArchivedStudy, document: Any
) -> None:
    assert archived.study == document["study"]
    assert list(archived.series) == document["series"]
    assert orjson.loads(archived.validation.to_json()) == document["validation"]


def test_what_is_announced_is_what_is_read(archived: ArchivedStudy, short: Archived) -> None:
    assert short == Archived.of(archived)
    assert short.instance_count == 4


def test_every_instance_is_read(archived: ArchivedStudy, document: Any) -> None:
    read = [
        instance.model_dump(by_alias=True, exclude_none=True) for instance in archived.instances
    ]
    assert len(read) == 4
    for instance, written in zip(read, document["instances"], strict=True):
        assert instance.items() <= written.items()
        assert {"InstanceNumber", "Rows", "Columns", "SOPInstanceUID", "sha256"} <= instance.keys()


def test_where_it_came_from_is_read(archived: ArchivedStudy, document: Any) -> None:
    read = orjson.loads(archived.provenance.to_json())
    written = document["provenance"]
    assert read.keys() == written.keys() - {"event_id", "validated_at", "software"}
    assert read == {name: written[name] for name in read}
    assert [file.outcome for file in archived.provenance.files] == [
        *[Outcome.ACCEPTED] * 4,
        Outcome.DUPLICATE,
        Outcome.REJECTED,
        Outcome.ACCEPTED,
    ]
    assert archived.provenance.files[4].archived_as == "original/1.2.1.dcm"
    assert archived.provenance.files[6].study_id == OTHER_ID


def test_every_data_set_is_read_whatever_it_says(
    volumes: Volumes, study_id: UUID, document: Any
) -> None:
    datasets = [orjson.loads(line) for line in volumes.studies.archived(study_id).datasets()]
    assert datasets == [instance["dataset"] for instance in document["instances"]]
    assert datasets[0]["00204000"]["Value"] == [NASTY]


def test_the_data_sets_are_skipped(
    volumes: Volumes, study_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = Mock(side_effect=orjson.loads)
    monkeypatch.setattr("orjson.loads", loads)
    volumes.studies.archived(study_id).metadata()
    [[outline]] = [call.args for call in loads.call_args_list]
    assert b"00204000" not in outline
    assert outline.count(b'"dataset": null') == outline.count(b'"file_meta": null,') == 4
