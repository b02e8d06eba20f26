"""Modules that most of the clean files have: patient, study, series, equipment, pixels, codes."""

from unit.engine.clean.notation import DataSet

ROOT = "1.2.826.0.1.3680043.8.498"
STUDY = f"{ROOT}.1"
SERIES = f"{ROOT}.2"
FRAME_OF_REFERENCE = f"{ROOT}.3"
CT_SERIES = f"{ROOT}.4"
CT_INSTANCE = f"{ROOT}.4.1"
"""What the other objects refer to."""
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


def patient_study_series(modality: str, *, series: str = SERIES) -> DataSet:
    """Patient, General Study, General Series and General Equipment (PS3.3 C.7.1 to C.7.5)."""
    return {
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientName": "Doe^Jane",
        "PatientID": "JD-42",
        "PatientBirthDate": "19700131",
        "PatientSex": "F",
        "StudyInstanceUID": STUDY,
        "StudyDate": "20240229",
        "StudyTime": "101500",
        "StudyID": "S1",
        "AccessionNumber": "A1",
        "ReferringPhysicianName": "Roe^Richard",
        "Modality": modality,
        "SeriesInstanceUID": series,
        "SeriesNumber": 1,
        "Manufacturer": "Maker",
    }


def sop_common(sop_class: str, number: int = 1) -> DataSet:
    """SOP Common (PS3.3 C.12.1) and the number of the instance."""
    return {
        "SOPClassUID": sop_class,
        "SOPInstanceUID": f"{ROOT}.1.{number}",
        "InstanceNumber": number,
    }


def enhanced_equipment() -> DataSet:
    """Enhanced General Equipment (PS3.3 C.7.5.2)."""
    return {
        "ManufacturerModelName": "Model",
        "DeviceSerialNumber": "1",
        "SoftwareVersions": "1.0",
    }


def frame_of_reference() -> DataSet:
    """Frame of Reference (PS3.3 C.7.4.1)."""
    return {"FrameOfReferenceUID": FRAME_OF_REFERENCE, "PositionReferenceIndicator": ""}


def content_date() -> DataSet:
    """When the content was made."""
    return {"ContentDate": "20240229", "ContentTime": "102000"}


def image_plane(z: float = 0) -> DataSet:
    """Image Plane (PS3.3 C.7.6.2): an axial slice of 2 mm."""
    return {
        "PixelSpacing": (0.5, 0.5),
        "ImageOrientationPatient": (1, 0, 0, 0, 1, 0),
        "ImagePositionPatient": (-10, -10, z),
        "SliceThickness": 2,
    }


def grey(rows: int = 4, columns: int = 6, *, bits: int = 12, allocated: int = 16) -> DataSet:
    """Image Pixel (PS3.3 C.7.6.3) of one sample."""
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": allocated,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        "PixelData": bytes(rows * columns * allocated // 8),
    }


def colour(rows: int = 4, columns: int = 6, *, photometric: str = "RGB") -> DataSet:
    """Image Pixel (PS3.3 C.7.6.3) of three samples, interleaved."""
    return {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": photometric,
        "PlanarConfiguration": 0,
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": bytes(rows * columns * 3),
    }


def code(value: str, scheme: str, meaning: str) -> list[DataSet]:
    """A sequence of one coded entry (PS3.3 8.8)."""
    return [{"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}]


def reference(sop_class: str = CT_IMAGE_STORAGE, instance: str = CT_INSTANCE) -> DataSet:
    """An item that refers to an instance (PS3.3 10.8)."""
    return {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": instance}


def evidence() -> list[DataSet]:
    """The study, series and instance that a document refers to (PS3.3 C.17.2.1)."""
    series = {"SeriesInstanceUID": CT_SERIES, "ReferencedSOPSequence": [reference()]}
    return [{"StudyInstanceUID": STUDY, "ReferencedSeriesSequence": [series]}]
