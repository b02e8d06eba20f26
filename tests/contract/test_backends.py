"""The services work alike on every storage backend."""

from pathlib import Path

import pytest

from chassis.runtime.settings import VolumeSettings
from contract.flow import running_flow
from contract.test_archived_studies import variant
from contracts.places import Place
from storage.memory_store import MemoryStore
from storage.study_store import StudyStore


@pytest.fixture(params=["file system", "memory"])
def _backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "memory":
        studies = StudyStore(MemoryStore())
        monkeypatch.setattr(VolumeSettings, "studies", property(lambda _: studies))


@pytest.mark.usefixtures("_backend")
async def test_an_upload_ends_in_the_archive_and_in_quarantine(tmp_path: Path, ct: bytes) -> None:
    one, two = (variant(ct, SOPInstanceUID=f"1.2.3.{number}") for number in (1, 2))
    uids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.0"}
    other = variant(ct, SOPInstanceUID="1.2.4.1", **uids)
    async with running_flow(tmp_path) as flow:
        upload = await flow.upload(one, two, b"no image", other, one)
        archived = flow.studies.archived(upload.subject)
        quarantined = flow.studies.quarantined(upload.subject)

        assert flow.studies.locate(upload.subject) == (Place.ARCHIVE, Place.QUARANTINE)
        assert archived.names() == {
            "original/1.2.3.1.dcm",
            "original/1.2.3.2.dcm",
            "metadata.json",
        }
        assert archived.file("original/1.2.3.1.dcm").read() == one
        assert quarantined.names() == {"000003.dcm", "intake.json", "report.json"}
        assert len(list(flow.studies.all(Place.ARCHIVE))) == 2
        assert list(flow.studies.all(Place.UPLOADS)) == []

        again = await flow.upload(one, two)
        metadata = flow.studies.archived(again.subject).metadata()
        outcomes = [file.outcome for file in metadata.provenance.files]
        assert outcomes == ["duplicate", "duplicate"]
        assert flow.dead_letters == []
