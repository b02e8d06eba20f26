"""Files of real devices: the errors that are true of each and no other, soon and in any profile."""

import importlib.util
import mmap
import time
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from contracts.report import Outcome, Severity
from engine.encoding.elements import Element
from engine.examination import examine
from engine.profile_files.loading import BUILT_IN, load_profile
from engine.profiles.profile import Profile
from engine.tags import ITEM
from unit.engine.layers import instance_of

SECONDS = 2.0
"""The longest that one file may take: a hundred times what it does."""


def package_files(package: str, directory: str) -> dict[str, Path]:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent / directory
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(root).as_posix(): path for path in files}


FILES = (
    package_files("pydicom", "data/test_files")
    | package_files("data_store", "data")
    | package_files("pynetdicom", "tests/dicom_files")
)
ERRORS = {
    # Cut down by their authors to what their own tests need.
    "element.missing": """
        JPEGLSNearLossless_08.dcm JPEGLSNearLossless_16.dcm SC_rgb_jls_lossy_line.dcm
        SC_rgb_jls_lossy_sample.dcm UN_sequence.dcm empty_charset_LEI.dcm no_meta_group_length.dcm
        priv_SQ.dcm
    """,
    "element.missing meta.transfer-syntax-missing pixel.attribute-missing": """
        meta_missing_tsyntax.dcm
    """,
    "element.missing pixel.attribute-missing": "nested_priv_SQ.dcm",
    "file.no-preamble": """
        ExplVR_BigEndNoMeta.dcm ExplVR_LitEndNoMeta.dcm OT-PAL-8-face.dcm rtstruct.dcm
    """,
    # In no_meta.dcm there is a space before the data set.
    "file.not-dicom": """
        README.txt crayons.icc dicomdirtests/README.txt dicomdirtests/TINY_ALPHA/README no_meta.dcm
        rtplan.dump rtstruct.dump test1.json test_PN.json zipMR.gz
    """,
    "file.media-directory": """
        dicomdirtests/DICOMDIR dicomdirtests/DICOMDIR-bigEnd dicomdirtests/DICOMDIR-empty.dcm
        dicomdirtests/DICOMDIR-implicit dicomdirtests/DICOMDIR-nopatient
        dicomdirtests/DICOMDIR-reordered dicomdirtests/TINY_ALPHA/DICOMDIR
    """,
    # The sequence is 24 bytes shorter than it says since its offsets were taken out.
    "file.media-directory structure.truncated": "dicomdirtests/DICOMDIR-nooffset",
    # UIDs were replaced by hexadecimal digests.
    "uid.malformed": "bad_sequence.dcm",
    # Declared as JPEG, which is explicit VR; the data set is in implicit VR.
    "meta.transfer-syntax-mismatch": "SC_rgb_jpeg.dcm",
    "structure.truncated": "MR_truncated.dcm rtplan_truncated.dcm",
    # The last eight bytes, the sequence delimiter, are gone.
    "structure.delimiter-missing": "emri_small_jpeg_2k_lossless_too_short.dcm",
    "codestream.sign": "J2K_pixelrep_mismatch.dcm",
    # The bytes of a sequence delimiter were written over the height in the codestream.
    "codestream.dimensions": "JPEG2000-embedded-sequence-delimiter.dcm",
}
"""The codes of the errors in the default profile, and the files that have them and no others."""
WITHOUT_PIXELS = "dicomdirtests/TINY_ALPHA/PT"
"""How the names of files begin whose pixels were taken out."""
EXPECTED = {
    **{name: {"pixel.data-missing"} for name in FILES if name.startswith(WITHOUT_PIXELS)},
    **{name: set(codes.split()) for codes, names in ERRORS.items() for name in names.split()},
}


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_gives_the_errors_that_are_true_of_it_and_no_other(name: str) -> None:
    report = examine(FILES[name].read_bytes(), Profile())

    errors = {one.code for one in report.findings if one.severity is Severity.ERROR}
    assert errors == EXPECTED.get(name, set())


@pytest.mark.parametrize("profile", BUILT_IN)
def test_every_real_file_is_soon_examined_in_every_profile(profile: str) -> None:
    asked = load_profile(profile)
    for name, path in FILES.items():
        content = path.read_bytes()
        started = time.perf_counter()

        report = examine(content, asked)

        assert time.perf_counter() - started < SECONDS, name
        assert report.outcome in Outcome, name
        assert not {one.code for one in report.findings} & {"file.unreadable"}, name


def test_the_table_of_errors_names_only_files_that_exist() -> None:
    assert EXPECTED.keys() <= FILES.keys()
    assert len(FILES) > 240


@pytest.mark.parametrize("name", ["CT_small.dcm", "color3d_jpeg_baseline.dcm", "image_dfl.dcm"])
def test_a_memory_map_gives_the_same_report_as_bytes(name: str) -> None:
    content = FILES[name].read_bytes()
    with FILES[name].open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        report = examine(mapped, Profile())
        mapped.close()  # would raise if the report held on to it

    assert report == examine(content, Profile())
    assert report == examine(memoryview(content), Profile())


def test_the_identity_is_that_of_the_file() -> None:
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
    if not EXPECTED.get(name, set()) & {"file.not-dicom", "structure.truncated"}
    and name != "emri_small_jpeg_2k_lossless_too_short.dcm"  # pydicom gives the data set up
]


@pytest.mark.filterwarnings("ignore")  # pydicom warns of values, which are not the subject here
@pytest.mark.parametrize("name", READABLE)
def test_the_elements_read_are_those_that_pydicom_reads(name: str) -> None:
    instance = instance_of(FILES[name].read_bytes())
    assert instance is not None
    dataset = instance.dataset
    elements = [Element(dataset, row) for row, tag in enumerate(dataset.tags) if tag != ITEM]

    expected = pydicom_trails(pydicom.dcmread(FILES[name], force=True))
    assert [element.trail for element in elements] == list(expected)


def pydicom_trails(
    dataset: pydicom.Dataset, above: tuple[int, ...] = ()
) -> Iterator[tuple[int, ...]]:
    for element in dataset:
        trail = (*above, int(element.tag))
        yield trail
        if element.VR == "SQ":
            for sequence_item in element.value:
                yield from pydicom_trails(sequence_item, trail)
