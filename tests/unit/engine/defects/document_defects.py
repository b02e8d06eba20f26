"""Defects of encapsulated documents: broken off, damaged, or something else."""

from collections.abc import Iterator
from struct import pack

from unit.engine.clean import documents
from unit.engine.clean.documents import CDA, MTL, OBJ, PDF, STL
from unit.engine.clean.notation import File
from unit.engine.defects.defect import Defect

_DOCUMENT = "EncapsulatedDocument"
_LENGTH = "EncapsulatedDocumentLength"
_ASCII_STL = (
    b"solid part\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n"
    b"endloop\nendfacet\nendsolid part\n"
)


def cases() -> Iterator[Defect]:
    """Documents of each kind that can be looked into."""
    pdf, cda, stl, obj = documents.pdf(), documents.cda(), documents.stl(), documents.obj()
    yield _length("document.length-short", pdf, len(PDF) + 10)
    yield _length("document.length-long", pdf, len(PDF) - 10)
    yield _length("document.length-long", stl, len(STL) - 50)
    yield from _pdf(pdf)
    for cut in (CDA[:-5], CDA[:-25], CDA[: CDA.index(b"<title>") + 10], CDA[:30]):
        yield _with("document.truncated", cda, cut, f"{len(cut)} bytes")
    crossed = CDA.replace(b"</component>\n", b"</composition>\n")
    yield _with("document.xml-malformed", cda, crossed, "another end tag")
    yield _with("document.xml-malformed", cda, CDA.replace(b"\xc3\xa9", b"\xe9"), "not UTF-8")
    yield _with("document.xml-malformed", cda, CDA + b"<second/>\n", "two roots")
    entity = b'?>\n<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
    yield _with("document.xml-entities", cda, CDA.replace(b"?>", entity))
    yield _with("document.cda-root", cda, CDA.replace(b"ClinicalDocument", b"Bundle"), "name")
    yield _with("document.cda-root", cda, CDA.replace(b"hl7-org:v3", b"hl7-org:v2"), "namespace")
    yield _with("document.truncated", stl, STL[:-50], "a triangle")
    yield _with("document.truncated", stl, STL[:60], "no count")
    more = STL[:80] + pack("<I", 3) + STL[84:]
    yield _with("document.truncated", stl, more, "a greater count")
    yield _with("document.trailing", stl, STL + STL[84:134])
    text = _with("document.truncated", stl, _ASCII_STL)
    yield Defect(
        "document.truncated",
        text.file,
        _replaced(stl, _ASCII_STL[: _ASCII_STL.index(b"endsolid")]),
        _DOCUMENT,
        note="ASCII",
    )
    yield _with("document.model-reference", obj, OBJ.replace(b"2/1/1", b"4/1/1"), "vertex")
    yield _with("document.model-reference", obj, OBJ.replace(b"2/1/1", b"2/1/2"), "normal")
    yield _with("document.model-reference", obj, OBJ.replace(b"2/1/1", b"2/7/1"), "texture")
    yield _with("document.model-reference", obj, OBJ.replace(b"2/1/1", b"0/1/1"), "zero")
    yield _with("document.model-reference", obj, OBJ.replace(b"-1/-1/-1", b"-4/-1/-1"), "negative")
    yield _with("document.model-reference", obj, OBJ.replace(b"2/1/1 ", b""), "two vertices")
    yield _with("document.model-empty", obj, b"# nothing\n", "no vertex")
    yield _with(
        "document.model-empty", documents.mtl(), MTL.replace(b"newmtl", b"#"), "no material"
    )


def _pdf(base: File) -> Iterator[Defect]:
    for length in (len(PDF) // 2, len(PDF) - 60, 20):
        yield _with("document.truncated", base, PDF[:length], f"{length} bytes")
    yield _with("document.end-missing", base, PDF.replace(b"%%EOF\n", b""))
    start = PDF.index(b"startxref")
    yield _with("document.pdf-table-missing", base, PDF[:start] + b"%%EOF\n", "none")
    yield _with("document.pdf-table", base, PDF.replace(b"3 0 obj", b"3 0 obj  "), "shifted")


def _replaced(base: File, document: bytes) -> File:
    padded = document + b"\0" * (len(document) % 2)
    return base.put(_DOCUMENT, padded).put(_LENGTH, len(document))


def _with(code: str, base: File, document: bytes, note: str = "") -> Defect:
    return Defect(code, base, _replaced(base, document), _DOCUMENT, note=note)


def _length(code: str, base: File, length: int) -> Defect:
    return Defect(code, base, base.put(_LENGTH, length), _DOCUMENT, note=str(length))
