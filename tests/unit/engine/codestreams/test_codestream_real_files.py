"""Compressed frames of real devices and encoders, and bytes that are none."""

import contextlib
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.codestreams.codestream import InvalidError, TruncatedError
from engine.codestreams.frame import Frame
from engine.codestreams.header import STARTS, read_header
from engine.encoding.elements import Elements
from engine.encoding.transfer_syntax import TRANSFER_SYNTAXES, Codec
from engine.profiles.profile import Profile
from unit.engine import codestream_writer as frame
from unit.engine import dicom_writer as dicom
from unit.engine.layers import instance_of
from unit.engine.pixels.pixel_findings import MULTI_FRAME, pixel_codes, pixel_findings
from unit.engine.test_real_files import FILES

PROFILE = Profile(decode="all")
QUICKLY = settings(max_examples=300, deadline=2000)


def compressed_files() -> list[str]:
    names = []
    for name, path in FILES.items():
        instance = instance_of(path.read_bytes())
        if instance and instance.image and instance.image.is_encapsulated:
            names.append(name)
    return names


COMPRESSED = compressed_files()

# The encoder wrote the bits that are allocated, not those that are stored.
PRECISION = {"codestream.bits-stored"}
# Compressed with loss by an encoder that changed nothing else in the data set.
UNDECLARED = {"codestream.lossy-undeclared"}
KNOWN = {
    "693_J2KI.dcm": PRECISION,
    "693_J2KR.dcm": PRECISION,
    "bad_sequence.dcm": PRECISION,
    "emri_small_jpeg_2k_lossless.dcm": PRECISION,
    "emri_small_jpeg_ls_lossless.dcm": PRECISION,
    "JPEGLSNearLossless_08.dcm": UNDECLARED,
    "JPEGLSNearLossless_16.dcm": UNDECLARED,
    "SC_rgb_jls_lossy_line.dcm": UNDECLARED,
    "SC_rgb_jls_lossy_sample.dcm": UNDECLARED,
    # Has the header of a JP2 file before the codestream.
    "GDCMJ2K_TextGBR.dcm": {"codestream.wrapped"},
    # Made to have a PixelRepresentation of 1 over unsigned samples.
    "J2K_pixelrep_mismatch.dcm": {"codestream.sign"},
    # A sequence delimiter was written over the width in the codestream's header.
    "JPEG2000-embedded-sequence-delimiter.dcm": {"codestream.dimensions"},
    # The scan says that it covers no coefficients; JPGExtended.dcm is the fixed copy.
    "JPEG-lossy.dcm": {"codestream.scan"},
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_real_compressed_file_gives_what_is_true_of_it_and_no_other(name: str) -> None:
    codes = {
        code
        for code in pixel_codes(FILES[name].read_bytes(), PROFILE)
        if code.startswith(("codestream.", "decoding."))
    }

    assert codes == KNOWN.get(name, set())


def test_the_list_of_known_files_names_only_files_that_exist() -> None:
    assert set(COMPRESSED) >= KNOWN.keys()
    assert len(COMPRESSED) > 50


NATIVE = [
    name for name in FILES if name.endswith((".dcm", "UNCI", "UNCR")) and name not in COMPRESSED
]


@pytest.mark.parametrize("name", NATIVE)
def test_the_values_of_real_native_pixels_fit_into_their_bits(name: str) -> None:
    found = [f.code for f in pixel_findings(FILES[name].read_bytes(), PROFILE)]

    assert [code for code in found if code.startswith("decoding.")] == []


def as_frame(*contents: bytes) -> Frame:
    data = b"".join(contents)
    table = Elements(data, "little")
    offset = 0
    for content in contents:
        table.add(0xFFFEE000, 0, len(content), offset, -1)
        offset += len(content)
    return Frame(table, 0, len(contents))


CODECS = sorted({syntax.codec for syntax in TRANSFER_SYNTAXES.values() if syntax.codec}, key=str)
BEGINNINGS = [b"", *STARTS, frame.jpeg(), frame.jpeg2000(), frame.rle(), b"\0\0\1\xb3", b"\0\0\1"]


@QUICKLY
@given(
    st.sampled_from(CODECS),
    st.sampled_from(BEGINNINGS),
    st.lists(st.binary(max_size=300), min_size=1, max_size=4),
)
@example(Codec.JPEG_2000, b"\xff\x4f\xff\x51", [b"\xff" * 100])
def test_any_bytes_as_a_codestream_are_a_header_or_an_error_of_ours(
    codec: Codec, beginning: bytes, rest: list[bytes]
) -> None:
    with contextlib.suppress(InvalidError, TruncatedError):
        assert read_header(as_frame(beginning, *rest), codec).codec in CODECS


@QUICKLY
@given(
    st.sampled_from([frame.jpeg(), frame.jpeg2000(), frame.jp2(frame.jpeg2000()), frame.rle()]),
    st.integers(min_value=0),
    st.integers(0, 255),
    st.sampled_from(["1.2.840.10008.1.2.4.91", dicom.JPEG, dicom.RLE]),
)
def test_a_codestream_with_one_other_byte_gives_a_report(
    codestream: bytes, position: int, value: int, syntax: str
) -> None:
    position %= len(codestream)
    changed = codestream[:position] + bytes([value]) + codestream[position + 1 :]
    dataset = dicom.encapsulated_ct(dicom.fragments(changed))

    pixel_codes(dicom.part10(dataset, syntax))


@given(
    st.lists(st.binary(max_size=9), min_size=1, max_size=9), st.integers(0, 90), st.integers(0, 90)
)
def test_a_frame_reads_the_same_however_it_is_cut(
    contents: list[bytes], position: int, size: int
) -> None:
    whole = b"".join(contents)

    assert as_frame(*contents).read(position, size) == whole[position : position + size]
    beyond = min(position, len(whole))
    assert as_frame(*contents).beyond(beyond).read(0, size) == whole[beyond : beyond + size]


@pytest.mark.parametrize("pieces", [1, 2])
def test_ten_thousand_frames_take_well_under_a_second(pieces: int) -> None:
    contents = ([frame.jpeg2000()] + [b"\1\2\3\4"] * (pieces - 1)) * 10_000
    dataset = dicom.encapsulated_ct(dicom.fragments(*contents), 10_000)
    dataset[0x00080016] = MULTI_FRAME
    file = dicom.part10(dataset, "1.2.840.10008.1.2.4.90")

    started = time.process_time()
    codes = pixel_codes(file)

    assert time.process_time() - started < 1.5
    assert codes == ([] if pieces == 1 else ["codestream.trailing"])
