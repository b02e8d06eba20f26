"""Describing instances, and what ``metadata.json`` says about a study."""

import io
import logging
import pickle
import struct
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pydicom
import pytest

from contracts.places import Place
from contracts.report import Identity
from descriptor.archive import open_study
from descriptor.description import describe_instance
from descriptor.instance_description import (
    InstanceDescription,
    Values,
    identified,
    in_file,
    undescribed,
)
from descriptor.instances import Instance, ValidatedStudy
from descriptor.metadata import StudyMetadata
from kit.volumes import Volumes

STUDY_ID = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
NOW = datetime(2025, 1, 1, 12, 2, tzinfo=UTC)

Sample = Callable[[str], bytes]
MakeStudy = Callable[..., UUID]
Describe = Callable[[bytes], InstanceDescription]
Metadata = Callable[..., dict[str, Any]]


@pytest.fixture
def describe(tmp_path: Path) -> Describe:
    def describe(content: bytes) -> InstanceDescription:
        path = tmp_path / "000001.dcm"
        path.write_bytes(content)
        return describe_instance(path, "original.dcm")

    return describe


@pytest.fixture
def metadata(volumes: Volumes, make_study: MakeStudy) -> Metadata:
    """The parsed metadata of a study of these files."""

    def make(*contents: bytes, **options: Any) -> dict[str, Any]:
        study = open_study(volumes.studies, make_study(*contents, **options))
        assert isinstance(study, ValidatedStudy)
        document: dict[str, Any] = orjson.loads(written(volumes, study, described(study)))
        return document

    return make


def _describe(study: ValidatedStudy, instance: Instance) -> InstanceDescription:
    path = study.folder.store.path(study.folder.file(instance.stored.name).key)
    assert path
    return describe_instance(path, instance.file)


def described(study: ValidatedStudy) -> list[InstanceDescription]:
    return [_describe(study, instance) for instance in study.instances]


def written(
    volumes: Volumes, study: ValidatedStudy, descriptions: Sequence[InstanceDescription]
) -> bytes:
    """The bytes of ``metadata.json``."""
    file = io.BytesIO()
    temporary = volumes.studies.store.temporary_file(Place.ARCHIVE)
    with StudyMetadata(study, temporary, NOW) as metadata:
        metadata.add(zip(study.instances, descriptions, strict=True))
        metadata.write(file, NOW)
    return file.getvalue()


def variant(content: bytes, **changes: Any) -> bytes:
    """The same instance with other values."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


class TestDescribingAnInstance:
    def test_it_contains_names_and_first_values(self, describe: Describe, sample: Sample) -> None:
        description = describe(sample("CT_small.dcm"))
        assert description.incomplete is None
        assert description.sop_class_name == "CT Image Storage"
        assert description.transfer_syntax_name == "Explicit VR Little Endian"
        assert description.values["PatientName"] == "CompressedSamples^CT1"
        assert description.values["Rows"] == 128
        assert "NumberOfFrames" not in description.values

    def test_file_meta_information_is_no_part_of_the_data_set(
        self, describe: Describe, sample: Sample
    ) -> None:
        description = describe(sample("CT_small.dcm"))
        file_meta, dataset = orjson.loads(description.file_meta), orjson.loads(description.dataset)
        assert {tag[:4] for tag in file_meta} == {"0002"}
        assert "0002" not in {tag[:4] for tag in dataset}

    def test_attributes_are_in_ascending_order(self, describe: Describe) -> None:
        out_of_order = b"\x10\x00\x20\x00LO\x02\x001 " + b"\x08\x00\x60\x00CS\x02\x00CT"
        syntax = b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0"
        description = describe(bytes(128) + b"DICM" + syntax + out_of_order)
        assert list(orjson.loads(description.dataset)) == ["00080060", "00100020"]

    def test_the_identity_is_that_of_the_report(self) -> None:
        identity = Identity(sop_instance_uid="1.2.3", modality="CT", transfer_syntax_uid="1.2.4")
        other: Values = {"SOPInstanceUID": "1.9", "StudyInstanceUID": "no UID", "Rows": 4}
        description = identified(InstanceDescription(other, transfer_syntax_uid="1.9"), identity)
        assert description.values == {"SOPInstanceUID": "1.2.3", "Modality": "CT", "Rows": 4}
        assert description.transfer_syntax_uid == "1.2.4"

    def test_it_can_be_sent_between_processes(self, describe: Describe, sample: Sample) -> None:
        description = describe(sample("CT_small.dcm"))
        assert pickle.loads(pickle.dumps(description)) == description  # noqa: S301 -- our own

    @pytest.mark.parametrize(
        ("element", "keyword"),
        [
            (b"\x20\x00\x13\x00IS\x04\x00abc ", "InstanceNumber"),
            (b"\x28\x00\x10\x00US\x01\x00\x01", "Rows"),
            (b"\x08\x00\x16\x00US\x02\x00\x01\x00", "SOPClassUID"),
            (b"\x20\x00\x0d\x00US\x02\x00\x01\x00", "StudyInstanceUID"),
            (b"\x10\x00\x10\x00SQ\x00\x00\x08\x00\x00\x00\xfe\xff\x00\xe0\0\0\0\0", "PatientName"),
            (b"\x10\x00\x10\x00FD\x08\x00" + struct.pack("<d", float("nan")), "PatientName"),
        ],
    )
    def test_odd_values_do_not_matter(
        self, describe: Describe, element: bytes, keyword: str
    ) -> None:
        description = describe(bytes(128) + b"DICM" + element)
        assert description.incomplete is None
        assert isinstance(description.values.get(keyword, ""), str)
        assert len(orjson.loads(description.dataset)) == 1

    def test_neither_warnings_nor_logs_come_out(
        self, describe: Describe, caplog: pytest.LogCaptureFixture
    ) -> None:
        unknown = b"\x08\x00\x05\x00CS\x04\x00Doe^" + b"\x10\x00\x10\x00PN\x04\x00\xff\x1b\xff\xff"
        with warnings.catch_warnings(record=True) as caught, caplog.at_level(logging.DEBUG):
            warnings.simplefilter("always")
            description = describe(bytes(128) + b"DICM" + unknown)
        assert description.incomplete is None
        assert caught == []
        assert caplog.records == []

    def test_the_next_one_may_warn_again(self, describe: Describe, sample: Sample) -> None:
        describe(sample("CT_small.dcm"))
        assert not logging.getLogger("pydicom").disabled


class TestStudyMetadata:
    def test_a_study_is_summarised(self, metadata: Metadata, sample: Sample) -> None:
        content = sample("CT_small.dcm")
        document = metadata(content)
        assert document["schema_version"] == 1
        assert document["study"] == {
            "StudyInstanceUID": "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322",
            "StudyID": "1CT1",
            "StudyDate": "20040119",
            "StudyTime": "072730",
            "StudyDescription": "e+1",
            "PatientName": "CompressedSamples^CT1",
            "PatientID": "1CT1",
            "PatientSex": "O",
            "study_instance_uids": ["1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"],
            "modalities": ["CT"],
            "series_count": 1,
            "instance_count": 1,
            "size_bytes": len(content),
        }

    def test_an_instance_is_described(self, metadata: Metadata, sample: Sample) -> None:
        content = sample("CT_small.dcm")
        [instance] = metadata(content)["instances"]
        dataset = instance.pop("dataset")
        del instance["file_meta"], instance["sha256"]
        assert instance == {
            "file": "original.dcm",
            "size_bytes": len(content),
            "sent_as": "IM0001",
            "SOPInstanceUID": "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322",
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
            "StudyInstanceUID": "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322",
            "SeriesInstanceUID": "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322",
            "InstanceNumber": 1,
            "Rows": 128,
            "Columns": 128,
            "sop_class": "CT Image Storage",
            "transfer_syntax_uid": "1.2.840.10008.1.2.1",
            "transfer_syntax": "Explicit VR Little Endian",
        }
        assert dataset["7FE00010"]["BulkDataURI"] == "original.dcm#7FE00010"
        read_back = pydicom.Dataset.from_json(dataset, lambda _: b"")
        assert read_back.PatientName == "CompressedSamples^CT1"

    def test_series_are_distinguished(self, metadata: Metadata, sample: Sample) -> None:
        first = sample("CT_small.dcm")
        second = variant(first, SOPInstanceUID="1.2.3", SeriesDescription="again")
        other = variant(first, SOPInstanceUID="1.2.4", SeriesInstanceUID="1.2", Modality="SR")
        document = metadata(first, other, second)
        uid = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
        assert [
            (series["SeriesInstanceUID"], series["Modality"], series["instance_count"])
            for series in document["series"]
        ] == [("1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322", "CT", 2), ("1.2", "SR", 1)]
        assert document["series"][0]["sop_instance_uids"] == [uid, "1.2.3"]
        assert document["study"]["series_count"] == 2
        assert document["study"]["modalities"] == ["CT", "SR"]
        assert [instance["file"] for instance in document["instances"]] == [
            f"original/{uid}.dcm",
            "original/1.2.4.dcm",
            "original/1.2.3.dcm",
        ]

    def test_it_contains_the_outcome_of_each_file(self, metadata: Metadata) -> None:
        provenance = metadata(b"a", b"b", b"a", b"c", rejected=[2], uids=["1.2"] * 4)["provenance"]
        assert [
            (file["name"], file["outcome"], file.get("archived_as")) for file in provenance["files"]
        ] == [
            ("000001.dcm", "accepted", "original/1.2.dcm"),
            ("000002.dcm", "rejected", None),
            ("000003.dcm", "accepted", "original/1.2.dcm"),
            ("000004.dcm", "accepted", "original/000004.dcm"),
        ]

    def test_it_names_the_study_of_files_that_went_elsewhere(self, metadata: Metadata) -> None:
        other = UUID("3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22")
        document = metadata(b"a", b"b", b"a", b"b", duplicates=[3, 4], elsewhere={2: other})
        assert [
            (file["outcome"], file.get("archived_as"), file.get("study_id"))
            for file in document["provenance"]["files"]
        ] == [
            ("accepted", "original.dcm", None),
            ("accepted", None, str(other)),
            ("duplicate", "original.dcm", None),
            ("duplicate", None, str(other)),
        ]
        assert document["study"]["instance_count"] == 1

    def test_it_contains_the_fields_of_the_sender_and_the_skipped_files(
        self, metadata: Metadata
    ) -> None:
        said = {
            "label": "trial-42",
            "profile": "strict",
            "upload_id": "3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22",
            "resubmitted_from": "7d9f2c04-5a0e-4c39-9f53-6f1d1f0c8a11",
            "skipped": [{"sent_as": "DICOMDIR", "reason": "media directory"}],
        }
        assert metadata(b"a", **said)["provenance"].items() >= said.items()

    def test_fields_that_the_sender_did_not_send_are_absent(self, metadata: Metadata) -> None:
        provenance = metadata(b"a")["provenance"]
        assert not {"label", "profile", "upload_id", "resubmitted_from"} & provenance.keys()
        assert provenance["skipped"] == []

    def test_it_contains_the_report_and_the_provenance(
        self, metadata: Metadata, volumes: Volumes
    ) -> None:
        document = metadata(b"a")
        directory = volumes.uploaded(STUDY_ID)
        assert document["validation"] == orjson.loads((directory / "report.json").read_bytes())
        provenance = document["provenance"]
        assert provenance["uploaded_at"] == "2025-01-01T12:00:00Z"
        assert provenance["validated_at"] == "2025-01-01T12:01:00Z"
        assert provenance["archiving_began_at"] == "2025-01-01T12:02:00Z"
        assert provenance["archived_at"] == "2025-01-01T12:02:00Z"
        assert provenance["software"]["pydicom"] == pydicom.__version__

    def test_the_same_study_gives_the_same_bytes(
        self, volumes: Volumes, make_study: MakeStudy, sample: Sample
    ) -> None:
        study = open_study(
            volumes.studies, make_study(sample("CT_small.dcm"), sample("MR_small.dcm"))
        )
        assert isinstance(study, ValidatedStudy)
        assert written(volumes, study, described(study)) == written(
            volumes, study, described(study)
        )

    def test_an_instance_without_description_has_what_the_report_says(
        self, volumes: Volumes, make_study: MakeStudy, sample: Sample
    ) -> None:
        study = open_study(volumes.studies, make_study(sample("CT_small.dcm")))
        assert isinstance(study, ValidatedStudy)
        [instance] = study.instances
        document = orjson.loads(written(volumes, study, [undescribed(instance.identity)]))
        [entry] = document["instances"]
        assert entry["incomplete"] == "undescribed"
        assert entry["dataset"] == {}
        assert entry["SOPInstanceUID"] == instance.identity.sop_instance_uid
        assert document["study"]["modalities"] == ["CT"]

    def test_it_is_indented_with_every_data_set_in_one_line(
        self, volumes: Volumes, make_study: MakeStudy, sample: Sample
    ) -> None:
        study = open_study(
            volumes.studies, make_study(sample("CT_small.dcm"), sample("MR_small.dcm"))
        )
        assert study
        descriptions = described(study)
        content = written(volumes, study, descriptions)
        document = orjson.loads(content)
        for entry, description in zip(document["instances"], descriptions, strict=True):
            entry["file_meta"] = orjson.Fragment(description.file_meta)
            entry["dataset"] = orjson.Fragment(description.dataset)
        assert content == orjson.dumps(document, option=orjson.OPT_INDENT_2)

    def test_unknown_values_are_left_out(self) -> None:
        assert undescribed(Identity()).values == {}

    def test_a_broken_data_set_is_marked(self, metadata: Metadata, sample: Sample) -> None:
        [instance] = metadata(sample("MR_truncated.dcm"))["instances"]
        assert instance["incomplete"] == "structure"
        assert instance["Rows"] == 64


def test_a_data_set_in_a_file_is_written_like_one_in_memory(
    volumes: Volumes, make_study: MakeStudy, sample: Sample
) -> None:
    study = open_study(volumes.studies, make_study(sample("CT_small.dcm"), sample("MR_small.dcm")))
    assert study
    descriptions = described(study)
    in_files = [in_file(one, io.BytesIO()) for one in descriptions]
    assert all(one.dataset == b"" for one in in_files)
    assert written(volumes, study, in_files) == written(volumes, study, descriptions)


def test_when_a_study_is_described_at_great_length_further_instances_are_not(
    volumes: Volumes,
    make_study: MakeStudy,
    sample: Sample,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("descriptor.metadata.MOST_BYTES", 1000)
    study = open_study(volumes.studies, make_study(sample("CT_small.dcm"), sample("MR_small.dcm")))
    assert study
    document = orjson.loads(written(volumes, study, described(study)))
    first, second = document["instances"]
    assert first["dataset"]
    assert (second["dataset"], second["incomplete"]) == ({}, "study-size")
    assert second["SOPInstanceUID"]
