"""Encapsulated documents: what is legal gives no finding, whatever is hostile soon gives one."""

import time
import zlib
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.engine import dicom_writer as dicom
from unit.engine.clean.documents import CDA, MTL, OBJ, PDF, STL
from unit.engine.layers import changed, findings_in

SECONDS = 2.0
TYPES = {
    "application/pdf": "1.2.840.10008.5.1.4.1.1.104.1",
    "text/XML": "1.2.840.10008.5.1.4.1.1.104.2",
    "model/stl": "1.2.840.10008.5.1.4.1.1.104.3",
    "model/obj": "1.2.840.10008.5.1.4.1.1.104.4",
    "model/mtl": "1.2.840.10008.5.1.4.1.1.104.5",
}


def found(media_type: str, document: bytes, *, stated: int | None = None) -> list[str]:
    """The codes that a document gives; its length is stated only where a test does so."""
    padded = document + b"\0" * (len(document) % 2)
    text = media_type.encode()
    file = changed(
        dicom.ct(),
        {
            0x00080016: ("UI", dicom.uid(TYPES[media_type])),
            0x00420011: ("OB", padded),
            0x00420012: ("LO", text + b" " * (len(text) % 2)),
            0x00420015: None if stated is None else ("UL", pack("<I", stated)),
        },
    )
    return [finding.code for finding in findings_in(dicom.part10(file), "document")]


def stream_pdf() -> bytes:
    """A PDF document with a stream of cross-references instead of a table."""
    start = b"%PDF-1.5\n1 0 obj\n<<>>\nendobj\n"
    content = zlib.compress(b"")
    stream = b"2 0 obj\n<</Type/XRef/Length %d>>\nstream\n%s\nendstream\nendobj\n"
    stream %= (len(content), content)
    return start + stream + b"startxref\n%d\n%%%%EOF" % len(start)


@pytest.mark.parametrize(
    ("media_type", "document"),
    [
        ("application/pdf", PDF.replace(b"\n", b"\r")),
        ("application/pdf", PDF + bytes(8192)),
        ("application/pdf", b"\r\n" * 100 + PDF),
        ("application/pdf", stream_pdf()),
        ("text/XML", CDA.decode().replace("UTF-8", "UTF-16").encode("utf-16")),
        ("text/XML", b"\xef\xbb\xbf" + CDA),
        ("text/XML", CDA.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1")),
        ("text/XML", CDA.replace(b"UTF-8", b"X-OWN")),
        ("text/XML", CDA.replace(b"UTF-8", b"BIG5")),
        ("text/XML", CDA.replace(b"UTF-8", b"PUNYCODE")),
        ("text/XML", CDA.replace(b"xmlns=", b"xmlns:a=").replace(b"Clin", b"a:Clin", 1)
            .replace(b"</Clin", b"</a:Clin")),
        ("text/XML", CDA.replace(b"?>", b'?>\n<?xml-stylesheet href="cda.xsl"?>', 1)),
        ("model/stl", b"solid by a maker".ljust(80) + STL[80:]),
        ("model/stl", bytes(80) + pack("<I", 1) + bytes(50)),
        ("model/stl", bytes(84)),
        ("model/stl", b"\n solid a\nfacet normal 0 0 1\nendfacet\nendsolid a b\r\n \0\0"),
        ("model/obj", OBJ.replace(b"\n", b"\r\n")),
        ("model/obj", OBJ.replace(b"f 1/1/1 2/1/1", b"f 1/1/1 \\\n2/1/1")),
        ("model/obj", OBJ.replace(b"1/1/1 2/1/1 -1/-1/-1", b"1//1 2//1 3//1")),
        ("model/obj", b"f 1 2 3 4\nl 1 2\np 1\n" + b"v 0 0 0 1 0.5 0.5\n" * 4 + b"g end"),
        ("model/mtl", b"# a library\r\n\r\n" + MTL),
    ],
)  # fmt: skip
def test_what_is_legal_gives_no_finding(media_type: str, document: bytes) -> None:
    assert found(media_type, document) == []
    assert found(media_type, document, stated=len(document)) == []


def test_the_length_may_be_that_of_the_value_with_its_padding() -> None:
    document = PDF + b"\n" * (1 - len(PDF) % 2)

    assert len(document) % 2
    assert found("application/pdf", document, stated=len(document)) == []
    assert found("application/pdf", document, stated=len(document) + 1) == []
    assert found("application/pdf", document, stated=len(document) + 2) == ["document.length-short"]


def test_a_table_of_an_earlier_version_does_not_count() -> None:
    updated = PDF + b"4 0 obj\n<<>>\nendobj\nstartxref\n999999\n%%EOF\n"

    assert found("application/pdf", updated) == ["document.pdf-table"]


_NO_TABLE = {"document.pdf-table-missing"}
BOMB = b"<!DOCTYPE a [" + b"".join(
    b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10 if level else b"ha" * 10)
    for level in range(20)
) + b"]><a>&e19;</a>"  # fmt: skip


@pytest.mark.parametrize(
    ("media_type", "document", "codes"),
    [
        ("text/XML", BOMB, {"document.xml-entities"}),
        ("text/XML", b"<a>" * 1_000_000, {"document.truncated"}),
        ("text/XML", b"<a " + b"b" * 4_000_000, {"document.truncated"}),
        ("text/XML", b"<a>" + b"&#65;" * 1_000_000 + b"</a>", {"document.cda-root"}),
        ("application/pdf", b"%PDF-1.4" + b" " * 8_000_000, {"document.truncated"}),
        ("application/pdf", b"%PDF-1.4" + b"startxref\n" * 500_000, {"document.truncated"}),
        ("application/pdf", b"%PDF-startxref\n" + b"9" * 2000 + b"\n%%EOF", _NO_TABLE),
        ("model/stl", b"solid " + b"endsolid\n" * 500_000 + b"facet", {"document.truncated"}),
        ("model/stl", b"\xff" * 90, {"document.truncated"}),
        ("model/obj", b"v" + b" " * 4_000_000, set()),
        ("model/obj", b"v 0\n" * 500_000, set()),
        ("model/obj", b"v 0\n" + b"f 1 1 1\n" * 300_000, set()),
        ("model/obj", b"v 0\nf " + b"1/" * 1_000_000, {"document.model-reference"}),
        ("model/obj", b"v 0\nf " + b"9" * 1_000_000 + b" 1 1", {"document.model-reference"}),
        ("model/obj", b"\\\n" * 1_000_000, {"document.model-empty"}),
    ],
    ids=range(15),
)
def test_what_is_hostile_is_soon_examined(
    media_type: str, document: bytes, codes: set[str]
) -> None:
    started = time.process_time()

    assert set(found(media_type, document)) == codes

    assert time.process_time() - started < SECONDS


@settings(max_examples=200, deadline=2000)
@given(st.sampled_from(sorted(TYPES)), st.data())
def test_any_bytes_give_findings_and_no_exception(media_type: str, data: st.DataObject) -> None:
    document = data.draw(st.sampled_from([PDF, CDA, STL, OBJ, MTL]))
    start = data.draw(st.integers(0, len(document)))
    middle = data.draw(st.binary(max_size=20))

    found(media_type, document[:start] + middle + document[start + len(middle) :])
