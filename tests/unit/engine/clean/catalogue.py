"""All clean files by name."""

from unit.engine import dicom_writer as dicom
from unit.engine.clean import (
    acquired,
    compressed,
    documents,
    enhanced,
    images,
    microscopy,
    nuclear,
    projections,
    radiotherapy,
    reports,
    waveforms,
)
from unit.engine.clean.notation import File

_BUILDERS = (
    images.ct,
    images.mr,
    images.us,
    images.us_multiframe,
    images.sc,
    images.sc_true_color,
    images.dx,
    images.pet,
    nuclear.nm,
    projections.cr,
    projections.mammography,
    projections.angiography,
    microscopy.whole_slide,
    images.photo,
    enhanced.enhanced_mr,
    acquired.acquired_mr,
    enhanced.enhanced_ct,
    enhanced.legacy_converted_ct,
    enhanced.segmentation,
    documents.structured_report,
    documents.key_objects,
    reports.basic_text,
    reports.comprehensive_3d,
    reports.timed,
    reports.ct_dose,
    documents.presentation_state,
    documents.pdf,
    documents.cda,
    documents.stl,
    documents.obj,
    documents.mtl,
    radiotherapy.structure_set,
    radiotherapy.plan,
    radiotherapy.dose,
    waveforms.ecg,
    compressed.rle_colour,
    compressed.rle_multiframe,
    compressed.rle_ct,
    compressed.jpeg_colour,
    compressed.jpeg_multiframe,
    compressed.jpeg_lossless,
    compressed.jpeg_ls,
    compressed.jpeg_2000,
    compressed.high_throughput,
    compressed.high_throughput_in_order,
    compressed.jpeg_xl,
    compressed.encapsulated_native,
    compressed.deflated_frame,
    compressed.h264,
    compressed.h264_in_mp4,
    compressed.h265,
    compressed.mpeg_2,
)
_OTHERWISE_ENCODED = (
    images.ct,
    images.us_multiframe,
    enhanced.enhanced_mr,
    acquired.acquired_mr,
    documents.structured_report,
    radiotherapy.plan,
    waveforms.ecg,
)

CLEAN: dict[str, File] = {
    **{builder.__name__: builder() for builder in _BUILDERS},
    **{
        f"{builder.__name__} {name}": File(builder().dataset, syntax, undefined=undefined)
        for builder in _OTHERWISE_ENCODED
        for name, syntax, undefined in (
            ("implicit", dicom.IMPLICIT, False),
            ("big endian", dicom.BIG_ENDIAN, False),
            ("deflated", dicom.DEFLATED, False),
            ("undefined lengths", dicom.EXPLICIT, True),
            ("implicit, undefined lengths", dicom.IMPLICIT, True),
        )
    },
}
"""A file of each builder, and some of them in other encodings."""
