"""A small excerpt of the standard in DocBook, made up for the tests: parts 3, 4 and 6."""

_BOOK = """<?xml version="1.0" encoding="utf-8"?>
<book xmlns="http://docbook.org/ns/docbook" xmlns:xl="http://www.w3.org/1999/xlink">
<title>PS3.{number}</title><subtitle>DICOM PS3.{number} {edition} - A title</subtitle>
<chapter>{content}</chapter></book>
"""


def book(number: int, content: str, edition: str = "2031c") -> str:
    """A part of the standard."""
    return _BOOK.format(number=number, edition=edition, content=content)


def section(label: str, title: str, *content: str) -> str:
    """A section."""
    start = f'<section label="{label}" xml:id="sect_{label}"><title>{title}</title>'
    return start + "".join(content) + "</section>"


def table(label: str, caption: str, *rows: str) -> str:
    """A table."""
    start = f'<table xml:id="table_{label}"><caption>{caption}</caption><thead><tr><th/></tr>'
    return start + "</thead><tbody>" + "".join(rows) + "</tbody></table>"


def row(*cells: str) -> str:
    """A row; its cells are XML."""
    return "<tr>" + "".join(f"<td><para>{cell}</para></td>" for cell in cells) + "</tr>"


def include(label: str, depth: int = 0) -> str:
    """The row that includes a macro."""
    link = f'Include <xref linkend="table_{label}"/>'
    return row("&gt;" * depth + f"<emphasis>{link}</emphasis>", "No constraints.")


def values(title: str, *terms: str) -> str:
    """A list of values."""
    entries = "".join(
        f"<varlistentry><term>{term}</term><listitem><para/></listitem></varlistentry>"
        for term in terms
    )
    return f"</para><variablelist><title>{title}</title>{entries}</variablelist><para>"


_PROBE = table(
    "C.99-1",
    "Probe Image Module Attributes",
    row("Rows", "(0028,0010)", "1", "Number of rows."),
    row("Probe State", "(0018,FF01)", "1C",
        'Required if Image Type (0008,0008) Value 1 is ORIGINAL.'
        + values("Enumerated Values:", "WARM", "COLD")),
    row("Probe Kind", "(0018,FF02)", "2",
        'See <xref linkend="sect_C.99.1.1"/> for Enumerated Values.'),
    row("Probe Sequence", "(0018,FF03)", "3", "One or more Items."),
    row("&gt;Probe Weight", "(0018,FF04)", "1", "Weight in kg."),
    include("10-99", depth=1),
    row("<emphasis>heading of a group</emphasis>"),
)  # fmt: skip
_CODE = table(
    "10-99",
    "Code Macro Attributes",
    row("Code Value", "(0008,0100)", "1", "The code."),
    row("Equivalent Code Sequence", "(0008,0121)", "3", "Other codes."),
    include("10-99", depth=1),
)
_FRAME = table(
    "C.99-2",
    "Probe Frame Macro Attributes",
    row("Frame Probe Sequence", "(0018,FF05)", "1", "The probe of this frame."),
    row("&gt;Probe Weight", "(0018,FF04)", "1", "Weight in kg."),
)
_GROUPS = table(
    "C.7.6.16-1",
    "Multi-frame Functional Groups Module Attributes",
    row("Shared Functional Groups Sequence", "(5200,9229)", "1", "The same for all."),
    row("Per-Frame Functional Groups Sequence", "(5200,9230)", "1", "Of each frame."),
)
PART_3 = book(
    3,
    section(
        "A.99",
        "Probing Image IOD",
        section(
            "A.99.3",
            "IOD Modules",
            table(
                "A.99-1",
                "Probe Image IOD Modules",
                row("Patient", "Patient", '<xref linkend="sect_C.7.1.1"/>', "M"),
                row("Image", "Probe Image", '<xref linkend="sect_C.99.1"/>', "M"),
                row("Multi-frame Functional Groups", '<xref linkend="sect_C.7.6.16"/>', "M"),
                row("Device", '<xref linkend="sect_C.7.6.12"/>',
                    "C - Required if Image Type (0008,0008) Value 1 is ORIGINAL."),
            ),
            table(
                "A.99-2",
                "Probe Image Functional Group Macros",
                row("Probe Frame", '<xref linkend="sect_C.99.2"/>',
                    "M - May not be used as a Shared Functional Group."),
            ),
        ),
    )
    + section("C.99.1", "Probe Image Module", _PROBE, section(
        "C.99.1.1", "Probe Kind", values("Enumerated Values:", "LONG", "SHORT")[7:-6]))
    + section("C.99.2", "Probe Frame Macro", _FRAME)
    + section("C.7.6.16", "Multi-frame Functional Groups Module", _GROUPS)
    + section("10.99", "Code Macro", _CODE),
)  # fmt: skip
PART_4 = book(
    4,
    table(
        "B.5-1",
        "Standard SOP Classes",
        row("Probe Image Storage", "1.2.840.10008.5.1.4.1.1.999",
            '<olink targetdoc="PS3.3" targetptr="sect_A.99"/>'),
    ),
)  # fmt: skip
PART_6 = book(
    6,
    table(
        "6-1",
        "Registry of DICOM Data Elements",
        row("(0018,FF01)", "Probe State", "Probe\u200bState", "CS", "1", ""),
        row("(0018,FF02)", "Probe Kind", "ProbeKind", "CS", "1", ""),
        row("(0018,FF03)", "Probe Sequence", "ProbeSequence", "SQ", "1", ""),
        row("(0018,FF04)", "Probe Weight", "ProbeWeight", "DS", "1", ""),
        row("(0018,FF05)", "Frame Probe Sequence", "FrameProbeSequence", "SQ", "1", ""),
        row("(60xx,FF06)", "Old Probe", "OldProbe", "US", "1", "RET (2030)"),
    )
    + table(
        "A-1",
        "UID Values",
        row("1.2.840.10008.5.1.4.1.1.999", "Probe Image Storage", "ProbeImageStorage",
            "SOP Class", "PS3.4"),
        row("1.2.840.10008.5.1.4.1.1.998", "Old Probe Storage (Retired)", "OldProbeStorage",
            "SOP Class", "PS3.4"),
    ),
)  # fmt: skip
