"""Rules of encapsulated documents: whether they are whole (PS3.3 C.24.2)."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.documents.check")

_ENCAPSULATE_AGAIN = "Encapsulate the document again from where it is whole."

LENGTH_SHORT = RULES.define(
    "document.length-short",
    Severity.ERROR,
    "The document has fewer bytes than EncapsulatedDocumentLength says.",
    "PS3.3 C.24.2",
    why="The end of the document is lost: it cannot be opened, or pages are missing.",
    fix=_ENCAPSULATE_AGAIN,
    refusal="The end of the document is lost, and the sender still has it.",
)
LENGTH_LONG = RULES.define(
    "document.length-long",
    Severity.WARNING,
    "The document has more bytes than EncapsulatedDocumentLength says, and than padding needs.",
    "PS3.3 C.24.2",
    why="A reader that goes by the length cuts the document off.",
    fix="Set EncapsulatedDocumentLength to the length of the document without its padding.",
)
TRUNCATED = RULES.define(
    "document.truncated",
    Severity.ERROR,
    "The document breaks off before its end.",
    "PS3.3 C.24.2",
    why="It cannot be opened, or what is shown is not all of it: a finding, a page, a part of a "
    "model.",
    fix=_ENCAPSULATE_AGAIN,
    refusal="A part of the document is lost, and the sender still has it.",
    found_by="engine.documents.pdf",
)
END_MISSING = RULES.define(
    "document.end-missing",
    Severity.WARNING,
    "The marker that ends the PDF document is missing.",
    "PS3.3 A.45.1",
    why="The document may be whole, but strict readers take it for damaged.",
    fix="Append %%EOF, or write the document again with other software.",
    found_by="engine.documents.pdf",
)
PDF_TABLE_MISSING = RULES.define(
    "document.pdf-table-missing",
    Severity.INFO,
    "The PDF document ends as it should, but does not say where its objects are.",
    "PS3.3 A.45.1",
    why="Readers search the whole document for its objects; strict readers refuse it.",
    fix="Write the document again with other software.",
    violation=False,
    found_by="engine.documents.pdf",
)
PDF_TABLE = RULES.define(
    "document.pdf-table",
    Severity.WARNING,
    "The table of objects is not where the PDF document says it is.",
    "PS3.3 A.45.1",
    why="Readers search the whole document for its objects and may show old ones; strict readers "
    "refuse it. The document was changed, or has lost bytes in the middle.",
    fix=_ENCAPSULATE_AGAIN,
    found_by="engine.documents.pdf",
)
XML_MALFORMED = RULES.define(
    "document.xml-malformed",
    Severity.ERROR,
    "The document is not well-formed XML.",
    "PS3.3 A.45.2",
    why="A conformant XML reader stops at the first such place: nothing of the document is shown.",
    fix=_ENCAPSULATE_AGAIN,
    refusal="Nothing of the document is shown.",
    found_by="engine.documents.xml",
)
ENTITIES = RULES.define(
    "document.xml-entities",
    Severity.WARNING,
    "The XML document declares entities of its own.",
    "PS3.3 A.45.2",
    why="Entities make readers fetch other files or fill the memory. A clinical document needs "
    "none. The rest of the document was not checked.",
    fix="Write the document without a document type declaration.",
    violation=False,
    found_by="engine.documents.xml",
)
CDA_ROOT = RULES.define(
    "document.cda-root",
    Severity.WARNING,
    "The XML document is no clinical document of HL7.",
    "PS3.3 A.45.2",
    why="Software that shows clinical documents finds nothing to show.",
    fix="Encapsulate a document whose root is ClinicalDocument in the namespace urn:hl7-org:v3.",
    found_by="engine.documents.xml",
)
TRAILING = RULES.define(
    "document.trailing",
    Severity.WARNING,
    "The STL model is longer than its number of triangles.",
    "PS3.3 A.85.1",
    why="Triangles are missing for readers that go by the number, or bytes are hidden behind them.",
    fix="Write the number of triangles that there are, and nothing behind them.",
    found_by="engine.documents.models",
)
MODEL_EMPTY = RULES.define(
    "document.model-empty",
    Severity.WARNING,
    "The model has no vertex, or the library no material.",
    "PS3.3 A.85.2",
    why="There is nothing to show or to print; perhaps it is no model at all.",
    fix="Encapsulate the model.",
    found_by="engine.documents.models",
)
MODEL_REFERENCE = RULES.define(
    "document.model-reference",
    Severity.WARNING,
    "The OBJ model refers to vertices that are not there, or has faces with too few of them.",
    "PS3.3 A.85.2",
    why="The surface has holes, or software that reads the model fails.",
    fix="Export the model again; vertices are numbered from 1 in the order of the document.",
    found_by="engine.documents.models",
)
