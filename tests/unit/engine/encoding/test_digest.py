"""The digest of a data set: the same however it is written, another for other content."""

import hashlib
import re
import zlib
from pathlib import Path
from struct import pack

import pytest

from engine import examination
from engine.encoding.elements import Buffer
from engine.encoding.mapping import map_file
from engine.examination import examine
from engine.profiles.profile import Profile
from engine.tags import PIXEL_DATA
from unit.engine.dicom_writer import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    INSTANCE_UID,
    ITEM_END,
    JPEG,
    SEQUENCE_END,
    UNDEFINED,
    DataSet,
    ct,
    element,
    encapsulated_ct,
    encode,
    fragments,
    item,
    meta,
    part10,
    uid,
    us,
    with_length,
)

SEQUENCE = 0x00081140
NESTED = 0x0040A170
VALUE = element(0x00081155, "UI", uid("1.2.3"))


def digest(data: Buffer) -> str:
    summary = examine(data, Profile()).summary
    assert summary
    assert summary.dataset_sha256 == examination.digest(data, Profile().limits)
    return summary.dataset_sha256


def test_it_is_computed_only_where_it_is_wanted() -> None:
    summary = examine(part10(ct()), Profile(), digest=False).summary
    assert summary
    assert summary.dataset_sha256 == ""


def file(dataset: bytes, syntax: str = EXPLICIT, **changes: bytes) -> bytes:
    group_2 = with_length(encode(meta(transfer_syntax=uid(syntax), **changes)))
    return part10({}, group_2=group_2) + dataset


def around(sequence: bytes, *, length: int, syntax: str = EXPLICIT, after: bytes = b"") -> bytes:
    """A data set with a sequence in it."""
    first = {tag: value for tag, value in ct().items() if tag < SEQUENCE}
    rest = {tag: value for tag, value in ct().items() if tag > SEQUENCE}
    written = element(SEQUENCE, "SQ", sequence, syntax, length=length)
    return encode(first, syntax) + written + encode(rest, syntax) + after


DEFINED = item(VALUE) + item(b"") + item(VALUE)
DELIMITED = (
    item(VALUE, length=UNDEFINED) + item(b"", length=UNDEFINED) + item(VALUE, length=UNDEFINED)
)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED])
def test_lengths_and_delimiters_of_sequences_and_items_are_the_same(syntax: str) -> None:
    within = IMPLICIT if syntax == IMPLICIT else EXPLICIT
    value = element(0x00081155, "UI", uid("1.2.3"), within)
    written: set[bytes] = set()
    for items in (
        item(value) + item(b"") + item(value),
        item(value, length=UNDEFINED) + item(b"") + item(value, length=UNDEFINED),
    ):
        for sequence, length in ((items, len(items)), (items + SEQUENCE_END, UNDEFINED)):
            dataset = around(sequence, length=length, syntax=within)
            if syntax == DEFLATED:
                deflater = zlib.compressobj(1 + len(written), wbits=-15)
                dataset = deflater.compress(dataset) + deflater.flush()
            written.add(file(dataset + b"\0" * (len(dataset) % 2), syntax))
    assert len(written) == 4
    assert len({digest(data) for data in written}) == 1


def test_so_are_those_of_sequences_in_sequences() -> None:
    def nested(inner: bytes, length: int) -> bytes:
        return element(NESTED, "SQ", inner, length=length)

    defined = item(nested(DEFINED, len(DEFINED)))
    delimited = item(nested(DELIMITED + SEQUENCE_END, UNDEFINED), length=UNDEFINED) + SEQUENCE_END
    mixed = item(nested(DEFINED + SEQUENCE_END, UNDEFINED))
    digests = {
        digest(file(around(defined, length=len(defined)))),
        digest(file(around(delimited, length=UNDEFINED))),
        digest(file(around(mixed, length=len(mixed)))),
    }
    assert len(digests) == 1


def test_it_is_the_sha256_of_transfer_syntax_and_delimited_data_set() -> None:
    long = element(0x00420011, "OB", bytes(range(250)) * 400)
    items = [VALUE, long, *[VALUE] * 3000, long, long, VALUE]
    defined = b"".join(item(content) for content in items)
    delimited = b"".join(item(content, length=UNDEFINED) for content in items) + SEQUENCE_END
    expected = hashlib.sha256(EXPLICIT.encode() + b"\0")
    expected.update(around(delimited, length=UNDEFINED))
    assert digest(file(around(defined, length=len(defined)))) == expected.hexdigest()
    assert digest(file(around(delimited, length=UNDEFINED))) == expected.hexdigest()


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_group_lengths_and_padding_do_not_count(syntax: str) -> None:
    order = ">" if syntax == BIG_ENDIAN else "<"
    plain = encode(ct(), syntax)
    length = element(0x00080000, "UL", pack(f"{order}I", 1234), syntax)
    padding = element(0xFFFCFFFC, "OB", bytes(40), syntax)
    assert digest(file(length + plain + padding, syntax)) == digest(file(plain, syntax))


def test_the_file_meta_information_does_not_count_but_for_the_transfer_syntax() -> None:
    dataset = encode(ct())
    one = digest(file(dataset))
    assert digest(file(dataset, implementation=uid("1.2.3.4.5"))) == one
    assert digest(file(dataset, IMPLICIT)) != one


@pytest.mark.parametrize(
    "changed",
    [
        ct() | {0x00100010: ("PN", b"Roe^Jane")},
        ct() | {0x00100010: ("LO", b"Doe^Jane")},
        ct() | {0x00280002: ("US", us(2))},
        ct() | {0x7FE00010: ("OW", bytes(47) + b"\1")},
        ct() | {0x00090010: ("LO", b"PRIVATE ")},
        {tag: value for tag, value in ct().items() if tag != 0x00100020},
    ],
)
def test_values_vrs_and_elements_count(changed: DataSet) -> None:
    assert digest(file(encode(changed))) != digest(file(encode(ct())))


def test_where_an_item_ends_counts() -> None:
    other = element(0x00081150, "UI", uid("1.2.4"))
    one_item = item(other + VALUE)
    two_items = item(other) + item(VALUE)
    empty = item(other + VALUE) + item(b"")
    digests = {
        digest(file(around(sequence, length=len(sequence))))
        for sequence in (one_item, two_items, empty)
    }
    assert len(digests) == 3


def test_fragments_count_as_they_are() -> None:
    digests = {
        digest(part10(encapsulated_ct(fragments(*parts)), JPEG))
        for parts in ((b"abcd",), (b"ab", b"cd"), (b"abcd", b""))
    }
    assert len(digests) == 3


def test_a_value_that_looks_like_a_delimiter_is_a_value() -> None:
    value = element(0x00081155, "UN", ITEM_END)
    one, other = item(value), item(value, length=UNDEFINED)
    assert digest(file(around(one, length=len(one)))) == digest(
        file(around(other, length=len(other)))
    )


def test_a_broken_structure_is_taken_as_it_is() -> None:
    whole = around(DEFINED, length=len(DEFINED))
    assert len({digest(file(whole[:-n])) for n in (2, 4, 6)}) == 3
    wrong = around(item(VALUE, length=len(VALUE) + 2), length=len(item(VALUE)))
    assert digest(file(wrong)) != digest(file(around(item(VALUE), length=len(item(VALUE)))))


def test_a_file_without_file_meta_information_has_a_digest() -> None:
    assert len(digest(encode(ct()))) == 64
    assert digest(encode(ct())) != digest(
        encode(ct() | {0x00080018: ("UI", uid(INSTANCE_UID + ".2"))})
    )


def test_a_mapped_file_of_any_size_takes_little_memory(tmp_path: Path) -> None:
    pixels = bytes(48 * 1024**2)
    data = file(encode({PIXEL_DATA: ("OB", pixels)}))
    path = tmp_path / "large.dcm"
    path.write_bytes(data)
    expected = digest(data)
    del data, pixels

    mapped = map_file(path)
    before = _mapped_bytes()
    assert digest(mapped) == expected
    assert _mapped_bytes() - before < 24 * 1024**2


def _mapped_bytes() -> int:
    """How much of mapped files this process has in memory."""
    match = re.search(r"RssFile:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match
    return int(match[1]) * 1024


def test_what_a_un_holds_counts_as_it_is() -> None:
    """Software that does not know the element passes its bytes on, and must not change them."""
    value = element(0x00081155, "UI", uid("1.2.3"), IMPLICIT)

    def plain(items: bytes) -> str:
        dataset = encode(ct() | {SEQUENCE: ("UN", items)})
        return hashlib.sha256(EXPLICIT.encode() + b"\0" + dataset).hexdigest()

    for items in (item(value), item(value, length=UNDEFINED)):
        assert digest(part10(ct() | {SEQUENCE: ("UN", items)})) == plain(items)
