"""Writes docs/conformance.md, the DICOM Conformance Statement (PS3.2). `make docs` runs it."""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from engine.encoding.transfer_syntax import TRANSFER_SYNTAXES, Codec, TransferSyntax
from engine.standard.facts import Facts, load

PAGE = Path(__file__).parents[1] / "docs" / "conformance.md"
"""The committed page."""

_INTRODUCTION = """\
# DICOM Conformance Statement

<!-- `make docs` writes this page by `tools/conformance_page.py` from the facts of the standard. -->

It follows the outline of PS3.2. The product is Hybrid DICOM Validator {version}; the tables are of
the edition {edition} of the standard. Its services have no DICOM network protocol of their own (no
DIMSE, no associations): instances come and go over DICOMweb and over an HTTP interface that is not
part of DICOM.

## 1 Overview

| service | user (SCU) | provider (SCP) |
|---|---|---|
| Studies Service, Store transaction (STOW-RS, PS3.18 10.5) | no | yes |
| Studies Service, Retrieve transaction (WADO-RS, PS3.18 10.4) | no | yes |
| Studies Service, Search transaction (QIDO-RS, PS3.18 10.6) | no | no |
| Media (PS3.10) | no: a DICOMDIR in an upload is skipped | no |
| Audit messages over syslog (PS3.15 A.5, A.6) | yes | |

## 2 Implementation model

The gateway stores the instances of a request and answers an upload; with STOW-RS it waits for the
outcome. The validator examines each instance, the descriptor extracts the metadata of valid ones
and archives them. Instances are never changed: what is retrieved is byte for byte what was stored.
Invalid ones are kept apart, in quarantine, and are not available over DICOMweb.

## 3 Store transaction

| | |
|---|---|
| resources | `/dicom-web/studies`, `/dicom-web/studies/{{study}}` |
| request | `multipart/related; type="application/dicom"`; also one instance as `application/dicom` |
| response | `application/dicom+json`, the Store Instances Response Module |
| not supported | metadata and bulk data in separate parts (`application/dicom+json`, `+xml`) |
| coercion of attributes | none |
| duplicates | an instance that was stored before is a success; other data under a known SOP Instance UID is refused |
| limits | files, bytes and time of a request: [settings](settings.md) |

Status codes and failure reasons: [DICOMweb](dicomweb.md#storing).

An instance is refused if it breaks a rule of severity error: [all rules](rules.md). Beyond those of
PS3.18 I.2.2 there are no further requirements for the elements of an instance, unless the site's
[profile](site-profiles.md) has some.

## 4 Retrieve transaction

| resource | media types |
|---|---|
| study, series, instance | `multipart/related; type="application/dicom"`; an instance also as `application/dicom` |
| `…/metadata` | `application/dicom+json` |
| rendered, bulk data, frames | not supported |

Instances are sent in the transfer syntax in which they were stored: there is no transcoding, and a
request for another transfer syntax gets 406.

## 5 SOP classes

Instances of every SOP class are stored, also of private ones (a warning). For those below, the
modules of their IOD are checked, with the conditions of conditionally required ones.

| SOP class | UID |
|---|---|
"""
_SYNTAXES = """
## 6 Transfer syntaxes

Files in the transfer syntaxes below are read and checked. Others of the standard's root are refused
(`meta.transfer-syntax-unknown`); private ones are accepted with a warning, and their pixels cannot
be checked. Compressed frames are checked by their headers, and decoded where the profile asks for
it and for previews.

| transfer syntax | UID | pixel data | lossless |
|---|---|---|---|
"""
_END = """
## 7 Character sets

All character sets of PS3.3 C.12.1.1.2 are understood, with code extensions (ISO 2022). Texts are
checked against the declared ones. Metadata is UTF-8.

## 8 Security

- TLS, API keys and tokens: [security](security.md). Deviations from the profiles of PS3.15 B are
  those of the site's configuration of TLS.
- Audit: every access and every change; messages as in PS3.15 A.5, without the patient
  ([the audit log](audit.md)).
- Attributes are not de-identified (PS3.15 E is not supported).

## 9 Extensions and private attributes

No private attributes, SOP classes or transfer syntaxes are defined or written. Private elements of
an instance are kept.

## 10 Configuration

[Settings](settings.md) lists all settings and their defaults.
"""


def page() -> str:
    """The statement in Markdown."""
    facts = load()
    introduction = _INTRODUCTION.format(
        version=version("hybrid-dicom-validator"), edition=facts.edition
    )
    classes = "\n".join(_sop_classes(facts))
    syntaxes = "\n".join(_syntax(syntax, facts) for syntax in TRANSFER_SYNTAXES.values())
    return f"{introduction}{classes}\n{_SYNTAXES}{syntaxes}\n{_END}"


def _sop_classes(facts: Facts) -> Iterator[str]:
    """The rows of the SOP classes whose IOD is known, by name."""
    names = {uid: facts.uids[uid] for uid in facts.sop_classes}
    for uid, known in sorted(names.items(), key=lambda item: item[1].name):
        yield f"| {known.name}{' (retired)' if known.is_retired else ''} | {uid} |"


def _syntax(syntax: TransferSyntax, facts: Facts) -> str:
    known = facts.uids[syntax.uid]
    name = known.name.partition(":")[0]
    codec = f", {syntax.codec.value}" if syntax.codec else ""
    is_decided = syntax.codec not in {None, Codec.UNCOMPRESSED}
    lossless = ("yes" if syntax.lossless else "") if is_decided else "yes"
    retired = " (retired)" if known.is_retired else ""
    return f"| {name}{retired} | {syntax.uid} | {syntax.pixels.value}{codec} | {lossless} |"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
