"""Uploads of several studies, and what came before: as validator and descriptor agree on it."""

import io
from typing import Any

import pydicom
import pytest

from contract.flow import Flow
from contracts.events import CloudEvent, StudyArchived, StudyValidated
from contracts.report import FileCounts
from storage.metadata import ArchivedStudy


def variant(content: bytes, **changes: Any) -> bytes:
    """The same instance with other values."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


@pytest.fixture
def slices(ct: bytes) -> list[bytes]:
    return [variant(ct, SOPInstanceUID=f"1.2.3.{n}", InstanceNumber=n) for n in (1, 2, 3)]


def archived(flow: Flow, event: CloudEvent) -> ArchivedStudy:
    return flow.volumes.studies.archived(event.subject).metadata()


def left(flow: Flow) -> list[str]:
    """The studies that still lie in the uploads."""
    return [path.name for path in flow.volumes.uploads.glob("[!.]*")]


async def test_an_upload_of_two_studies_becomes_two_entries_of_the_archive(
    flow: Flow, slices: list[bytes]
) -> None:
    uids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1"}
    other = variant(slices[0], SOPInstanceUID="1.2.4.1.1", **uids)
    upload = await flow.upload(slices[0], other, slices[1], other)

    events = [event for event in flow.events() if isinstance(event, StudyArchived)]
    [own_event] = [event for event in events if event.subject == upload.subject]
    [other_event] = [event for event in events if event.subject != upload.subject]
    assert (own_event.data.instance_count, other_event.data.instance_count) == (2, 1)
    assert archived(flow, other_event).provenance.upload_id == upload.subject
    files = archived(flow, upload).provenance.files
    assert [file.study_id == other_event.subject for file in files][:3] == [False, True, False]
    assert left(flow) == []
    assert flow.index.studies["1.2.4"] == {other_event.subject}


async def test_a_study_that_is_sent_again_is_linked_to_the_same_bytes(
    flow: Flow, slices: list[bytes]
) -> None:
    first = await flow.upload(*slices[:2])
    again = await flow.upload(*slices)

    one, other = (flow.volumes.archived(event.subject) for event in (first, again))
    for name in ("original/1.2.3.1.dcm", "original/1.2.3.2.dcm"):
        assert (one / name).samefile(other / name)
    assert (other / "original/1.2.3.3.dcm").read_bytes() == slices[2]
    assert [file.outcome for file in archived(flow, again).provenance.files] == [
        "duplicate",
        "duplicate",
        "accepted",
    ]
    assert left(flow) == []
    assert flow.dead_letters == []


async def test_an_upload_of_duplicates_only_is_archived_too(
    flow: Flow, slices: list[bytes]
) -> None:
    await flow.upload(*slices)
    again = await flow.upload(*slices, slices[0])

    assert len(archived(flow, again).instances) == 3
    assert flow.sent()[-1] == "study.archived"
    assert left(flow) == []


async def test_a_study_that_conflicts_with_the_archive_is_quarantined_and_the_others_are_archived(
    flow: Flow, slices: list[bytes]
) -> None:
    await flow.upload(slices[0])
    at_odds = variant(slices[0], Rows=127)
    uids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1"}
    another = variant(slices[1], SOPInstanceUID="1.2.4.1.1", **uids)
    upload = await flow.upload(at_odds, another, at_odds, label="trial-42")

    [validated] = [
        event
        for event in flow.events()
        if isinstance(event, StudyValidated) and event.subject == upload.subject
    ]
    assert validated.data.files == FileCounts(
        received=3, examined=3, accepted=1, rejected=2, duplicates=0, skipped=0
    )
    assert validated.data.label == "trial-42"
    assert validated.data.studies is None
    assert archived(flow, upload).instances[0].sop_instance_uid == "1.2.4.1.1"
    quarantined = flow.volumes.quarantined(upload.subject)
    assert sorted(path.name for path in quarantined.glob("*.dcm")) == ["000001.dcm", "000003.dcm"]
    assert left(flow) == []
    assert flow.dead_letters == []
