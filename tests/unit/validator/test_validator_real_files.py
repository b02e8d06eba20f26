"""Files of real devices: the sound ones give no finding, the others exactly what is wrong."""

import importlib.util
import mmap
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from contracts.report import Outcome
from validator.elements import ITEM, UNDEFINED_LENGTH, Element
from validator.examination import examine
from validator.findings import Findings
from validator.profile import Profile
from validator.reading import read
from validator.vr import UN


def package_files(package: str, directory: str) -> dict[str, Path]:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent / directory
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path for path in files}


FILES = package_files("pydicom", "data/test_files") | package_files("data_store", "data")

# Cut down by their authors to what their own tests need.
ELEMENTS_TAKEN_OUT = {
    "ExplVR_BigEnd.dcm",
    "GDCMJ2K_TextGBR.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "SC_jpeg_no_color_transform.dcm",
    "SC_jpeg_no_color_transform_2.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "SC_rgb_jpeg_app14_dcmd.dcm",
    "UN_sequence.dcm",
    "color-pl.dcm",
    "color-px.dcm",
    "priv_SQ.dcm",
}
NOT_DICOM = {
    "README.txt",
    "crayons.icc",
    "dicomdirtests/README.txt",
    "dicomdirtests/TINY_ALPHA/README",
    "no_meta.dcm",  # a space stands before the data set
    "rtplan.dump",
    "rtstruct.dump",
    "test1.json",
    "test_PN.json",
    "zipMR.gz",
}
MEDIA_DIRECTORIES = {
    "dicomdirtests/DICOMDIR",
    "dicomdirtests/DICOMDIR-bigEnd",
    "dicomdirtests/DICOMDIR-empty.dcm",
    "dicomdirtests/DICOMDIR-implicit",
    "dicomdirtests/DICOMDIR-nopatient",
    "dicomdirtests/DICOMDIR-reordered",
    "dicomdirtests/TINY_ALPHA/DICOMDIR",
}
# File meta information and data set were pseudonymised with different UIDs.
TWO_INSTANCE_UIDS = "meta.sop-instance-mismatch"
ZERO_BEFORE_DIGITS = "uid.malformed-elsewhere"
DEFECTIVE = {
    **{name: {"element.missing"} for name in ELEMENTS_TAKEN_OUT},
    **{name: {"file.not-dicom"} for name in NOT_DICOM},
    **{name: {"file.media-directory"} for name in MEDIA_DIRECTORIES},
    # The sequence is 24 bytes shorter than it says since its offsets were taken out.
    "dicomdirtests/DICOMDIR-nooffset": {"file.media-directory", "structure.truncated"},
    "ExplVR_BigEndNoMeta.dcm": {"file.no-preamble", "element.missing"},
    "ExplVR_LitEndNoMeta.dcm": {"file.no-preamble", "element.missing"},
    "OT-PAL-8-face.dcm": {"file.no-preamble", "element.missing"},
    "rtstruct.dcm": {"file.no-preamble"},
    "MR_small_padded.dcm": {"pixel.length-long"},
    "MR_truncated.dcm": {"structure.truncated"},
    # The last eight bytes, the sequence delimiter, are gone.
    "emri_small_jpeg_2k_lossless_too_short.dcm": {"structure.delimiter-missing"},
    # Declared as JPEG, which is explicit VR; the data set is in implicit VR.
    "SC_rgb_jpeg.dcm": {"meta.transfer-syntax-mismatch"},
    # The checksum and size of a gzip file, whose header alone was taken off.
    "image_dfl.dcm": {"structure.deflate-trailing"},
    "no_meta_group_length.dcm": {"meta.group-length-missing", "element.missing"},
    "empty_charset_LEI.dcm": {"meta.element-missing", "element.missing"},
    "meta_missing_tsyntax.dcm": {
        "meta.transfer-syntax-missing",
        "meta.element-missing",
        "element.missing",
        "pixel.attribute-missing",
        "structure.length-odd",
    },
    "nested_priv_SQ.dcm": {
        "meta.element-missing",
        "element.missing",
        "pixel.attribute-missing",
        "structure.length-odd",
    },
    "rtdose.dcm": {TWO_INSTANCE_UIDS, ZERO_BEFORE_DIGITS},
    "rtdose_1frame.dcm": {TWO_INSTANCE_UIDS, ZERO_BEFORE_DIGITS},
    "rtdose_expb.dcm": {TWO_INSTANCE_UIDS, ZERO_BEFORE_DIGITS},
    "rtdose_expb_1frame.dcm": {TWO_INSTANCE_UIDS, ZERO_BEFORE_DIGITS},
    # A copy of rtdose_expb.dcm, number of frames "1A".
    "badVR.dcm": {
        TWO_INSTANCE_UIDS,
        ZERO_BEFORE_DIGITS,
        "pixel.frame-count-invalid",
        "pixel.length-long",
    },
    "rtplan.dcm": {TWO_INSTANCE_UIDS},
    "rtplan_truncated.dcm": {TWO_INSTANCE_UIDS, "structure.truncated"},
    # UIDs were replaced by hexadecimal digests.
    "bad_sequence.dcm": {TWO_INSTANCE_UIDS, "uid.malformed"},
}


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_gives_the_findings_that_are_true_of_it_and_no_other(name: str) -> None:
    content = FILES[name].read_bytes()

    report = examine(content, Profile())

    assert {finding.code for finding in report.findings} == DEFECTIVE.get(name, set())


def test_the_list_of_defective_files_names_only_files_that_exist() -> None:
    assert DEFECTIVE.keys() <= FILES.keys()
    assert len(FILES) > 200


@pytest.mark.parametrize("name", ["CT_small.dcm", "color3d_jpeg_baseline.dcm", "image_dfl.dcm"])
def test_a_memory_map_gives_the_same_report_as_bytes(name: str) -> None:
    content = FILES[name].read_bytes()
    with FILES[name].open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        report = examine(mapped, Profile())
        mapped.close()  # would raise if the report held on to it

    assert report == examine(content, Profile())
    assert report == examine(memoryview(content), Profile())


def test_the_identity_is_what_stands_in_the_file() -> None:
    report = examine(FILES["CT_small.dcm"].read_bytes(), Profile())

    assert report.outcome is Outcome.ACCEPTED
    assert report.identity.model_dump() == {
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
        "sop_instance_uid": "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322",
        "study_instance_uid": "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322",
        "series_instance_uid": "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "modality": "CT",
    }


READABLE = [
    name
    for name in FILES
    if not DEFECTIVE.get(name, set()) & {"file.not-dicom", "structure.truncated"}
    and name != "emri_small_jpeg_2k_lossless_too_short.dcm"  # pydicom gives the data set up
]


@pytest.mark.filterwarnings("ignore")  # pydicom warns of values, which are not the subject here
@pytest.mark.parametrize("name", READABLE)
def test_the_elements_read_are_those_that_pydicom_reads(name: str) -> None:
    instance = read(FILES[name].read_bytes(), Profile(), Findings(max_per_code=100))
    assert instance is not None
    dataset = instance.dataset
    elements = [Element(dataset, row) for row, tag in enumerate(dataset.tags) if tag != ITEM]

    # pydicom looks into a UN of known length that the dictionary calls a sequence.
    opaque = {e.trail for e in elements if e.vr == UN and e.length != UNDEFINED_LENGTH}
    expected = pydicom_trails(pydicom.dcmread(FILES[name], force=True), opaque)
    assert [element.trail for element in elements] == list(expected)


def pydicom_trails(
    dataset: pydicom.Dataset, opaque: set[tuple[int, ...]], above: tuple[int, ...] = ()
) -> Iterator[tuple[int, ...]]:
    for element in dataset:
        trail = (*above, int(element.tag))
        yield trail
        if element.VR == "SQ" and trail not in opaque:
            for sequence_item in element.value:
                yield from pydicom_trails(sequence_item, opaque, trail)
