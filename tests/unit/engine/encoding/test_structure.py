"""Reading elements: nesting, encodings, what is legal, and going on after a defect."""

from struct import pack
from typing import Literal

import pytest

from contracts.report import Finding
from engine.examination import examine
from engine.profiles.profile import Limits, Profile
from engine.tags import ITEM
from unit.engine import dicom_writer as dicom
from unit.engine.layers import findings_in, instance_of

LAYERS = ("file", "structure")
SYNTAXES = (dicom.EXPLICIT, dicom.IMPLICIT, dicom.BIG_ENDIAN, dicom.DEFLATED)
CODES = 0x00081032
MEANING = 0x00080104
UNDEFINED = dicom.UNDEFINED


def findings(dataset: bytes | dicom.DataSet, syntax: str = dicom.EXPLICIT) -> list[Finding]:
    return findings_in(dicom.part10(dataset, syntax), *LAYERS)


def codes(dataset: bytes | dicom.DataSet, syntax: str = dicom.EXPLICIT) -> list[str]:
    return [finding.code for finding in findings(dataset, syntax)]


def limited(**limits: int) -> Profile:
    return Profile(required_elements=(), limits=Limits(**limits))


def opened(depth: int, syntax: str) -> bytes:
    """Sequences of undefined length in items of undefined length, none of them ever closed."""
    order = ">" if syntax == dicom.BIG_ENDIAN else "<"
    start = dicom.element(CODES, "SQ", b"", syntax, length=UNDEFINED)
    return (start + pack(f"{order}HHI", 0xFFFE, 0xE000, UNDEFINED)) * depth


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_valid_image_gives_no_finding_in_any_native_transfer_syntax(syntax: str) -> None:
    codes = [f.code for f in findings_in(dicom.part10(dicom.ct(), syntax), *LAYERS, "meta", "uid")]
    is_retired = syntax == dicom.BIG_ENDIAN
    assert codes == (["meta.transfer-syntax-retired"] if is_retired else [])


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("sequence_length", [None, UNDEFINED])
@pytest.mark.parametrize("item_length", [None, UNDEFINED])
def test_sequences_may_have_known_and_undefined_lengths(
    syntax: str, sequence_length: int | None, item_length: int | None
) -> None:
    order = ">" if syntax == dicom.BIG_ENDIAN else "<"
    meaning = dicom.element(MEANING, "LO", b"Head", syntax)
    items = dicom.item(meaning, length=item_length, order=order) * 2
    items += dicom.item(b"", length=item_length, order=order)
    if sequence_length == UNDEFINED:
        items += dicom.delimiter(0xE0DD, order=order)
    dataset = dicom.encode({0x00080060: ("CS", b"CT")}, syntax)
    dataset += dicom.element(CODES, "SQ", items, syntax, length=sequence_length)
    dataset += dicom.encode({0x00100020: ("LO", b"JD")}, syntax)

    assert codes(dataset, syntax) == []


def test_empty_sequences_items_and_values_are_legal() -> None:
    dataset = dicom.element(0x00080060, "CS", b"")
    dataset += dicom.element(CODES, "SQ", b"")
    dataset += dicom.element(0x00081140, "SQ", dicom.SEQUENCE_END, length=UNDEFINED)
    dataset += dicom.element(0x00081199, "SQ", dicom.item(b""))

    assert codes(dataset) == []


def test_a_sequence_of_unknown_vr_and_undefined_length_is_read_in_implicit_vr() -> None:
    dataset = dicom.encode({0x00080060: ("CS", b"CT")})
    meaning = dicom.element(MEANING, "LO", b"Head", dicom.IMPLICIT)
    inner = dicom.element(CODES, "SQ", dicom.item(meaning), dicom.IMPLICIT)
    outer = dicom.item(inner, length=UNDEFINED) + dicom.SEQUENCE_END
    dataset += dicom.element(0x00091010, "UN", outer, length=UNDEFINED)
    dataset += dicom.encode({0x00100020: ("LO", b"JD")})

    assert codes(dataset) == []


def test_a_private_sequence_of_undefined_length_is_read_in_implicit_vr() -> None:
    dataset = dicom.encode({0x00080060: ("CS", b"CT")}, dicom.IMPLICIT)
    meaning = dicom.element(MEANING, "LO", b"Head", dicom.IMPLICIT)
    value = dicom.item(meaning) + dicom.SEQUENCE_END
    dataset += dicom.element(0x00091010, "UN", value, dicom.IMPLICIT, length=UNDEFINED)

    assert codes(dataset, dicom.IMPLICIT) == []


def test_data_set_trailing_padding_is_legal() -> None:
    dataset = dicom.ct() | {0xFFFCFFFC: ("OB", bytes(300))}

    assert codes(dataset) == []


def test_an_icon_in_native_format_is_legal_in_a_compressed_image() -> None:
    icon = dicom.encode({0x7FE00010: ("OW", bytes(8))})
    dataset = dicom.encapsulated_ct(dicom.fragments(b"\xff\xd8\xff\xd9"))
    dataset[0x00880200] = ("SQ", dicom.item(icon))

    assert codes(dataset, dicom.JPEG) == []


def test_a_delimiter_inside_a_fragment_does_not_end_the_fragments() -> None:
    frame = b"\xff\xd8" + dicom.SEQUENCE_END + b"\xff\xd9"

    assert codes(dicom.encapsulated_ct(dicom.fragments(frame)), dicom.JPEG) == []


def test_reading_goes_on_behind_a_broken_sequence_of_known_length() -> None:
    broken = dicom.item(dicom.element(MEANING, "LO", b"Head", length=400))
    dataset = dicom.encode({0x00080060: ("CS", b"CT")})
    dataset += dicom.element(CODES, "SQ", broken)
    dataset += dicom.element(0x00100020, "LO", b"odd")

    assert codes(dataset) == ["structure.overrun", "structure.length-odd"]


def test_reading_goes_on_through_private_elements_whose_vr_was_not_known() -> None:
    unknown = [dicom.element(0x00091001 + n, "LO", bytes(n * 2), letters=b"??") for n in range(5)]
    dataset = dicom.encode({0x00080060: ("CS", b"CT")}) + b"".join(unknown)
    dataset += dicom.element(0x00100020, "LO", b"odd")

    assert codes(dataset) == ["structure.vr-invalid"] * 5 + ["structure.length-odd"]


def test_what_cannot_be_read_is_not_called_missing() -> None:
    file = dicom.part10(dicom.ct())
    before_series_uid = file.index(b"UI", file.index(b"JD-42")) - 4

    found = examine(file[: before_series_uid + 4], Profile()).findings

    assert found[0].code == "structure.truncated"
    # An element before the break is missing if it is not there.
    assert all(finding.path < "(0020,000E)" for finding in found if finding.path)


def test_a_truncated_element_says_where_and_how_much_is_left() -> None:
    file = dicom.part10(dicom.ct())

    [finding] = findings_in(file[:-8], *LAYERS)

    assert (finding.path, finding.keyword) == ("(7FE0,0010)", "PixelData")
    assert (finding.expected, finding.found) == ("48 bytes", "40 bytes")
    assert finding.offset == len(file) - 48


def test_a_file_cut_inside_nested_sequences_gives_one_finding() -> None:
    meaning = dicom.element(MEANING, "LO", b"Head")
    inner = dicom.element(CODES, "SQ", dicom.item(meaning))
    dataset = dicom.encode({0x00080060: ("CS", b"CT")})
    dataset += dicom.element(0x00081140, "SQ", dicom.item(inner))

    for missing in range(1, len(meaning)):
        [finding] = findings(dataset[:-missing])
        assert finding.code == "structure.truncated"
        assert finding.path == "(0008,1140)"


def test_elements_that_do_not_ascend_are_found_once_and_duplicates_wherever_they_are() -> None:
    first = dicom.element(0x00100020, "LO", b"JD")
    dataset = dicom.encode({0x00080060: ("CS", b"CT"), 0x00100020: ("LO", b"JD")})
    dataset += dicom.element(0x00081030, "LO", b"Head") + first

    assert [(f.code, f.path) for f in findings(dataset)] == [
        ("structure.order", "(0008,1030)"),
        ("structure.duplicate", "(0010,0020)"),
    ]


def test_the_same_tag_in_several_items_is_no_duplicate() -> None:
    item = dicom.item(dicom.element(MEANING, "LO", b"Head"))

    assert codes(dicom.element(CODES, "SQ", item * 3)) == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_ten_thousand_nested_sequences_are_a_finding(syntax: str) -> None:
    dataset = dicom.encode({0x00080060: ("CS", b"CT")}, syntax) + opened(10_000, syntax)

    [finding] = findings(dataset, syntax)

    assert finding.code == "structure.depth"
    assert finding.expected == "at most 64"


def test_nested_sequences_within_the_limit_that_are_never_closed_are_one_finding() -> None:
    dataset = dicom.encode({0x00080060: ("CS", b"CT")}) + opened(60, dicom.EXPLICIT)

    [finding] = findings(dataset)

    assert finding.code == "structure.delimiter-missing"


def test_a_path_that_is_too_long_keeps_its_end() -> None:
    profile = limited(max_depth=2000)
    dataset = dicom.encode({0x00080060: ("CS", b"CT")})
    dataset += opened(1000, dicom.EXPLICIT) + dicom.element(MEANING, "LO", b"odd")

    odd, _ = findings_in(dicom.part10(dataset), *LAYERS, profile=profile)

    assert odd.code == "structure.length-odd"
    assert odd.path is not None
    assert odd.path.endswith("[0]>(0008,1032)[0]>(0008,0104)")


@pytest.mark.timeout(10)
def test_megabytes_of_null_bytes_before_the_last_are_looked_at_once() -> None:
    dataset = dicom.encode({0x00080060: ("CS", b"CT")}, dicom.IMPLICIT)
    dataset += bytes(2_000_000) + b"\x01\0\0\0\0\0\0\0"

    assert "structure.duplicate" in codes(dataset, dicom.IMPLICIT)


@pytest.mark.parametrize("syntax", [dicom.EXPLICIT, dicom.IMPLICIT])
@pytest.mark.parametrize("vr", ["OW", "SQ", "UN", "UT"])
def test_four_gigabytes_declared_by_nine_kilobytes_are_truncated(syntax: str, vr: str) -> None:
    dataset = dicom.encode(dicom.ct(), syntax)[:-60]
    tag = {"OW": 0x7FE00010, "SQ": 0x00400275, "UN": 0x00411010, "UT": 0x0040A160}[vr]
    dataset += dicom.element(tag, vr, bytes(9000), syntax, length=0xFFFFFFFE)

    assert codes(dataset, syntax)[0] == "structure.truncated"


def test_a_deflate_bomb_is_a_finding() -> None:
    dataset = dicom.encode(dicom.ct() | {0x7FE00010: ("OW", bytes(30_000_000))})
    file = dicom.part10(dataset, dicom.DEFLATED)
    assert len(file) < 40_000

    [finding] = findings_in(file, *LAYERS, profile=limited(max_inflated_bytes=1_000_000))

    assert finding.code == "structure.deflate-too-large"


def test_an_offset_in_what_was_inflated_is_not_given_as_one_in_the_file() -> None:
    dataset = dicom.ct() | {0x00100020: ("LO", b"odd")}

    [finding] = findings(dataset, dicom.DEFLATED)

    assert (finding.code, finding.path) == ("structure.length-odd", "(0010,0020)")
    assert finding.offset is None


def test_equal_findings_in_many_items_are_one_with_a_count() -> None:
    item = dicom.item(dicom.element(MEANING, "LO", b"odd"))

    [finding] = findings(dicom.element(CODES, "SQ", item * 1000))

    assert finding.path == "(0008,1032)[0]>(0008,0104)"
    assert finding.count == 1000


def test_a_code_keeps_so_many_places_apart_and_counts_the_others() -> None:
    dataset = b"".join(dicom.element(0x00090010 + n, "LO", b"odd") for n in range(150))
    profile = limited(max_findings_per_code=100)

    found = findings_in(dicom.part10(dataset), *LAYERS, profile=profile)

    assert len(found) == 101
    [others] = [finding for finding in found if finding.path is None]
    assert (others.code, others.count) == ("structure.length-odd", 50)


def test_findings_come_in_the_order_of_the_file_and_absent_elements_last() -> None:
    dataset = dicom.ct() | {0x00100020: ("LO", b"odd"), 0x0020000D: ("UI", b"1.02")}
    del dataset[0x00080016]

    found = findings_in(dicom.part10(dataset), "structure", "uid", "element", profile=Profile())

    assert [finding.path for finding in found] == ["(0010,0020)", "(0020,000D)", "(0008,0016)"]


def test_a_wrong_length_of_the_meta_information_does_not_hide_the_data_set() -> None:
    group_2 = dicom.encode(dicom.meta())
    wrong = dicom.with_length(group_2, 2_000_000)

    report = examine(dicom.part10(dicom.ct(), group_2=wrong), Profile())

    assert report.findings[0].code == "meta.group-length-wrong"
    assert not [f for f in report.findings if f.code.startswith(("structure.", "element."))]
    assert report.identity.modality == "CT"


def test_the_data_set_is_found_behind_damaged_meta_information() -> None:
    group_2 = dicom.encode(dicom.meta())
    class_uid = dicom.element(0x00020002, "UI", dicom.uid(dicom.CT_IMAGE_STORAGE))
    too_long = class_uid[:6] + b"\xff\xff" + class_uid[8:]
    damaged = dicom.with_length(group_2.replace(class_uid, too_long))

    report = examine(dicom.part10(dicom.ct(), group_2=damaged), Profile())

    layers = ("structure.", "element.", "meta.")
    found = [finding.code for finding in report.findings if finding.code.startswith(layers)]
    assert found == ["structure.truncated"]
    assert report.identity.modality == "CT"


@pytest.mark.parametrize("vr", ["OW", "UT", "SQ", "UN"])
def test_reserved_bytes_that_are_not_zero_are_found(vr: str) -> None:
    valid = dicom.element(0x00091010, vr, b"")
    dataset = dicom.encode({0x00080060: ("CS", b"CT"), 0x00090010: ("LO", b"OURS")})
    assert codes(dataset + valid) == []

    [finding] = findings(dataset + valid[:6] + b"\0\1" + valid[8:])

    assert (finding.code, finding.path) == ("structure.reserved-bytes", "(0009,1010)")


def test_reserved_bytes_of_an_element_that_is_cut_off_are_no_matter() -> None:
    pixels = dicom.element(0x7FE00010, "OW", bytes(48))
    dataset = dicom.encode({0x00080060: ("CS", b"CT")})

    assert codes(dataset + pixels[:6] + b"\1\1" + pixels[8:-8]) == ["structure.truncated"]


@pytest.mark.parametrize("tag", [0x00000900, 0x00020010, 0x00041220, 0x00060010])
def test_groups_that_are_not_of_data_sets_are_found(tag: int) -> None:
    inner = dicom.item(dicom.element(tag, "LO", b"what"))

    assert codes({0x00080060: ("CS", b"CT"), CODES: ("SQ", inner)}) == ["structure.group-misplaced"]


def test_a_directory_may_have_the_elements_of_one() -> None:
    directory = dicom.meta(sop_class=dicom.uid("1.2.840.10008.1.3.10"))
    group_2 = dicom.with_length(dicom.encode(directory))
    records = {0x00041130: ("CS", b"FILES "), 0x00041220: ("SQ", b"")}

    found = findings_in(dicom.part10(records, group_2=group_2), "structure")

    assert found == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_group_lengths_are_a_remark_and_wrong_ones_are_found(syntax: str) -> None:
    order: Literal["little", "big"] = "big" if syntax == dicom.BIG_ENDIAN else "little"
    group = {0x00080060: ("CS", b"CT"), 0x00081140: ("SQ", b""), 0x00081190: ("UR", b"a:")}
    length = len(dicom.encode(group, syntax))
    rest = {0x00100020: ("LO", b"JD"), 0x7FE00010: ("OW", bytes(48))}
    for declared, expected in (
        (length, ["structure.group-length-retired"]),
        (length + 2, ["structure.group-length-retired", "structure.group-length-wrong"]),
    ):
        group_length = {0x00080000: ("UL", declared.to_bytes(4, order))}
        assert codes(dicom.encode(group | group_length | rest, syntax), syntax) == expected


def test_the_length_of_the_last_group_reaches_to_the_end() -> None:
    for size, expected in ((12 + 48, []), (48, ["structure.group-length-wrong"])):
        pixels = {0x7FE00000: ("UL", pack("<I", size)), 0x7FE00010: ("OW", bytes(48))}
        found = codes({0x00080060: ("CS", b"CT")} | pixels)
        assert found == ["structure.group-length-retired", *expected]


def test_only_the_pixel_data_may_be_in_fragments() -> None:
    value = dicom.fragments(b"\xff\xd8\xff\xd9")
    valid = dicom.encapsulated_ct(value)
    assert codes(valid, dicom.JPEG) == []

    document = dicom.encode({0x00080060: ("CS", b"CT"), 0x00420011: ("fragments", value)})
    [finding] = findings(document)

    assert (finding.code, finding.path) == ("structure.fragments-unexpected", "(0042,0011)")


def test_an_element_without_a_valid_vr_is_taken_for_what_the_dictionary_says() -> None:
    dataset = dicom.encode({0x00080016: ("UI", dicom.uid(dicom.CT_IMAGE_STORAGE))})
    dataset += dicom.element(0x00080060, "CS", b"CT", letters=b"??")

    report = examine(dicom.part10(dataset), Profile())

    assert report.identity.modality == "CT"
    assert [f.code for f in report.findings if f.path == "(0008,0060)"] == ["structure.vr-invalid"]


class TestUnknownVR:
    """What a UN holds is in implicit VR little endian (PS3.5 6.2.2)."""

    IMPLICIT = dicom.element(MEANING, "LO", b"Head", dicom.IMPLICIT)
    EXPLICIT = dicom.element(MEANING, "LO", b"Head")

    def dataset(self, items: bytes, length: int | None = None, tag: int = CODES) -> bytes:
        name = dicom.element(0x00100010, "PN", b"Doe^Jane")
        return dicom.element(tag, "UN", items, length=length) + name

    def trails(self, dataset: bytes) -> list[tuple[int, ...]]:
        instance = instance_of(dicom.part10(dataset))
        assert instance
        table = instance.dataset
        return [table.trail(row) for row, tag in enumerate(table.tags) if tag != ITEM]

    @pytest.mark.parametrize("length", [None, UNDEFINED])
    @pytest.mark.parametrize("item_length", [None, UNDEFINED])
    @pytest.mark.parametrize("written", ["implicit", "explicit"])
    def test_items_are_read_and_explicit_ones_found(
        self, length: int | None, item_length: int | None, written: str
    ) -> None:
        content = self.IMPLICIT if written == "implicit" else self.EXPLICIT
        items = dicom.item(b"") + dicom.item(content, length=item_length) * 2
        items += dicom.SEQUENCE_END if length == UNDEFINED else b""
        dataset = self.dataset(items, length)

        assert self.trails(dataset) == [(CODES,), *[(CODES, MEANING)] * 2, (0x00100010,)]
        found = [code for code in codes(dataset) if code != "structure.vr-un"]
        assert found == (["structure.un-explicit"] if written == "explicit" else [])

    @pytest.mark.parametrize(
        "content",
        [
            b"REMOVED BY DEID ",
            dicom.item(b"no elements at all "),
            dicom.item(EXPLICIT)[:-2],
            dicom.item(IMPLICIT) + b"rest",
            dicom.item(IMPLICIT, length=100),
            dicom.item(IMPLICIT, length=UNDEFINED)[:-8],
            dicom.ITEM_END,
        ],
    )
    def test_what_are_no_items_stays_bytes(self, content: bytes) -> None:
        dataset = self.dataset(content)

        assert self.trails(dataset) == [(CODES,), (0x00100010,)]
        found = set(codes(dataset)) - {"structure.vr-un", "structure.length-odd"}
        assert found == {"structure.un-without-items"}

    def test_what_the_dictionary_does_not_know_stays_bytes(self) -> None:
        items = dicom.item(self.IMPLICIT)
        for tag in (0x00091010, 0x00080070):
            dataset = self.dataset(items, tag=tag)
            assert self.trails(dataset) == [(tag,), (0x00100010,)]
            assert not any(code.startswith("structure.un-") for code in codes(dataset))

    def test_an_empty_one_is_an_empty_sequence(self) -> None:
        assert codes(self.dataset(b"")) == ["structure.vr-un"]

    def test_one_inside_another_costs_no_more(self) -> None:
        content = dicom.element(0x00080005, "CS", b"ISO_IR 100")
        for _ in range(40):
            content = dicom.element(CODES, "UN", dicom.item(content))

        assert "structure.un-explicit" in codes(content)
