"""multipart/form-data as it arrives: any chunking, any file name, any garbage."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.uploads.multipart_body import read_form, read_parts
from gateway.uploads.parts import FILE_PART, PartHead

FORM_DATA = "multipart/form-data; boundary=xYzZY"
DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="CT.dcm"'
FORM = (
    b"--xYzZY\r\n" + DISPOSITION + b"\r\nContent-Type: application/dicom\r\n\r\n"
    b"\r\n--xYzZ\r\n\0\xff\r\n--xYzZY\r\n"
    b'Content-Disposition: form-data; name="note"\r\n\r\n'
    b"hello\r\n--xYzZY--\r\n"
)
PARTS = [
    (PartHead("file", "CT.dcm"), b"\r\n--xYzZ\r\n\0\xff"),
    (PartHead("note", ""), b"hello"),
]


Read = list[tuple[PartHead, bytes]]


async def arriving(chunks: Iterable[bytes]) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


def read(chunks: Iterable[bytes], content_type: str = FORM_DATA) -> Read:
    """The parts of a form that arrives in these chunks, each with its bytes."""

    async def collect() -> Read:
        found: Read = []
        async for part in read_form(content_type, arriving(chunks), max_files=900):
            pieces = [piece async for piece in part]
            assert all(pieces)
            found.append((part.head, b"".join(pieces)))
        return found

    return asyncio.run(collect())


def form_with(disposition: bytes) -> bytes:
    return b"--xYzZY\r\n" + disposition + b"\r\n\r\nx\r\n--xYzZY--\r\n"


def problem_of(*chunks: bytes, content_type: str = FORM_DATA) -> Problem:
    with pytest.raises(Problem) as raised:
        read(chunks, content_type)
    return raised.value


def test_a_form_is_read_part_by_part() -> None:
    assert read([FORM]) == PARTS


def test_where_a_body_is_cut_makes_no_difference() -> None:
    for position in range(len(FORM) + 1):
        assert read([FORM[:position], FORM[position:]]) == PARTS, position


def test_a_body_may_arrive_byte_by_byte() -> None:
    assert read([FORM[index : index + 1] for index in range(len(FORM))]) == PARTS


@given(st.lists(st.integers(0, len(FORM)), max_size=12))
def test_a_body_may_arrive_in_any_chunks(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(FORM)]
    chunks = [FORM[start:end] for start, end in pairwise(edges)]
    assert read(chunks) == PARTS


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_arrive_as_they_were_sent(content: bytes, size: int) -> None:
    assume(b"\r\n--xYzZY" not in content)
    body = form_with(DISPOSITION).replace(b"\r\n\r\nx", b"\r\n\r\n" + content)
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    assert read(chunks) == [(PartHead("file", "CT.dcm"), content)]


def test_bytes_before_and_after_the_parts_are_not_read() -> None:
    assert read([b"a preamble\r\n" + FORM + b"an epilogue"]) == PARTS


PADDED = FORM.replace(b"--xYzZY\r\n", b"--xYzZY \t \r\n").replace(b"--xYzZY--", b"--xYzZY-- \t")


def test_spaces_may_follow_a_boundary() -> None:
    """RFC 2046 5.1.1: the padding that some transports add."""
    assert PADDED.count(b" \t") == 3
    for position in range(len(PADDED) + 1):
        assert read([PADDED[:position], PADDED[position:]]) == PARTS, position
    assert read([PADDED[index : index + 1] for index in range(len(PADDED))]) == PARTS
    assert read([b"\r\n" + PADDED]) == PARTS


@pytest.mark.parametrize(
    "content", [b"--xYzZY x", b"\r\n--xYzZ \r\n", b" --xYzZY \r\n", b"\r\r\n-"]
)
def test_bytes_like_a_padded_boundary_arrive_as_they_were_sent(content: bytes) -> None:
    body = form_with(DISPOSITION).replace(b"\r\n\r\nx", b"\r\n\r\n" + content)
    expected = [(PartHead("file", "CT.dcm"), content)]
    assert read([body]) == read([body[i : i + 1] for i in range(len(body))]) == expected


@pytest.mark.parametrize("after", [b" x", b" " * 5000, b"x", b" \n"])
def test_something_else_after_a_boundary_is_malformed(after: bytes) -> None:
    body = FORM.replace(b"--xYzZY\r\n", b"--xYzZY" + after + b"\r\n")
    problem = problem_of(*(body[i : i + 100] for i in range(0, len(body), 100)))
    assert problem.kind is ProblemType.BROKEN_MULTIPART


def test_a_part_may_have_many_headers() -> None:
    headers = b"".join(b"\r\nX-Header-%d: value" % number for number in range(12))
    assert read([form_with(DISPOSITION + headers)]) == [(PartHead("file", "CT.dcm"), b"x")]


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
    assert read([form_with(disposition)]) == [(PartHead("file", text), b"x")]


def test_a_long_file_name_is_cut() -> None:
    disposition = b'Content-Disposition: form-data; name="file"; filename="' + b"n" * 4000 + b'"'
    [(part, _)] = read([form_with(disposition)])
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
    refused = problem_of(body)
    assert refused.kind is ProblemType.BROKEN_MULTIPART
    assert f"{len(body)} bytes after its start" in (refused.detail or "")


def test_a_refusal_does_not_say_what_the_body_contained() -> None:
    refused = problem_of(form_with(b"DOE^JANE: x"))
    assert "DOE" not in f"{refused.detail}{refused}"


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_garbage_makes_anything_but_a_refusal(one: bytes, other: bytes) -> None:
    for chunks in ([one, other], [b"--xYzZY\r\n" + one, other], [FORM[:100] + one, other]):
        with suppress(Problem):
            read(chunks)


@pytest.mark.parametrize(
    "content_type",
    [
        FORM_DATA,
        'multipart/form-data; boundary="xYzZY"',
        "Multipart/Form-Data; charset=utf-8; Boundary=xYzZY",
    ],
)
def test_the_content_type_is_read_as_clients_write_it(content_type: str) -> None:
    assert read([FORM], content_type) == PARTS


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/mixed; boundary=xYzZY",
        "application/dicom",
        "",
        "multipart/form-datafoo; boundary=x",
    ],
)
def test_other_content_types_are_refused(content_type: str) -> None:
    assert problem_of(FORM, content_type=content_type).kind is ProblemType.NOT_MULTIPART


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_a_boundary_is_broken(content_type: str) -> None:
    assert problem_of(FORM, content_type=content_type).kind is ProblemType.BROKEN_MULTIPART


@pytest.mark.parametrize("boundary", ["a\nb", "\xff", "b" * 70_000])
def test_a_strange_boundary_makes_a_broken_form(boundary: str) -> None:
    content_type = f"multipart/form-data; boundary={boundary}"
    assert problem_of(FORM, content_type=content_type).kind is ProblemType.BROKEN_MULTIPART


@given(st.text(max_size=60))
def test_no_content_type_makes_anything_but_a_problem(options: str) -> None:
    with suppress(Problem):
        read([FORM], f"multipart/form-data; {options}")


async def test_what_is_left_unread_of_a_part_is_skipped() -> None:
    body = form_with(DISPOSITION)[:-11] + b"--xYzZY\r\n" + DISPOSITION + b"\r\n\r\ny\r\n--xYzZY--"
    seen: list[PartHead] = []
    async for part in read_form(FORM_DATA, arriving([body]), max_files=9):
        if seen:
            assert [piece async for piece in part] == [b"y"]
            assert [piece async for piece in part] == []  # it is read once
        seen.append(part.head)
    assert seen == [PartHead("file", "CT.dcm")] * 2


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Content-Type: application/dicom\r\n",
        b'Content-Disposition: attachment; name="a"\r\n',
        b"X-Header: 1\r\n" * 20,
    ],
)
async def test_parts_without_names_are_files(headers: bytes) -> None:
    """It holds `_NamelessParser` to the library: it overrides a private method of it."""
    body = b"--xYzZY\r\n" + headers + b"\r\nx\r\n--xYzZY--"
    async for part in read_parts("xYzZY", arriving([body]), max_parts=1, are_named=False):
        assert part.head.name == FILE_PART
        assert [piece async for piece in part] == [b"x"]
