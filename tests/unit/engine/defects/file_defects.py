"""Defects of the file: the bytes before the data set, and the kind of file."""

from collections.abc import Iterator
from dataclasses import replace

from unit.engine import dicom_writer as dicom
from unit.engine.clean import documents, enhanced, images, radiotherapy, waveforms
from unit.engine.clean.notation import File
from unit.engine.defects.defect import Defect, raw

_PREAMBLE = 128


def cases() -> Iterator[Defect]:
    """Defects of prefix, preamble and file meta information."""
    ct, mr, report = images.ct(), images.mr(), documents.structured_report()
    yield raw("file.empty", ct, b"")
    yield raw("file.not-dicom", ct, b"<html>404 Not Found</html>" * 20, note="a web page")
    yield raw("file.not-dicom", ct, b"PK\3\4" + bytes(600), note="an archive")
    yield raw("file.no-preamble", mr, mr.encode()[132:])
    yield raw("file.no-preamble", report, report.encode_dataset(), note="a bare data set")
    yield _preamble("file.executable-preamble", ct, b"MZ")
    yield _preamble("file.executable-preamble", documents.pdf(), b"\x7fELF")
    yield _preamble("file.preamble-format", images.us(), b"\x89PNG\r\n\x1a\n")
    yield _preamble("file.preamble-used", images.us(), b"something of our own")
    plan = radiotherapy.plan()
    yield _meta("meta.sop-class-mismatch", plan, "sop_class", "1.2.840.10008.5.1.4.1.1.481.2")
    yield _meta("meta.sop-class-mismatch", enhanced.enhanced_mr(), "sop_class", _MR_IMAGE)
    yield _meta("meta.sop-instance-mismatch", waveforms.ecg(), "sop_instance", "1.2.3")
    standard, own = "1.2.840.10008.1.2.77", "1.2.826.0.1.3680043.8.498.77"
    yield _meta("meta.transfer-syntax-unknown", report, "transfer_syntax", standard)
    yield _meta("meta.transfer-syntax-private", report, "transfer_syntax", own)
    big = replace(mr, syntax=dicom.BIG_ENDIAN)
    yield Defect("meta.transfer-syntax-retired", mr, big, "TransferSyntaxUID")
    yield from _group_2()
    for name in ("version", "sop_class", "sop_instance", "implementation"):
        yield replace(_meta("meta.element-missing", mr, name, None), at=_KEYWORDS[name])
    yield replace(
        _meta("meta.transfer-syntax-missing", mr, "transfer_syntax", None), at="TransferSyntaxUID"
    )
    yield raw(
        "meta.transfer-syntax-mismatch",
        report,
        replace(report, meta={"transfer_syntax": dicom.uid(dicom.IMPLICIT)}).encode(),
    )
    yield raw(
        "meta.transfer-syntax-mismatch",
        waveforms.ecg(),
        replace(
            waveforms.ecg(),
            syntax=dicom.BIG_ENDIAN,
            meta={"transfer_syntax": dicom.uid(dicom.EXPLICIT)},
        ).encode(),
        note="big endian",
    )
    data = mr.encode()
    length = int.from_bytes(data[140:144], "little")
    yield raw(
        "meta.group-length-wrong",
        mr,
        data[:140] + (length + 2).to_bytes(4, "little") + data[144:],
        _GROUP_LENGTH,
    )
    yield raw("meta.group-length-missing", mr, data[:132] + data[144:], _GROUP_LENGTH)


def _group_2() -> Iterator[Defect]:
    ct = images.ct()
    yield Defect("meta.version-unknown", ct, replace(ct, meta={"version": b"\0\2"}), _VERSION)
    elements = dicom.meta(sop_instance=dicom.uid(ct.get("SOPInstanceUID")))
    own = dicom.with_length(dicom.encode(elements | {0x00020102: ("OB", b"ours")}))
    yield raw(
        "meta.private-information-creator-missing",
        ct,
        dicom.part10(ct.encode_dataset(), group_2=own),
        "PrivateInformationCreatorUID",
    )
    implicit = dicom.encode(elements, dicom.IMPLICIT)
    length = dicom.element(0x00020000, "UL", len(implicit).to_bytes(4, "little"), dicom.IMPLICIT)
    yield raw("meta.encoding", ct, dicom.part10(ct.encode_dataset(), group_2=length + implicit))
    directory = dicom.meta(sop_class=dicom.uid("1.2.840.10008.1.3.10"))
    yield raw(
        "file.media-directory",
        ct,
        dicom.part10(
            dicom.element(0x00041220, "SQ", b""),
            group_2=dicom.with_length(dicom.encode(directory)),
        ),
    )


_MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
_GROUP_LENGTH = "FileMetaInformationGroupLength"
_VERSION = "FileMetaInformationVersion"
_KEYWORDS = {
    "version": _VERSION,
    "sop_class": "MediaStorageSOPClassUID",
    "sop_instance": "MediaStorageSOPInstanceUID",
    "implementation": "ImplementationClassUID",
    "transfer_syntax": "TransferSyntaxUID",
}


def _preamble(code: str, base: File, magic: bytes) -> Defect:
    return raw(code, base, magic.ljust(_PREAMBLE, b"\0") + base.encode()[_PREAMBLE:])


def _meta(code: str, base: File, name: str, value: str | None) -> Defect:
    changed = replace(base, meta={name: None if value is None else dicom.uid(value)})
    return Defect(code, base, changed, _KEYWORDS[name])
