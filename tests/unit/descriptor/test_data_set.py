"""Files in the DICOM JSON Model: the same as pydicom says, within limits, in little memory."""

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from descriptor.data_set import MAX_TOTAL_BYTES, MAX_VALUE_BYTES
from descriptor.description import LIMITS, describe_bytes, describe_instance
from descriptor.dicom_json import INLINE_BYTES
from engine.encoding.elements import Buffer

EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
ITEM = b"\xfe\xff\x00\xe0"
ITEM_END = b"\xfe\xff\x0d\xe0" + bytes(4)
SEQUENCE_END = b"\xfe\xff\xdd\xe0" + bytes(4)
UNDEFINED = b"\xff\xff\xff\xff"

pytestmark = pytest.mark.filterwarnings("ignore")

Sample = Callable[[str], bytes]


def element(tag: int, vr: str, value: bytes, length: bytes | None = None) -> bytes:
    """An element in explicit VR little endian."""
    header = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    if vr in {"OB", "OW", "SQ", "UN", "UT"}:
        return header + bytes(2) + (length or struct.pack("<I", len(value))) + value
    return header + struct.pack("<H", len(value)) + value


def meta(transfer_syntax: str = EXPLICIT) -> bytes:
    uid = transfer_syntax.encode()
    return bytes(128) + b"DICM" + element(0x00020010, "UI", uid + b"\0" * (len(uid) % 2))


class Described(NamedTuple):
    """The description of a file, its JSON parsed."""

    attributes: dict[str, Any]
    file_meta: dict[str, Any]
    incomplete: str | None


def read(content: Buffer) -> Described:
    description = describe_bytes(content, "original.dcm")
    return Described(
        orjson.loads(description.dataset),
        orjson.loads(description.file_meta),
        description.incomplete,
    )


def attributes(dataset: bytes) -> dict[str, Any]:
    file = read(meta() + dataset)
    assert file.incomplete is None
    return file.attributes


@pytest.fixture
def peak_bytes() -> Iterator[Callable[[], int]]:
    """What was allocated since, at most."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


ROOT = Path(pydicom.__path__[0]) / "data"
BROKEN = {
    "ExplVR_BigEndNoMeta.dcm",  # pydicom does not try big endian
    "MR_truncated.dcm",
    "badVR.dcm",  # pydicom raises
    "no_meta.dcm",  # a fragment of a file
    "rtplan_truncated.dcm",
}
WHOLE = sorted(
    path
    for folder in ("test_files", "charset_files")
    for path in (ROOT / folder).glob("*.dcm")
    if path.name not in BROKEN
)


def comparable(dataset: dict[str, Any]) -> dict[str, Any]:
    """Without what may differ: where binary values are, empty values, padding, private VRs."""
    result: dict[str, Any] = {}
    for tag, described in dataset.items():
        if tag.endswith("0000") or int(tag[3], 16) % 2:
            continue
        values = described.get("Value", [])
        if described["vr"] == "SQ":
            values = [comparable(item) for item in values]
        values = [value.rstrip() if isinstance(value, str) else value for value in values]
        vr = "OB" if described["vr"] == "OW" else described["vr"]
        result[tag] = (vr, [None if value == "" else value for value in values])
    return result


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_a_real_file_is_described_as_pydicom_does(path: Path) -> None:
    file = read(path.read_bytes())
    assert file.incomplete is None
    theirs = pydicom.dcmread(path, force=True).to_json_dict()
    assert comparable(file.attributes) == comparable(theirs)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_pydicom_reads_the_description_back(path: Path) -> None:
    described = read(path.read_bytes()).attributes
    dataset = pydicom.Dataset.from_json(
        orjson.dumps(described, option=orjson.OPT_SORT_KEYS).decode(), lambda _: b""
    )
    assert [f"{tag:08X}" for tag in sorted(dataset.keys())] == sorted(described)
    assert comparable(dataset.to_json_dict()) == comparable(described)


class TestReferencesToBulkData:
    def test_pixel_data_stays_in_the_file_however_short(self) -> None:
        assert attributes(element(0x7FE00010, "OW", b"\0\0")) == {
            "7FE00010": {"vr": "OW", "BulkDataURI": "original.dcm#7FE00010"}
        }

    @pytest.mark.parametrize("tag", [0x7FE00008, 0x7FE00009, 0x60003000, 0x60023000])
    def test_so_do_float_pixels_and_overlays(self, tag: int) -> None:
        described = attributes(element(tag, "OW", bytes(8)))[f"{tag:08X}"]
        assert described == {"vr": "OW", "BulkDataURI": f"original.dcm#{tag:08X}"}

    def test_waveforms_are_found_inside_their_sequence(self, sample: Sample) -> None:
        groups = read(sample("waveform_ecg.dcm")).attributes["54000100"]["Value"]
        assert [group["54001010"]["BulkDataURI"] for group in groups] == [
            "original.dcm#54000100/0/54001010",
            "original.dcm#54000100/1/54001010",
        ]

    def test_encapsulated_pixel_data_is_skipped(self, sample: Sample) -> None:
        described = read(sample("JPEG2000-embedded-sequence-delimiter.dcm"))
        assert described.incomplete is None
        assert described.attributes["7FE00010"] == {
            "vr": "OB",
            "BulkDataURI": "original.dcm#7FE00010",
        }

    def test_long_values_of_any_kind_stay_there_too(self) -> None:
        short = element(0x00420011, "OB", bytes(INLINE_BYTES))
        assert "InlineBinary" in attributes(short)["00420011"]
        for vr, length in (("OB", INLINE_BYTES + 2), ("UT", MAX_VALUE_BYTES + 2)):
            described = attributes(element(0x00420011, vr, b"a" * length))
            assert described["00420011"] == {"vr": vr, "BulkDataURI": "original.dcm#00420011"}

    def test_when_all_values_together_are_long_the_last_ones_stay_there(self) -> None:
        count = MAX_TOTAL_BYTES // MAX_VALUE_BYTES
        value = b"a" * MAX_VALUE_BYTES
        described = attributes(
            b"".join(element(0x00420011 + (n << 16), "UT", value) for n in range(count + 1))
        )
        inline = ["Value" in attribute for attribute in described.values()]
        assert inline == [True] * count + [False]


class TestEncodings:
    def test_what_is_un_and_known_is_read_with_its_vr(self) -> None:
        described = attributes(element(0x00100010, "UN", b"Doe^Jane"))
        assert described["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]}

    @pytest.mark.parametrize("private", [True, False])
    def test_un_of_undefined_length_is_a_sequence_in_implicit_vr(self, private: bool) -> None:
        tag = 0x00091010 if private else 0x00081140
        inside = struct.pack("<HHI", 8, 0x60, 2) + b"CT"
        sequence = ITEM + UNDEFINED + inside + ITEM_END + SEQUENCE_END
        after = element(0x00100020, "LO", b"1 ")
        described = attributes(element(tag, "UN", sequence, UNDEFINED) + after)
        items = [{"00080060": {"vr": "CS", "Value": ["CT"]}}]
        assert described[f"{tag:08X}"] == {"vr": "SQ", "Value": items}
        assert described["00100020"] == {"vr": "LO", "Value": ["1"]}

    @pytest.mark.parametrize("written", ["implicit", "explicit"])
    def test_un_of_known_length_is_a_sequence_if_it_holds_items(self, written: str) -> None:
        inside = struct.pack("<HHI", 8, 0x60, 2) + b"CT"
        if written == "explicit":
            inside = element(0x00080060, "CS", b"CT")
        items = ITEM + struct.pack("<I", len(inside)) + inside
        described = attributes(element(0x00081140, "UN", items) + element(0x00100020, "LO", b"1 "))
        assert described["00081140"]["Value"] == [{"00080060": {"vr": "CS", "Value": ["CT"]}}]
        assert described["00081140"]["vr"] == "SQ"
        assert described["00100020"] == {"vr": "LO", "Value": ["1"]}

    def test_un_without_items_is_bytes_or_an_empty_sequence(self) -> None:
        removed = attributes(element(0x00081140, "UN", b"REMOVED "))
        assert removed == {"00081140": {"vr": "UN", "InlineBinary": "UkVNT1ZFRCA="}}
        assert attributes(element(0x00081140, "UN", b"")) == {"00081140": {"vr": "SQ"}}

    def test_items_inherit_the_character_set_or_have_their_own(self) -> None:
        name = element(0x00100010, "PN", "é".encode())
        own = element(0x00080005, "CS", b"ISO_IR 100") + element(0x00100010, "PN", b"\xe9 ")
        items = b"".join(ITEM + struct.pack("<I", len(item)) + item for item in (name, own))
        described = attributes(
            element(0x00080005, "CS", b"ISO_IR 192") + element(0x00101002, "SQ", items)
        )
        names = [item["00100010"]["Value"] for item in described["00101002"]["Value"]]
        assert names == [[{"Alphabetic": "é"}], [{"Alphabetic": "é"}]]

    @pytest.mark.parametrize(("signed", "vr", "value"), [(0, "US", 65535), (1, "SS", -1)])
    def test_the_pixel_representation_decides_what_numbers_mean(
        self, signed: int, vr: str, value: int
    ) -> None:
        dataset = struct.pack("<HHIH", 0x28, 0x103, 2, signed)
        dataset += struct.pack("<HHI", 0x28, 0x106, 2) + b"\xff\xff"
        described = read(meta("1.2.840.10008.1.2") + dataset).attributes
        assert described["00280106"] == {"vr": vr, "Value": [value]}

    def test_items_inherit_the_pixel_representation(self) -> None:
        inside = struct.pack("<HHI", 0x28, 0x106, 2) + b"\xff\xff"
        sequence = ITEM + struct.pack("<I", len(inside)) + inside
        dataset = struct.pack("<HHIH", 0x28, 0x103, 2, 1)
        dataset += struct.pack("<HHI", 0x28, 0x3010, len(sequence)) + sequence
        described = read(meta("1.2.840.10008.1.2") + dataset).attributes
        [item] = described["00283010"]["Value"]
        assert item == {"00280106": {"vr": "SS", "Value": [-1]}}

    def test_a_wrong_transfer_syntax_does_not_matter(self) -> None:
        file = read(meta("1.2.840.10008.1.2") + element(0x00080060, "CS", b"CT"))
        assert file.attributes == {"00080060": {"vr": "CS", "Value": ["CT"]}}

    def test_group_lengths_are_left_out(self) -> None:
        assert attributes(element(0x00080000, "UL", bytes(4))) == {}

    def test_empty_sequences_have_no_value_and_empty_items_are_empty_objects(self) -> None:
        empty = element(0x00081140, "SQ", b"") + element(0x00101002, "SQ", SEQUENCE_END, UNDEFINED)
        assert attributes(empty) == {"00081140": {"vr": "SQ"}, "00101002": {"vr": "SQ"}}
        item = element(0x00081140, "SQ", ITEM + bytes(4))
        assert attributes(item) == {"00081140": {"vr": "SQ", "Value": [{}]}}

    def test_a_deflated_file_is_inflated(self, sample: Sample) -> None:
        dataset = element(0x00080060, "CS", b"CT") + element(0x7FE00010, "OW", bytes(10**6))
        plain = attributes(dataset)
        deflated = zlib.compress(dataset, wbits=-15)
        assert read(meta(DEFLATED) + deflated).attributes == plain
        assert read(sample("image_dfl.dcm")).incomplete is None


class TestBrokenFiles:
    def test_elements_before_the_break_are_kept(self, sample: Sample) -> None:
        dataset = read(sample("MR_truncated.dcm"))
        assert dataset.incomplete == "structure"
        assert dataset.attributes["00080060"] == {"vr": "CS", "Value": ["MR"]}
        assert "7FE00010" not in dataset.attributes

    @pytest.mark.parametrize(
        "broken",
        [
            element(0x00100020, "LO", b"1")[:-1],
            element(0x00100020, "LO", b"")[:5],
            element(0x00081140, "SQ", ITEM + UNDEFINED, UNDEFINED),
            element(0x00081140, "SQ", b"12345678"),
            element(0x00081140, "SQ", ITEM + struct.pack("<I", 100)) + bytes(200),
            element(
                0x00081140,
                "SQ",
                ITEM + struct.pack("<I", 8) + element(0x00100020, "LO", b"12345678"),
            ),
            element(0x7FE00010, "OB", b"12345678", UNDEFINED),
            element(0x7FE00010, "OB", ITEM + UNDEFINED, UNDEFINED),
            element(0x7FE00010, "OB", ITEM + bytes(4), UNDEFINED),
            element(0x7FE00010, "OW", b"", struct.pack("<I", 8)),
        ],
    )
    def test_a_broken_structure_is_noticed(self, broken: bytes) -> None:
        dataset = read(meta() + element(0x00080060, "CS", b"CT") + broken)
        assert dataset.incomplete == "structure"
        assert dataset.attributes["00080060"] == {"vr": "CS", "Value": ["CT"]}

    @pytest.mark.parametrize("delimiter", [SEQUENCE_END, ITEM_END])
    def test_a_delimiter_that_ends_nothing_is_skipped(self, delimiter: bytes) -> None:
        name = element(0x00100010, "PN", b"A^B ")
        described = attributes(element(0x00080060, "CS", b"CT") + delimiter + name)
        assert list(described) == ["00080060", "00100010"]

    def test_broken_deflation_is_noticed(self) -> None:
        assert read(meta(DEFLATED) + b"\xff" * 100).incomplete == "structure"

    def test_deflation_that_ends_early_is_noticed(self) -> None:
        deflated = zlib.compress(element(0x7FE00010, "OW", bytes(10**6)), wbits=-15)
        assert read(meta(DEFLATED) + deflated[:-20]).incomplete == "structure"

    @pytest.mark.parametrize("content", [b"", b"DICM", bytes(132), b"\x02\0" * 66, b"%PDF-1.7"])
    def test_what_is_no_dicom_file_has_no_elements(self, content: bytes) -> None:
        assert read(content).attributes == {}

    def test_nesting_is_followed_to_a_limit(self) -> None:
        opening = element(0x00081140, "SQ", ITEM + UNDEFINED, UNDEFINED)
        dataset = read(meta() + opening * 100_000)
        assert dataset.incomplete == "depth"
        assert len(orjson.dumps(dataset.attributes)) > 0

    def test_elements_are_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("descriptor.description.LIMITS", LIMITS._replace(max_elements=1000))
        items = ITEM + bytes(4)
        assert read(meta() + element(0x00081140, "SQ", items * 900)).incomplete is None
        dataset = read(meta() + element(0x00081140, "SQ", items * 1001))
        assert dataset.incomplete == "elements"

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(data=st.data())
    @pytest.mark.parametrize("name", ["CT_small.dcm", "test-SR.dcm", "image_dfl.dcm"])
    def test_any_damage_gives_a_description(
        self, sample: Sample, name: str, data: st.DataObject
    ) -> None:
        content = bytearray(sample(name))
        for _ in range(data.draw(st.integers(1, 5))):
            position = data.draw(st.integers(0, min(len(content), 8000) - 1))
            content[position] = data.draw(st.integers(0, 255))
        file = read(bytes(content[: data.draw(st.integers(0, len(content)))]))
        assert isinstance(file.attributes, dict)


class TestMemory:
    GIGABYTES = 3 * 1024**3

    def sparse(self, path: Path, before: bytes, after: bytes) -> Path:
        with path.open("wb") as file:
            file.write(before)
            file.seek(self.GIGABYTES, io.SEEK_CUR)
            file.write(after)
        return path

    def test_gigabytes_of_pixels_are_skipped(
        self, tmp_path: Path, peak_bytes: Callable[[], int]
    ) -> None:
        pixels = element(0x7FE00010, "OW", b"", struct.pack("<I", self.GIGABYTES))
        trailing = element(0xFFFCFFFC, "OB", bytes(2))
        path = self.sparse(tmp_path / "native.dcm", meta() + pixels, trailing)
        description = describe_instance(path, "original.dcm")
        assert list(orjson.loads(description.dataset)) == ["7FE00010", "FFFCFFFC"]
        assert peak_bytes() < 1024**2

    def test_so_are_gigabytes_in_a_fragment(
        self, tmp_path: Path, peak_bytes: Callable[[], int]
    ) -> None:
        fragment = ITEM + struct.pack("<I", self.GIGABYTES)
        pixels = element(0x7FE00010, "OB", ITEM + bytes(4) + fragment, UNDEFINED)
        path = self.sparse(tmp_path / "fragment.dcm", meta() + pixels, SEQUENCE_END)
        assert describe_instance(path, "original.dcm").incomplete is None
        assert peak_bytes() < 1024**2

    def test_so_are_gigabytes_inside_a_sequence(
        self, tmp_path: Path, peak_bytes: Callable[[], int]
    ) -> None:
        waveform = element(0x54001010, "OW", b"", struct.pack("<I", self.GIGABYTES))
        start = element(0x54000100, "SQ", ITEM + UNDEFINED + waveform, UNDEFINED)
        path = self.sparse(tmp_path / "nested.dcm", meta() + start, ITEM_END + SEQUENCE_END)
        assert describe_instance(path, "original.dcm").incomplete is None
        assert peak_bytes() < 1024**2

    def test_a_deflated_data_set_is_inflated_to_a_limit(
        self, monkeypatch: pytest.MonkeyPatch, peak_bytes: Callable[[], int]
    ) -> None:
        limit = 8 * 1024**2
        limits = LIMITS._replace(max_inflated_bytes=limit)
        monkeypatch.setattr("descriptor.description.LIMITS", limits)
        squeeze = zlib.compressobj(wbits=-15)
        start = element(0x00080060, "CS", b"CT")
        start += element(0x7FE00010, "OW", b"", struct.pack("<I", 128 * 1024**2))
        parts = [meta(DEFLATED), squeeze.compress(start)]
        parts += [squeeze.compress(bytes(1024**2)) for _ in range(128)]
        file = read(b"".join([*parts, squeeze.flush()]))
        assert file.incomplete == "inflated-size"
        assert file.attributes == {"00080060": {"vr": "CS", "Value": ["CT"]}}
        assert peak_bytes() < 3 * limit

    def test_an_element_takes_tens_of_bytes(self, peak_bytes: Callable[[], int]) -> None:
        frame = element(0x00209057, "UL", bytes(4)) + element(0x00280030, "DS", b"0.5\\0.5 ")
        item = ITEM + struct.pack("<I", len(frame)) + frame
        description = describe_bytes(meta() + element(0x52009230, "SQ", item * 10_000), "")
        assert peak_bytes() < 30_000 * 160
        assert len(orjson.loads(description.dataset)["52009230"]["Value"]) == 10_000


class TestOrder:
    def test_attributes_are_sorted_at_every_level_and_the_last_of_equals_counts(self) -> None:
        inside = element(0x00100020, "LO", b"1 ") + element(0x00080060, "CS", b"CT")
        item = ITEM + struct.pack("<I", len(inside)) + inside
        described = attributes(
            element(0x00080060, "CS", b"MR")
            + element(0x00100020, "LO", b"2 ")
            + element(0x00081140, "SQ", item)
            + element(0x00080060, "CS", b"US")
        )
        assert list(described) == ["00080060", "00081140", "00100020"]
        assert described["00080060"]["Value"] == ["US"]
        assert list(described["00081140"]["Value"][0]) == ["00080060", "00100020"]


def test_json_that_becomes_too_long_loses_a_sequence_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Elements without a value are short in the file, above all in a deflated one."""
    monkeypatch.setattr("descriptor.data_set.MAX_JSON_BYTES", 10_000)
    empty = b"".join(element(0x00091000 + number, "LO", b"") for number in range(0x10, 0xF0))
    items = b"".join(ITEM + struct.pack("<I", len(empty)) + empty for _ in range(10))
    nested = ITEM + struct.pack("<I", len(items) + 12) + element(0x00091002, "SQ", items)
    file = read(
        meta()
        + element(0x00080060, "CS", b"CT")
        + element(0x00091001, "SQ", nested)
        + element(0x00100010, "PN", b"Doe^Jane")
        + element(0x00200013, "IS", b"7 ")
    )
    assert file.incomplete == "json-size"
    assert list(file.attributes) == ["00080060", "00100010", "00200013"]


def test_a_long_sequence_within_the_limit_is_complete() -> None:
    empty = b"".join(element(0x00091000 + number, "LO", b"") for number in range(0x10, 0xF0))
    items = b"".join(ITEM + struct.pack("<I", len(empty)) + empty for _ in range(10))
    found = attributes(element(0x00091001, "SQ", items))
    assert len(found["00091001"]["Value"]) == 10
