"""Decoding by profile: what is damaged behind a valid header, and missing decoders."""

import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from contracts.report import Severity
from engine.codestreams import decoding
from engine.encoding.transfer_syntax import Codec
from engine.profiles.profile import Limits, Profile
from engine.rules.catalogue import RULES
from unit.engine import codestream_writer as frame
from unit.engine import dicom_writer as dicom
from unit.engine.clean import compressed
from unit.engine.clean.notation import Fragments
from unit.engine.pixels.pixel_findings import MULTI_FRAME, pixel_codes, pixel_findings
from unit.engine.test_real_files import FILES

NONE, FIRST, ALL = (
    Profile(decode=frames, required_elements=()) for frames in ("none", "first", "all")
)
UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"


DAMAGED = frame.rle(data=b"\xf0\x05")
"""An RLE frame of 17 instead of 24 pixels."""


def rle(value: int, size: int = 24) -> bytes:
    """An RLE frame of one segment: one value again and again."""
    return frame.rle(data=bytes([257 - size, value]))


def file(syntax: str, *frames: bytes) -> bytes:
    dataset = dicom.encapsulated_ct(dicom.fragments(*frames), len(frames))
    dataset |= {0x00080016: MULTI_FRAME, 0x00282110: ("CS", b"01")}
    return dicom.part10(dataset, syntax)


def native(pixels: bytes, **changes: tuple[str, bytes]) -> bytes:
    """A CT image of 12 bits in 16."""
    dataset = dicom.ct() | {0x7FE00010: ("OW", pixels)}
    dataset |= {int(name[1:], 16): value for name, value in changes.items()}
    return dicom.part10(dataset)


def test_nothing_is_decoded_unless_asked_for() -> None:
    damaged = file(dicom.RLE, DAMAGED)

    assert pixel_codes(damaged, NONE) == []
    assert pixel_codes(damaged, ALL) == ["decoding.failed"]


def test_a_damaged_frame_of_an_image_too_large_to_decode_takes_no_memory() -> None:
    dataset = dicom.encapsulated_ct(dicom.fragments(DAMAGED), 1)
    # More than any machine has: what a decoder would need is not to be tried here.
    dataset |= {tag: ("US", dicom.us(65535)) for tag in (0x00280010, 0x00280011)}

    codes = pixel_codes(dicom.part10(dataset, dicom.RLE), ALL)

    assert "decoding.failed" in codes


def test_the_first_frame_or_all_are_decoded() -> None:
    later = file(dicom.RLE, rle(1), DAMAGED, DAMAGED)

    assert pixel_codes(later, FIRST) == []
    [finding] = pixel_findings(later, ALL)
    assert (finding.code, finding.severity, finding.count) == (
        "decoding.failed",
        Severity.ERROR,
        2,
    )
    assert finding.path == "(7FE0,0010)[2]"
    assert finding.found == "InvalidError in frame 1"


@pytest.mark.parametrize(
    ("syntax", "valid", "short"),
    [
        (UNCOMPRESSED, bytes(24), None),
        (DEFLATED_FRAMES, dicom.deflate(bytes(24)), dicom.deflate(bytes(20))),
        (dicom.RLE, rle(9), None),
    ],
)
def test_a_decoded_frame_has_the_size_of_the_image(
    syntax: str, valid: bytes, short: bytes | None
) -> None:
    assert pixel_codes(file(syntax, valid), ALL) == []
    if short is not None:
        assert pixel_codes(file(syntax, short), ALL) == ["decoding.shape"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xe9",  # a run without its byte
        b"\xe8\5",  # 25 pixels
        b"\x17" + bytes(20),  # a literal that is cut off
        b"\x80" * 40,  # nothing at all
    ],
)
def test_a_damaged_rle_frame_is_detected(data: bytes) -> None:
    literal = frame.rle(data=b"\x80\x17" + bytes(24))
    assert pixel_codes(file(dicom.RLE, literal), ALL) == []

    assert pixel_codes(file(dicom.RLE, frame.rle(data=data)), ALL) == ["decoding.failed"]


def test_the_bytes_of_a_sample_are_put_together_from_their_planes() -> None:
    high, low = bytes([257 - 24, 0x0F]), bytes([257 - 24, 0xFF])
    planes = frame.rle(count=2, offsets=[64, 66], data=high + low)
    swapped = frame.rle(count=2, offsets=[64, 66], data=low + high)
    bits = {0x00280100: ("US", dicom.us(16)), 0x00280101: ("US", dicom.us(12))}

    def codes(content: bytes) -> list[str]:
        dataset = dicom.encapsulated_ct(dicom.fragments(content)) | bits
        dataset[0x00280102] = ("US", dicom.us(11))
        return pixel_codes(dicom.part10(dataset, dicom.RLE), ALL)

    assert codes(planes) == []
    assert codes(swapped) == ["decoding.value-range"]


def test_a_deflated_frame_that_inflates_without_end_stops_at_its_size() -> None:
    assert pixel_codes(file(DEFLATED_FRAMES, dicom.deflate(bytes(10**7))), ALL) == [
        "decoding.shape"
    ]


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("emri_small_jpeg_ls_lossless.dcm", -2000),
        ("MR_small_jpeg_ls_lossless.dcm", -3000),
    ],
)
def test_a_damaged_jpeg_ls_frame_is_detected(name: str, at: int) -> None:
    content = bytearray(FILES[name].read_bytes())
    assert "decoding.failed" not in pixel_codes(bytes(content), ALL)

    content[at : at + 40] = bytes(range(1, 41))

    assert "decoding.failed" in pixel_codes(bytes(content), ALL)


@pytest.mark.parametrize("padding", [b"\0", b"\xff"])
def test_a_jpeg_ls_frame_may_have_a_byte_of_padding_before_its_end(padding: bytes) -> None:
    file = compressed.jpeg_ls()
    [content] = file.get("PixelData").contents
    end = content.rindex(b"\xff\xd9")
    padded = file.put("PixelData", Fragments((content[:end] + padding + content[end:],)))

    assert pixel_codes(padded.encode(), ALL) == []


@pytest.mark.parametrize(
    ("syntax", "pixels"),
    [
        (UNCOMPRESSED, bytes(4)),
        (DEFLATED_FRAMES, dicom.deflate(bytes(3))),
        (dicom.RLE, rle(0xFF, 3)),
        (dicom.RLE, rle(1, 24)),
    ],
)
def test_single_bits_are_decoded_as_they_are_packed(syntax: str, pixels: bytes) -> None:
    dataset = dicom.encapsulated_ct(dicom.fragments(pixels))
    dataset |= {tag: ("US", dicom.us(1)) for tag in (0x00280100, 0x00280101)}
    dataset[0x00280102] = ("US", dicom.us(0))

    assert pixel_codes(dicom.part10(dataset, syntax), ALL) == []


def test_values_beyond_the_stored_bits_are_found_in_native_pixels() -> None:
    assert pixel_codes(native(b"\xff\x0f" * 24), ALL) == []
    assert pixel_codes(native(b"\xff\x0f" * 23 + b"\0\x10"), NONE) == []

    [finding] = pixel_findings(native(b"\xff\x0f" * 23 + b"\0\x10"), ALL)

    assert (finding.code, finding.severity) == ("decoding.value-range", Severity.WARNING)
    assert finding.expected == "values of 12 bits"


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        (b"\x00\xf8", []),  # -2048, extended to 16 bits
        (b"\x00\x08", []),  # -2048 in 12 bits
        (b"\x00\xf0", ["decoding.value-range"]),
        (b"\x00\x10", ["decoding.value-range"]),
    ],
)
def test_negative_values_may_be_extended_or_not(value: bytes, codes: list[str]) -> None:
    pixels = native(value + bytes(46), x00280103=("US", dicom.us(1)))

    assert pixel_codes(pixels, ALL) == codes


def test_values_beyond_the_stored_bits_are_found_in_the_byte_order_of_the_file() -> None:
    for pixels, codes in ((b"\x0f\xff", []), (b"\x10\0", ["decoding.value-range"])):
        dataset = dicom.ct() | {0x7FE00010: ("OW", pixels * 24)}
        assert pixel_codes(dicom.part10(dataset, dicom.BIG_ENDIAN), ALL) == codes


def test_values_beyond_the_stored_bits_are_found_in_compressed_pixels() -> None:
    dataset = dicom.encapsulated_ct(dicom.fragments(rle(0x80)))
    dataset |= {0x00280101: ("US", dicom.us(7)), 0x00280102: ("US", dicom.us(6))}

    assert pixel_codes(dicom.part10(dataset, dicom.RLE), ALL) == ["decoding.value-range"]


def test_an_embedded_overlay_may_use_the_bits_above() -> None:
    overlay = {
        "x60000010": ("US", dicom.us(4)),
        "x60000011": ("US", dicom.us(6)),
        "x60000100": ("US", dicom.us(16)),
        "x60000102": ("US", dicom.us(12)),
    }

    assert pixel_codes(native(b"\0\x10" * 24, **overlay), ALL) == ["overlay.embedded"]


HIERARCHICAL = "1.2.840.10008.1.2.4.59"


@pytest.mark.parametrize(
    ("syntax", "content"),
    [
        (dicom.MPEG, b"\0\0\1\xb3\0`\4" + bytes(17)),
        # The first of the frames that refine each other is smaller than the image.
        (
            HIERARCHICAL,
            frame.jpeg(
                rows=2,
                columns=3,
                before=frame.segment(0xDE, bytes([8, 0, 4, 0, 6, 1, 0, 0x11, 0])),
            ),
        ),
    ],
    ids=["video", "hierarchical"],
)
def test_what_no_decoder_reads_is_said_once(syntax: str, content: bytes) -> None:
    frames = [content] * (1 if syntax == dicom.MPEG else 3)

    [finding] = pixel_findings(file(syntax, *frames), ALL)

    assert (finding.code, finding.severity) == ("decoding.unavailable", Severity.INFO)
    assert finding.count == 1
    assert finding.found is not None
    assert syntax in finding.found


@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("JPEG-LL.dcm", "imagecodecs"),
        ("MR_small_jp2klossless.dcm", "imagecodecs"),
        ("MR_small_jpeg_ls_lossless.dcm", "imagecodecs"),
        ("SC_rgb_jpeg_dcmtk.dcm", "PIL.JpegImagePlugin"),
        ("MR_small_RLE.dcm", "numpy"),
        ("emri_small.dcm", "numpy"),
    ],
)
def test_a_missing_decoder_is_a_remark_that_says_what_to_install(
    name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(wanted: str) -> Any:
        if wanted == library:
            raise ModuleNotFoundError(name=wanted)
        return import_module(wanted)

    content = FILES[name].read_bytes()
    assert "decoding.unavailable" not in pixel_codes(content, ALL)
    monkeypatch.setattr(decoding, "import_module", without)

    findings = {finding.code: finding for finding in pixel_findings(content, ALL)}

    assert findings["decoding.unavailable"].expected == "install hybrid-dicom-validator[decoding]"


def test_a_decoder_that_runs_out_of_memory_says_nothing_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    def fails(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(decoding, "bytearray", exhausted, raising=False)
    monkeypatch.setitem(decoding._DECODERS, Codec.RLE, fails)

    with pytest.raises(MemoryError):
        pixel_codes(file(dicom.RLE, DAMAGED), ALL)


def test_an_image_beyond_the_limit_is_not_decoded() -> None:
    profile = Profile(decode="all", limits=Limits(max_pixel_bytes=23), required_elements=())

    assert pixel_codes(file(dicom.RLE, DAMAGED), profile) == []


def test_what_a_decoder_says_of_a_file_is_not_passed_on(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("JPEG-lossy.dcm", "GDCMJ2K_TextGBR.dcm", "J2K_pixelrep_mismatch.dcm"):
            pixel_findings(FILES[name].read_bytes(), ALL)

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_no_decoder_is_imported_before_it_is_needed_and_no_other_one_ever() -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from engine.examination import examine\n"
        "from engine.profiles.profile import Profile\n"
        "content = Path(sys.argv[1]).read_bytes()\n"
        "examine(content, Profile())\n"
        "print(sorted({'numpy', 'PIL', 'imagecodecs'} & set(sys.modules)))\n"
        "examine(content, Profile(decode='all'))\n"
        "print(sorted({'numpy', 'imagecodecs', 'pydicom', 'gdcm'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(FILES["MR_small_jp2klossless.dcm"])],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[4],
    )

    assert done.stdout.splitlines() == ["[]", "['imagecodecs', 'numpy']"]


def test_the_rules_of_decoding_are_all_tested() -> None:
    assert {code for code, rule in RULES.items() if rule.layer == "decoding"} == {
        "decoding.failed",
        "decoding.shape",
        "decoding.value-range",
        "decoding.unavailable",
    }
