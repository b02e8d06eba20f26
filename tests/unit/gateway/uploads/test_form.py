"""multipart/form-data as it arrives: any chunking, any file name, any garbage."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.uploads.errors import Refusal, RefusedUploadError
from gateway.uploads.form import boundary_of, read_form
from gateway.uploads.parts import PartBegins, PartEnds, PartEvent

BOUNDARY = "xYzZY"
DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="CT.dcm"'
FORM = (
    b"--xYzZY\r\n" + DISPOSITION + b"\r\nContent-Type: application/dicom\r\n\r\n"
    b"\r\n--xYzZ\r\n\0\xff\r\n--xYzZY\r\n"
    b'Content-Disposition: form-data; name="note"\r\n\r\n'
    b"hello\r\n--xYzZY--\r\n"
)
PARTS = [
    (PartBegins("file", "CT.dcm", "application/dicom"), b"\r\n--xYzZ\r\n\0\xff"),
    (PartBegins("note", ""), b"hello"),
]


def read(chunks: Iterable[bytes], boundary: str = BOUNDARY) -> list[PartEvent]:
    """All events of a body that arrives in these chunks."""

    async def arriving() -> AsyncGenerator[bytes, None]:
        for chunk in chunks:
            yield chunk

    async def collect() -> list[PartEvent]:
        return [event async for event in read_form(arriving(), boundary, max_files=900)]

    return asyncio.run(collect())


def parts_of(events: list[PartEvent]) -> list[tuple[PartBegins, bytes]]:
    """Each part with its bytes, however they came."""
    parts: list[tuple[PartBegins, bytes]] = []
    is_open = False
    for event in events:
        match event:
            case PartBegins():
                assert not is_open
                parts.append((event, b""))
                is_open = True
            case bytes():
                assert is_open
                assert event
                parts[-1] = (parts[-1][0], parts[-1][1] + event)
            case PartEnds():
                assert is_open
                is_open = False
    assert not is_open
    return parts


def form_with(disposition: bytes) -> bytes:
    return b"--xYzZY\r\n" + disposition + b"\r\n\r\nx\r\n--xYzZY--\r\n"


def refusal_of(*chunks: bytes, boundary: str = BOUNDARY) -> RefusedUploadError:
    with pytest.raises(RefusedUploadError) as raised:
        read(chunks, boundary)
    return raised.value


def test_a_form_is_read_part_by_part() -> None:
    assert parts_of(read([FORM])) == PARTS


def test_where_a_body_is_cut_makes_no_difference() -> None:
    for position in range(len(FORM) + 1):
        assert parts_of(read([FORM[:position], FORM[position:]])) == PARTS, position


def test_a_body_may_arrive_byte_by_byte() -> None:
    assert parts_of(read([FORM[index : index + 1] for index in range(len(FORM))])) == PARTS


@given(st.lists(st.integers(0, len(FORM)), max_size=12))
def test_a_body_may_arrive_in_any_chunks(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(FORM)]
    chunks = [FORM[start:end] for start, end in pairwise(edges)]
    assert parts_of(read(chunks)) == PARTS


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_arrive_as_they_were_sent(content: bytes, size: int) -> None:
    assume(b"\r\n--xYzZY" not in content)
    body = form_with(DISPOSITION).replace(b"\r\n\r\nx", b"\r\n\r\n" + content)
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    assert parts_of(read(chunks)) == [(PartBegins("file", "CT.dcm"), content)]


def test_what_stands_before_and_after_the_parts_is_not_read() -> None:
    assert parts_of(read([b"a preamble\r\n" + FORM + b"an epilogue"])) == PARTS


def test_a_form_may_have_no_parts() -> None:
    assert read([b"--xYzZY--\r\n"]) == []


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"CT.dcm", "CT.dcm"),
        ("Größe.dcm".encode(), "Größe.dcm"),
        ("Größe.dcm".encode("latin1"), "Größe.dcm"),
        ("画像.dcm".encode(), "画像.dcm"),
        (b"\xff\xfe.dcm", "ÿþ.dcm"),
        (b"../../etc/passwd", "../../etc/passwd"),
        (b"/etc/passwd", "/etc/passwd"),
        (b"a%22b%0D%0Ac", 'a"b\r\nc'),
        (b"%2e%2e%2f", "%2e%2e%2f"),
        (b"a\0b", "a\0b"),
        (b"", ""),
    ],
)
def test_a_file_name_is_text_whatever_it_is(sent: bytes, text: str) -> None:
    disposition = b'Content-Disposition: form-data; name="file"; filename="' + sent + b'"'
    assert parts_of(read([form_with(disposition)])) == [(PartBegins("file", text), b"x")]


def test_a_long_file_name_is_cut() -> None:
    disposition = b'Content-Disposition: form-data; name="file"; filename="' + b"n" * 4000 + b'"'
    [(part, _)] = parts_of(read([form_with(disposition)]))
    assert part.sent_as == "n" * 1024


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        FORM[: FORM.index(b"hello")],
        FORM[:-4],
        FORM.replace(b"\r\n", b"\n"),
        FORM.replace(b"form-data", b"attachment"),
        form_with(b"Content-Type: application/dicom"),
        form_with(b"no header"),
        form_with(DISPOSITION + b"\r\nX-Long: " + b"x" * 5000),
        form_with(b"\r\n".join(b"X-H%d: x" % number for number in range(20))),
        form_with(DISPOSITION + b"\r\nContent-Length: 2"),
        form_with(DISPOSITION + b"\r\nContent-Length: -1"),
        b"--xYzZY\r\n" + b"x" * 10_000,
        b"--xYzZYgarbage" + FORM,
        b"--xYzZY\r\n" + (DISPOSITION + b"\r\n\r\n\r\n--xYzZY\r\n") * 1001,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_broken_body_is_refused(body: bytes) -> None:
    refused = refusal_of(body)
    assert refused.refusal is Refusal.BROKEN_MULTIPART
    assert f"{len(body)} bytes after its start" in refused.detail


def test_a_refusal_does_not_say_what_the_body_contained() -> None:
    refused = refusal_of(form_with(b"DOE^JANE: x"))
    assert "DOE" not in f"{refused.detail}{refused}"


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_garbage_makes_anything_but_a_refusal(one: bytes, other: bytes) -> None:
    for chunks in ([one, other], [b"--xYzZY\r\n" + one, other], [FORM[:100] + one, other]):
        with suppress(RefusedUploadError):
            parts_of(read(chunks))


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=xYzZY", "xYzZY"),
        ('multipart/form-data; boundary="xY zZY"', "xY zZY"),
        ("Multipart/Form-Data; charset=utf-8; Boundary=xYzZY", "xYzZY"),
        ("multipart/mixed; boundary=xYzZY", None),
        ("application/dicom", None),
        ("", None),
        ("multipart/form-datafoo; boundary=x", None),
    ],
)
def test_the_boundary_is_told_by_the_content_type(content_type: str, boundary: str | None) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_a_boundary_is_broken(content_type: str) -> None:
    with pytest.raises(RefusedUploadError) as raised:
        boundary_of(content_type)
    assert raised.value.refusal is Refusal.BROKEN_MULTIPART


@pytest.mark.parametrize("boundary", ["a\nb", "\xff", "b" * 70_000])
def test_a_strange_boundary_makes_a_broken_form(boundary: str) -> None:
    assert refusal_of(FORM, boundary=boundary).refusal is Refusal.BROKEN_MULTIPART


@given(st.text(max_size=60))
def test_no_content_type_makes_anything_but_a_refusal(options: str) -> None:
    with suppress(RefusedUploadError):
        boundary_of(f"multipart/form-data; {options}")
