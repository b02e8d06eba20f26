"""Channels, volumes and ``intake.json``: who sends what, and what is stored where."""

from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.channels import CHANNELS, DEAD_LETTER
from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake, StoredFile
from contracts.places import Place, stored_name, study_directory
from kit.volumes import Volumes

SERVICES = {"gateway", "validator", "descriptor", "status"}
STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
EVENT = StudyUploaded.new(
    source="gateway",
    subject=STUDY,
    data=StudyUploadedData(
        directory=study_directory(Place.UPLOADS, STUDY), file_count=1, size_bytes=3
    ),
)
FILE = StoredFile(name="000001.dcm", sent_as="../../etc/passwd", size_bytes=3, sha256="0" * 64)


def test_each_event_has_one_address_and_each_address_one_event() -> None:
    assert len({channel.address for channel in CHANNELS}) == len(CHANNELS)
    assert len({channel.event for channel in CHANNELS}) == len(CHANNELS)
    assert DEAD_LETTER not in {channel.address for channel in CHANNELS}


def test_events_come_from_services_and_go_to_services() -> None:
    for channel in CHANNELS:
        assert channel.producers
        assert SERVICES.issuperset(channel.producers)
        assert SERVICES.issuperset(channel.groups)


def test_the_status_service_reads_every_event_and_sends_none() -> None:
    assert all("status" in channel.groups for channel in CHANNELS)
    assert not any("status" in channel.producers for channel in CHANNELS)


def test_every_study_has_a_directory_of_its_own_named_after_its_id() -> None:
    volumes = Volumes(Path("/v/uploads"), Path("/v/quarantine"), Path("/v/archive"))
    assert volumes.uploaded(STUDY) == Path("/v", study_directory(Place.UPLOADS, STUDY))
    assert volumes.quarantined(STUDY) == Path("/v", study_directory(Place.QUARANTINE, STUDY))
    assert volumes.archived(STUDY) == Path("/v", study_directory(Place.ARCHIVE, STUDY))
    assert volumes.uploaded(STUDY).name == str(STUDY)


def test_files_are_numbered_in_the_order_of_their_names() -> None:
    names = [stored_name(index) for index in (1, 2, 10, 999_999)]
    assert names == sorted(names)
    assert names[0] == "000001.dcm"


def test_intake_json_brings_the_event_back() -> None:
    intake = Intake(event=EVENT, files=(FILE,))
    assert Intake.model_validate_json(intake.to_json()) == intake


def test_a_study_has_at_least_one_file() -> None:
    with pytest.raises(ValidationError):
        Intake(event=EVENT, files=())


@pytest.mark.parametrize("name", ["", "../000001.dcm", "000001.dcm/", "CT.dcm", "000001.dcm\n"])
def test_a_file_is_stored_under_no_name_but_the_gateways(name: str) -> None:
    with pytest.raises(ValidationError):
        StoredFile(name=name, size_bytes=3, sha256="0" * 64)


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n"])
def test_a_digest_is_64_lower_case_hexadecimal_digits(digest: str) -> None:
    with pytest.raises(ValidationError):
        StoredFile(name="000001.dcm", size_bytes=3, sha256=digest)
