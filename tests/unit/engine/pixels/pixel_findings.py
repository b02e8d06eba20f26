"""Examines a file and keeps what the rules of pixels and of their like have to say."""

from contracts.report import Finding
from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom
from unit.engine.layers import PROFILE, findings_in

MULTI_FRAME = ("UI", dicom.uid("1.2.840.10008.5.1.4.1.1.7.3"))
"""A SOP class of images with any number of frames."""

_LAYERS = (
    "pixel",
    "codestream",
    "decoding",
    "lut",
    "overlay",
    "waveform",
    "icon",
    "multiframe",
)


def pixel_findings(file: bytes, profile: Profile = PROFILE) -> list[Finding]:
    """The findings of those layers."""
    return findings_in(file, *_LAYERS, profile=profile)


def pixel_codes(file: bytes, profile: Profile = PROFILE) -> list[str]:
    """The codes of those findings."""
    return [finding.code for finding in pixel_findings(file, profile)]
