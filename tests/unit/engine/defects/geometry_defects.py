"""Defects of directions and distances in space."""

from collections.abc import Iterator

from unit.engine.clean import enhanced, images
from unit.engine.defects.defect import Defect, put

_SHARED = "SharedFunctionalGroupsSequence[0]"
_ORIENTATION = f"{_SHARED}>PlaneOrientationSequence[0]>ImageOrientationPatient"
_SPACING = f"{_SHARED}>PixelMeasuresSequence[0]>PixelSpacing"


def cases() -> Iterator[Defect]:
    """Planes that do not lie in space as planes do."""
    ct, dx, mr = images.ct(), images.dx(), enhanced.enhanced_mr()
    orientation, spacing = "ImageOrientationPatient", "PixelSpacing"
    yield put("geometry.not-unit", ct, orientation, (0, 0, 0, 0, 1, 0), note="a row of none")
    yield put("geometry.not-unit", ct, orientation, (1, 0, 0, 0, "1.2", 0), note="a long column")
    yield put("geometry.not-unit", ct, orientation, (1, 0, 0, 0, "0.998", 0), note="by little")
    yield put("geometry.not-unit", mr, _ORIENTATION, (2, 0, 0, 0, 1, 0))
    yield put("geometry.not-orthogonal", ct, orientation, (1, 0, 0, 1, 0, 0), note="parallel")
    yield put("geometry.not-orthogonal", ct, orientation, (1, 0, 0, "0.6", "0.8", 0))
    yield put("geometry.not-orthogonal", mr, _ORIENTATION, (1, 0, 0, "0.01", "0.99995", 0))
    yield put("geometry.spacing", ct, spacing, (0, "0.5"), note="of rows")
    yield put("geometry.spacing", ct, spacing, ("0.5", "-0.5"), note="negative")
    yield put("geometry.spacing", dx, "ImagerPixelSpacing", (0, 0))
    yield put("geometry.spacing", mr, _SPACING, ("0.5", 0))
