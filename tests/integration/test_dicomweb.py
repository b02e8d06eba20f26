"""STOW-RS in and WADO-RS out, with the clients that people have."""

import io
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, generate_uid
from pynetdicom import AE
from requests import HTTPError

from gateway.http.paths import DICOMWEB
from kit.pipeline import Pipeline, until
from kit.ports import free_port
from kit.studies import ct_slices, zipped

ORTHANC = shutil.which("Orthanc")
ORTHANC_DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
RELATED = 'multipart/related; type="application/dicom"'


@pytest.fixture
def client(services: Pipeline) -> DICOMwebClient:
    client = DICOMwebClient(f"{services.http.base_url}{DICOMWEB}")
    client.set_http_retry_params(retry=False)
    return client


def slices(count: int, study_instance_uid: str | None = None) -> list[Dataset]:
    """The slices of a CT series that no other test has sent."""
    made = ct_slices(count, study_instance_uid=study_instance_uid)
    return [pydicom.dcmread(io.BytesIO(content)) for _, content in made]


def mr() -> Dataset:
    """An MR image that no other test has sent."""
    path = get_testdata_file("MR_small.dcm", download=False)
    assert path
    dataset = pydicom.dcmread(path)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    return dataset


def encoded(dataset: Dataset) -> bytes:
    """The bytes that dicomweb-client sends."""
    content = io.BytesIO()
    pydicom.dcmwrite(content, dataset)
    return content.getvalue()


def path_of(dataset: Dataset) -> str:
    return (
        f"{DICOMWEB}/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}"
    )


def test_dicomweb_client_stores_valid_instances_and_gets_reasons_for_the_rest(
    services: Pipeline, client: DICOMwebClient
) -> None:
    [ct, broken] = slices(2)
    other = mr()
    broken.PixelData = broken.PixelData[:1000]

    answer = client.store_instances([ct, broken, other])

    stored = {item.ReferencedSOPInstanceUID: item for item in answer.ReferencedSOPSequence}
    assert list(stored) == [ct.SOPInstanceUID, other.SOPInstanceUID]
    [failed] = answer.FailedSOPSequence
    assert failed.ReferencedSOPClassUID == broken.SOPClassUID
    assert failed.ReferencedSOPInstanceUID == broken.SOPInstanceUID
    assert failed.FailureReason == 0xA900
    assert not answer.RetrieveURL  # they are of two studies
    for dataset in (ct, other):
        url = stored[dataset.SOPInstanceUID].RetrieveURL
        assert url == f"{services.http.base_url}{path_of(dataset)}"
        assert httpx2.get(url, headers={"Accept": "application/dicom"}).content == encoded(dataset)


def test_dicomweb_client_retrieves_what_was_stored(
    services: Pipeline, client: DICOMwebClient
) -> None:
    datasets = slices(3)
    datasets[2].SeriesInstanceUID = generate_uid()
    study, series = datasets[0].StudyInstanceUID, datasets[0].SeriesInstanceUID
    answer = client.store_instances(datasets, study)
    assert answer.RetrieveURL == f"{services.http.base_url}{DICOMWEB}/studies/{study}"

    assert client.retrieve_study(study) == datasets
    assert list(client.iter_study(study)) == datasets
    assert client.retrieve_series(study, series) == datasets[:2]
    uid = datasets[1].SOPInstanceUID
    assert client.retrieve_instance(study, series, uid) == datasets[1]
    asked = (("application/dicom", ExplicitVRLittleEndian),)
    assert client.retrieve_study(study, media_types=asked) == datasets
    with pytest.raises(HTTPError, match="406"):
        client.retrieve_study(study, media_types=(("application/dicom", JPEG2000Lossless),))
    with pytest.raises(HTTPError, match="404"):
        client.retrieve_series(study, generate_uid())


def test_metadata_is_the_data_set_without_its_bulk_data(client: DICOMwebClient) -> None:
    datasets = slices(2)
    study, series = datasets[0].StudyInstanceUID, datasets[0].SeriesInstanceUID
    client.store_instances(datasets)

    for dataset in datasets:
        del dataset.PixelData
        del dataset[0x00431029]  # a private histogram
    found = [Dataset.from_json(entry) for entry in client.retrieve_study_metadata(study)]
    assert found == datasets
    assert len(client.retrieve_series_metadata(study, series)) == 2
    uid = datasets[1].SOPInstanceUID
    one = client.retrieve_instance_metadata(study, series, uid)
    assert Dataset.from_json(one) == datasets[1]


def test_a_study_sent_in_several_requests_is_retrieved_as_one(
    client: DICOMwebClient,
) -> None:
    datasets = slices(3)
    for dataset in datasets:
        client.store_instances([dataset])
    assert client.retrieve_study(datasets[0].StudyInstanceUID) == datasets


def test_the_same_bytes_are_a_duplicate_and_other_bytes_under_their_uid_are_refused(
    services: Pipeline, client: DICOMwebClient
) -> None:
    [ct, valid] = slices(2)
    client.store_instances([ct])
    again = client.store_instances([ct, ct])
    uids = [item.ReferencedSOPInstanceUID for item in again.ReferencedSOPSequence]
    assert uids == [ct.SOPInstanceUID] * 2

    kept = encoded(ct)
    ct.StudyDescription = "other bytes"
    answer = client.store_instances([ct, ct, valid])
    assert [item.FailureReason for item in answer.FailedSOPSequence] == [0x0111] * 2
    assert len(answer.ReferencedSOPSequence) == 1
    response = services.http.get(path_of(ct), headers={"Accept": "application/dicom"})
    assert response.content == kept


def test_an_instance_of_another_study_than_in_the_url_is_not_stored(
    client: DICOMwebClient,
) -> None:
    [ct], other = slices(1), mr()
    answer = client.store_instances([ct, other], ct.StudyInstanceUID)
    assert len(answer.ReferencedSOPSequence) == 1
    [failed] = answer.FailedSOPSequence
    assert failed.ReferencedSOPInstanceUID == other.SOPInstanceUID
    assert failed.FailureReason == 0xA901


def test_curl_sends_a_single_instance_and_gets_it_back(
    services: Pipeline, tmp_path: Path, ct: bytes
) -> None:
    dataset = pydicom.dcmread(io.BytesIO(ct))
    sent, got = tmp_path / "sent.dcm", tmp_path / "got.dcm"
    sent.write_bytes(ct)
    base = str(services.http.base_url)

    answer = subprocess.run(
        [
            "curl", "--silent", "--fail", "--data-binary", f"@{sent}",
            "--header", "Content-Type: application/dicom", f"{base}{DICOMWEB}/studies",
        ],
        capture_output=True,
        check=True,
        timeout=30,
    )  # fmt: skip
    [item] = json.loads(answer.stdout)["00081199"]["Value"]
    subprocess.run(
        [
            "curl", "--silent", "--fail", "--output", str(got),
            "--header", "Accept: application/dicom", item["00081190"]["Value"][0],
        ],
        check=True,
        timeout=30,
    )  # fmt: skip

    assert item["00081155"]["Value"] == [dataset.SOPInstanceUID]
    assert got.read_bytes() == ct


UNUSUAL = ["rtdose_rle.dcm", "MR_small_implicit.dcm", "image_dfl.dcm"]
"""UIDs and sequences as UN; other encodings than explicit VR little endian."""


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_accepted_is_found_and_comes_back_byte_for_byte(
    services: Pipeline, name: str
) -> None:
    path = get_testdata_file(name, download=False)
    assert path
    content = Path(path).read_bytes()
    headers = {"Content-Type": "application/dicom"}
    stored = services.http.post(f"{DICOMWEB}/studies", content=content, headers=headers)
    assert stored.status_code == 200
    url = path_of(pydicom.dcmread(path))

    accept = {"Accept": "application/dicom; transfer-syntax=*"}
    assert services.http.get(url, headers=accept).content == content
    part = services.http.get(url, headers={"Range": "bytes=128-131"})
    assert (part.status_code, part.content) == (206, b"DICM")
    [metadata] = services.http.get(f"{url}/metadata").json()
    expected = {f"{element.tag:08X}" for element in pydicom.dcmread(path)}
    assert set(metadata) <= expected
    assert {"00080018", "0020000D", "0020000E", "00100020"} <= set(metadata)


def test_the_data_set_decides_where_file_meta_names_another_instance(services: Pipeline) -> None:
    dataset = mr()
    other = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    content = encoded(dataset)

    upload = services.http.post("/upload", files={"file": content}).json()
    study_id = upload["study_id"]
    services.wait_for(study_id, "archived")

    [file] = services.http.get(f"/studies/{study_id}/report").json()["files"]
    found = {finding["code"]: finding["severity"] for finding in file["findings"]}
    assert found["meta.sop-instance-mismatch"] == "warning"
    assert file["outcome"] == "accepted"
    url = path_of(dataset)
    accept = {"Accept": "application/dicom; transfer-syntax=*"}
    assert services.http.get(url, headers=accept).content == content
    [metadata] = services.http.get(f"{url}/metadata").json()
    assert metadata["00080018"]["Value"] == [dataset.SOPInstanceUID]
    assert services.http.get(url.replace(dataset.SOPInstanceUID, other)).status_code == 404
    instance = services.http.get(f"/studies/{study_id}/instances/{dataset.SOPInstanceUID}")
    assert instance.content == content


def test_a_part_that_is_not_dicom_is_reported_and_the_rest_is_stored(
    services: Pipeline, ct: bytes, tmp_path: Path
) -> None:
    archive = zipped(tmp_path / "more.zip", ct_slices(1)).read_bytes()  # it is not unpacked
    parts = [ct, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", b"Dear colleague,", b"", archive]
    body = b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" % p for p in parts)
    headers = {"Content-Type": f"{RELATED}; boundary=b"}
    response = services.http.post(f"{DICOMWEB}/studies", content=body + b"--b--", headers=headers)
    assert response.status_code == 202
    answer = Dataset.from_json(response.json())
    assert len(answer.ReferencedSOPSequence) == 1
    assert [item.FailureReason for item in answer.OtherFailuresSequence] == [0xC000] * 4


def test_a_late_outcome_is_pending_and_returned_when_the_request_is_repeated(
    pipeline: Pipeline, ct: bytes
) -> None:
    headers = {"Content-Type": "application/dicom"}
    pipeline.start("status", "gateway", HDV_GATEWAY__STOW__WAIT_SECONDS="0.5")
    pending = pipeline.http.post(f"{DICOMWEB}/studies", content=ct, headers=headers)
    assert pending.status_code == 503
    assert pending.json()["type"] == "urn:hdv:problem:outcome-pending"
    study_id = pending.headers["location"].rpartition("/")[2]

    pipeline.stop("gateway")
    pipeline.start("validator", "descriptor", "gateway")
    pipeline.wait_for(study_id, "archived")
    again = pipeline.http.post(f"{DICOMWEB}/studies", content=ct, headers=headers)
    assert again.status_code == 200
    uid = pydicom.dcmread(io.BytesIO(ct)).StudyInstanceUID
    response = pipeline.http.get(f"{DICOMWEB}/studies/{uid}")
    assert response.content.count(b"Content-Location:") == 1


class Orthanc:
    """An Orthanc with its DICOMweb plugin, which knows our gateway as the server `hdv`."""

    def __init__(self, directory: Path, gateway: str) -> None:
        port, self.dicom_port = free_port(), free_port()
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        config = {
            "StorageDirectory": str(directory / "orthanc"),
            "HttpPort": port,
            "DicomPort": self.dicom_port,
            "AuthenticationEnabled": False,
            "Plugins": [str(ORTHANC_DICOMWEB)],
            "DicomWeb": {"Enable": True, "Servers": {"hdv": {"Url": gateway}}},
        }
        file = directory / "orthanc.json"
        file.write_text(json.dumps(config))
        with (directory / "orthanc.log").open("wb") as log:
            self.process = subprocess.Popen([str(ORTHANC), str(file)], stdout=log, stderr=log)
        try:
            until(self._answers, "Orthanc")
        except BaseException:
            self.close()
            raise

    def _answers(self) -> bool:
        try:
            return self.http.get("/system").status_code == 200
        except httpx2.TransportError:
            return False

    def store(self, content: bytes) -> str:
        """Give it an instance; its id of the study."""
        answer = self.http.post("/instances", content=content)
        assert answer.status_code == 200, answer.text
        study: str = answer.json()["ParentStudy"]
        return study

    def receive(self, datasets: Sequence[Dataset]) -> str:
        """Send it instances by C-STORE, as a modality does; its id of their study."""
        entity = AE()
        entity.add_requested_context(datasets[0].SOPClassUID, ExplicitVRLittleEndian)
        association = entity.associate("127.0.0.1", self.dicom_port)
        assert association.is_established
        for dataset in datasets:
            assert association.send_c_store(dataset).Status == 0
        association.release()
        [study] = self.http.get("/studies").json()
        return str(study)

    def send(self, study: str) -> dict[str, Any]:
        """Have it send a study to our gateway by STOW-RS; the job once it has ended."""
        request = {"Resources": [study], "Synchronous": False}
        answer = self.http.post("/dicom-web/servers/hdv/stow", json=request)
        assert answer.status_code == 200, answer.text

        def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = self.http.get(f"/jobs/{answer.json()['ID']}").json()
            return job if job["State"] in {"Success", "Failure"} else None

        return until(ended, "Orthanc's job", 60)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self.http.close()


@pytest.fixture
def orthanc(services: Pipeline, tmp_path: Path) -> Iterator[Orthanc]:
    orthanc = Orthanc(tmp_path, f"{services.http.base_url}{DICOMWEB}/")
    yield orthanc
    orthanc.close()


needs_orthanc = pytest.mark.skipif(
    not (ORTHANC and ORTHANC_DICOMWEB.exists()),
    reason="Orthanc and its DICOMweb plugin are not installed",
)


@needs_orthanc
@pytest.mark.timeout(120)
def test_orthanc_sends_a_study_successfully(client: DICOMwebClient, orthanc: Orthanc) -> None:
    datasets = slices(25)  # more than it sends in one request
    [study] = {orthanc.store(encoded(dataset)) for dataset in datasets}

    for _ in ("sent", "sent again"):
        job = orthanc.send(study)
        assert job["State"] == "Success", job

    uid = datasets[0].StudyInstanceUID
    found = {dataset.SOPInstanceUID: dataset for dataset in client.retrieve_study(uid)}
    assert found == {dataset.SOPInstanceUID: dataset for dataset in datasets}


@needs_orthanc
@pytest.mark.timeout(120)
def test_what_came_as_a_zip_is_known_when_it_comes_again_through_orthanc(
    services: Pipeline, orthanc: Orthanc, tmp_path: Path
) -> None:
    datasets = slices(3)
    for dataset in datasets:
        reference = Dataset()
        reference.ReferencedSOPClassUID = dataset.SOPClassUID
        reference.ReferencedSOPInstanceUID = generate_uid()
        reference.is_undefined_length_sequence_item = True
        dataset.ReferencedImageSequence = [reference]  # Orthanc writes it with a length
        dataset["ReferencedImageSequence"].is_undefined_length = True
    files = [(f"{dataset.InstanceNumber}.dcm", encoded(dataset)) for dataset in datasets]
    first = services.upload(zipped(tmp_path / "study.zip", files).read_bytes(), "study.zip")
    services.wait_for(first, "archived")

    study = orthanc.receive(datasets)
    job = orthanc.send(study)

    assert job["State"] == "Success", job
    latest = services.http.get("/studies?limit=1").json()["studies"][0]["study_id"]
    record = services.wait_for(latest, "archived")
    assert (record["files"]["duplicates"], record["files"]["rejected"]) == (3, 0)
    report = services.http.get(f"/studies/{latest}/report").json()
    found = {
        finding["found"]
        for file in report["files"]
        for finding in file["findings"]
        if finding["code"] == "study.instance-archived"
    }
    assert found == {f"the same data set under another header in {first}"}
