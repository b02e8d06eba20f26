"""Pictures as PNG: what comes out of it is what went in, for every reader."""

import io

import numpy as np
import pytest
from PIL import Image

from descriptor.png import png_of

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1), (33, 20), (1, 1, 3), (4, 9, 3)])
def test_a_picture_is_read_as_it_was_written(shape: tuple[int, ...]) -> None:
    pixels = RANDOM.integers(0, 256, shape, np.uint8)
    picture = Image.open(io.BytesIO(png_of(pixels)))
    picture.verify()  # the checksums
    picture = Image.open(io.BytesIO(png_of(pixels)))
    assert picture.mode == ("RGB" if len(shape) == 3 else "L")
    assert np.array_equal(np.asarray(picture), pixels)


def test_rows_need_not_be_contiguous() -> None:
    pixels = RANDOM.integers(0, 256, (20, 30), np.uint8)
    for view in (pixels[::2, ::3], pixels.T, pixels[::-1, ::-1]):
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(png_of(view)))), view)


def test_smooth_pictures_get_small() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    assert len(png_of(ramp)) < ramp.size / 50
