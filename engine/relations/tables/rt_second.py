"""Relations of second-generation radiotherapy (PS3.3 C.36, in the words of 2020)."""

from engine.relations.notation import count, order, reference, value
from engine.relations.relation import LeftOut, Module, Relation

_COUNTS = {
    "block": ("NumberOfBlocks", "BlockDefinitionSequence", "C.36.2.2.13"),
    "block-slab": ("NumberOfBlockSlabItems", "BlockSlabSequence", "C.36.2.2.13"),
    "bolus": ("NumberOfBoluses", "BolusDefinitionSequence", "C.36.2.2.16"),
    "compensator": ("NumberOfCompensators", "CompensatorDefinitionSequence", "C.36.2.2.12"),
    "wedge": ("NumberOfWedges", "WedgeDefinitionSequence", "C.36.2.2.10"),
    "accessory": ("NumberOfGeneralAccessories", "GeneralAccessoryDefinitionSequence",
                  "C.36.2.2.15"),
    "holder": ("NumberOfRTAccessoryHolders", "RTAccessoryHolderDefinitionSequence",
               "C.36.2.2.14"),
    "limiting-device": ("NumberOfRTBeamLimitingDevices",
                        "RTBeamLimitingDeviceDefinitionSequence", "C.36.2.2.8"),
    "mode": ("NumberOfRadiationGenerationModes", "RadiationGenerationModeSequence",
             "C.36.2.2.7"),
    "support-device": ("NumberOfPatientSupportDevices", "PatientSupportDevicesSequence",
                       "C.36.12"),
    "opening": ("NumberOfRTBeamLimitingDeviceOpenings", "RTBeamLimitingDeviceOpeningSequence",
                "C.36.2.2.9"),
    "wedge-position": ("NumberOfWedgePositions", "WedgePositionSequence", "C.36.2.2.11"),
}  # fmt: skip
POINTS = {
    "c-arm": ("CArmPhotonElectronControlPointSequence", "C.36.15"),
    "tomotherapeutic": ("TomotherapeuticControlPointSequence", "C.36.17"),
    "robotic": ("RoboticPathControlPointSequence", "C.36.19"),
}
_DEVICES = {
    "block": "BlockDefinitionSequence",
    "bolus": "BolusDefinitionSequence",
    "compensator": "CompensatorDefinitionSequence",
    "wedge": "WedgeDefinitionSequence",
    "accessory": "GeneralAccessoryDefinitionSequence",
    "holder": "RTAccessoryHolderDefinitionSequence",
    "limiting-device": "RTBeamLimitingDeviceDefinitionSequence",
    "support-device": "PatientSupportDevicesSequence",
}
_REFERRED = {
    "limiting-device-opening": ("ReferencedDeviceIndex", "RTBeamLimitingDeviceOpeningSequence",
                                "dataset.RTBeamLimitingDeviceDefinitionSequence.DeviceIndex"),
    "wedge-position": ("ReferencedDeviceIndex", "WedgePositionSequence",
                       "dataset.WedgeDefinitionSequence.DeviceIndex"),
    "holder-of-block": ("ReferencedRTAccessoryHolderDeviceIndex", "BlockDefinitionSequence",
                        "dataset.RTAccessoryHolderDefinitionSequence.DeviceIndex"),
}  # fmt: skip
DEVICES = Module(
    "RT Delivery Devices",
    "C.36.2.2",
    relations=(
        *(
            count(f"rt2-{name}-items", f"{number} == items({sequence})", section=section)
            for name, (number, sequence, section) in _COUNTS.items()
        ),
        *(
            order(f"rt2-{name}-indices", f"numbered({sequence}.DeviceIndex)",
                  section=_COUNTS[name][2])
            for name, sequence in _DEVICES.items()
        ),
        order("rt2-mode-indices",
              "numbered(RadiationGenerationModeSequence.RadiationGenerationModeIndex)",
              section="C.36.2.2.7"),
        *(
            reference(f"rt2-{name}", f"{number} in {devices}", within=within)
            for name, (number, within, devices) in _REFERRED.items()
        ),
        reference("rt2-mode",
                  "ReferencedRadiationGenerationModeIndex in "
                  "dataset.RadiationGenerationModeSequence.RadiationGenerationModeIndex",
                  section="C.36.2.2.6"),
        value("rt2-modes", "NumberOfRadiationGenerationModes > 0", within="dataset",
              section="C.36.2.2.7"),
        count("rt2-delimiter-boundaries",
              "values(ParallelRTBeamDelimiterBoundaries) == NumberOfParallelRTBeamDelimiters + 1",
              section="C.36.2.2.8"),
        order("rt2-delimiter-order", "increasing(ParallelRTBeamDelimiterBoundaries)",
              section="C.36.2.2.8"),
        count("rt2-outline-vertices",
              "values(VerticesOfThePolygonalOutline) == 2 * NumberOfPolygonalVertices",
              section="10.38"),
    ),
    left_out=(
        LeftOut("edges of outlines do not cross", "it would take the geometry of each outline"),
    ),
)  # fmt: skip


def _points(name: str, sequence: str, section: str) -> tuple[Relation, ...]:
    return (
        count(f"{name}-points", f"NumberOfRTControlPoints == items({sequence})", section=section),
        order(f"{name}-point-indices", f"numbered({sequence}.RTControlPointIndex)",
              section=section),
        value(f"{name}-first-meterset", f"first({sequence}.CumulativeMeterset) == 0",
              section=section),
        order(f"{name}-meterset-order", f"ascending({sequence}.CumulativeMeterset)",
              section=section),
    )  # fmt: skip


CONTROL_POINTS = Module(
    "RT Radiations: control points",
    "C.36.2.2.5",
    relations=(
        *(row for name, entry in POINTS.items() for row in _points(name, *entry)),
        value("rt2-two-points", "NumberOfRTControlPoints >= 2", within="dataset"),
    ),
)
INDICES = Module(
    "RT Physician Intent, Prescription, Radiation Set",
    "C.36.5",
    relations=(
        order("rt-intent-indices", "numbered(RTPhysicianIntentSequence.RTPhysicianIntentIndex)"),
        order("rt-prescription-indices", "numbered(RTPrescriptionSequence.RTPrescriptionIndex)",
              section="C.36.6"),
        reference("rt-prescription-intent",
                  "ReferencedRTPhysicianIntentIndex in "
                  "dataset.RTPhysicianIntentSequence.RTPhysicianIntentIndex", section="C.36.6"),
        order("rt-position-indices", "numbered(TreatmentPositionSequence.TreatmentPositionIndex)",
              section="C.36.13"),
        reference("rt-position",
                  "ReferencedTreatmentPositionIndex in "
                  "dataset.TreatmentPositionSequence.TreatmentPositionIndex", section="C.36.13"),
        order("rt-segment-annotation-indices",
              "numbered(RTSegmentAnnotationSequence.RTSegmentAnnotationIndex)",
              section="C.36.8"),
        order("rt-segment-reference-indices",
              "numbered(SegmentReferenceSequence.SegmentReferenceIndex)", section="C.36.9"),
        reference("rt-segment-reference",
                  "ReferencedSegmentReferenceIndex in "
                  "dataset.SegmentReferenceSequence.SegmentReferenceIndex", section="C.36.8"),
        order("rt-radiation-dose-indices",
              "numbered(RadiationDoseIdentificationSequence.RadiationDoseIdentificationIndex)",
              section="C.36.11"),
        reference("rt-radiation-dose",
                  "ReferencedRadiationDoseIdentificationIndex in dataset."
                  "RadiationDoseIdentificationSequence.RadiationDoseIdentificationIndex",
                  section="C.36.11"),
    ),
)  # fmt: skip
INSTRUCTIONS = Module(
    "RT Delivery Instructions",
    "C.8.8.29",
    relations=(
        order("beam-order-indices", "numbered(BeamTaskSequence.BeamOrderIndex)"),
        order("channel-order-indices",
              "numbered(ChannelDeliveryOrderSequence.ChannelDeliveryOrderIndex)"),
    ),
)  # fmt: skip

MODULES = (DEVICES, CONTROL_POINTS, INDICES, INSTRUCTIONS)
