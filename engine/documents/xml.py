"""XML documents, above all those of HL7 CDA: read in one pass, without entities or other files.

Expat reads without recursion, fetches nothing, and limits how much entities may expand.
"""

from collections.abc import Iterator
from xml.parsers import expat

from engine.documents.document import Document
from engine.rules import document as rules
from engine.violation import RuleViolation, Violation

_CDA_ROOT = "urn:hl7-org:v3 ClinicalDocument"
_ENDS_EARLY = frozenset(
    {
        expat.errors.codes[message]
        for message in (
            expat.errors.XML_ERROR_NO_ELEMENTS,
            expat.errors.XML_ERROR_UNCLOSED_TOKEN,
            expat.errors.XML_ERROR_PARTIAL_CHAR,
            expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        )
    }
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks: in such a text each second byte may be null."""


class _EntityError(Exception):
    """An entity is declared, which nothing here resolves."""


class _Reader:
    """Reads a document to its end, or to the first error."""

    def __init__(self) -> None:
        self.root = ""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EntityDeclHandler = self._entity

    def read(self, document: Document) -> None:
        # The last piece waits: it may end with the padding of the value.
        last = b""
        for piece in document.pieces():
            self._parser.Parse(last, False)
            last = piece
        length = len(last.rstrip(b"\0"))
        if document.read(0, 2) in _UTF_16:
            length += length % 2
        self._parser.Parse(last[:length], True)

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self.root = name
        self._parser.StartElementHandler = None

    def _entity(self, *_declaration: object) -> None:
        raise _EntityError


def xml_violations(document: Document, *, is_cda: bool) -> Iterator[RuleViolation]:
    """What is wrong with an XML document.

    Args:
        document: the document.
        is_cda: whether it has to be a clinical document.
    """
    reader = _Reader()
    try:
        reader.read(document)
    except _EntityError:
        yield rules.ENTITIES, Violation(document.element, "no entity", "an entity")
        return
    except (LookupError, ValueError):  # an encoding that Expat cannot read: it may be right
        return
    except expat.ExpatError as error:
        place = f"line {error.lineno}, column {error.offset}"
        if error.code in _ENDS_EARLY:
            yield rules.TRUNCATED, Violation(document.element, "the end of the root element", place)
        else:
            # Expat's messages are fixed texts without a word of the document.
            found = f"{expat.ErrorString(error.code)} at {place}"
            yield rules.XML_MALFORMED, Violation(document.element, "well-formed XML", found)
        return
    if is_cda and reader.root != _CDA_ROOT:
        yield rules.CDA_ROOT, Violation(document.element, "ClinicalDocument", "another root")
