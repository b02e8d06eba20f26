"""Rendering a frame: what people see of an instance."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import decoders
from pydicom.uid import (
    UID,
    AllTransferSyntaxes,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from descriptor.codecs import decoder_of
from descriptor.description import read_bytes
from descriptor.frame import MAX_SAMPLES
from descriptor.rendering import LONGEST_SIDE, render, render_quickly
from descriptor.unrenderable import UnrenderableError
from engine.encoding.mapping import map_file

Picture = np.ndarray[Any, np.dtype[np.uint8]]
Sample = Callable[[str], bytes]
Show = Callable[..., Picture]


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """The pixels of an instance's picture: rows, columns and, in colour, three samples."""

    def show(content: bytes | Dataset) -> Picture:
        path = tmp_path / "original.dcm"
        if isinstance(content, Dataset):
            content.save_as(path)
        else:
            path.write_bytes(content)
        png = render(path)
        assert png.startswith(b"\x89PNG")
        return np.asarray(Image.open(io.BytesIO(png)))

    return show


@pytest.fixture
def code(show: Show) -> Callable[[bytes | Dataset], str]:
    """Why there is no picture of an instance."""

    def code(content: bytes | Dataset) -> str:
        with pytest.raises(UnrenderableError) as refusal:
            show(content)
        assert refusal.value.args == (refusal.value.code,)
        return refusal.value.code

    return code


def image(samples: Any, **elements: Any) -> Dataset:
    """A grey image of these samples, 16 bits each, or 8 where they are of bytes."""
    samples = np.asarray(samples)
    if samples.dtype not in {np.dtype(np.uint8), np.dtype(np.int16)}:
        samples = samples.astype(np.uint16)
    dataset = Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    dataset.Rows, dataset.Columns = samples.shape[-2:]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8 * samples.dtype.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(samples.dtype.kind == "i")
    if samples.ndim > 2:
        dataset.NumberOfFrames = len(samples)
    dataset.PixelData = samples.tobytes()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def item(**elements: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def expected_window(name: str, sample: Sample) -> Picture:
    """The samples of a file, rescaled and windowed as PS3.3 C.11.2.1.2.1 has it."""
    dataset = pydicom.dcmread(io.BytesIO(sample(name)))
    values = dataset.pixel_array * float(dataset.get("RescaleSlope", 1))
    values = values + float(dataset.get("RescaleIntercept", 0))
    center, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
    shares = np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
    return np.rint(shares * 255).astype(np.uint8)


class TestFiles:
    """Real files of every kind."""

    @pytest.mark.parametrize(
        "name",
        [
            "MR_small.dcm",
            "MR_small_implicit.dcm",
            "MR_small_bigendian.dcm",
            "MR_small_RLE.dcm",
            "MR_small_jp2klossless.dcm",
            "MR_small_jpeg_ls_lossless.dcm",
        ],
    )
    def test_the_same_picture_whatever_the_transfer_syntax(
        self, show: Show, sample: Sample, name: str
    ) -> None:
        assert np.array_equal(show(sample(name)), expected_window("MR_small.dcm", sample))

    def test_a_ct_without_a_window_shows_the_range_of_its_values(
        self, show: Show, sample: Sample
    ) -> None:
        picture = show(sample("CT_small.dcm"))
        assert picture.shape == (128, 128)
        assert (int(picture.min()), int(picture.max())) == (0, 255)
        samples = pydicom.dcmread(io.BytesIO(sample("CT_small.dcm"))).pixel_array
        assert np.corrcoef(picture.ravel(), samples.ravel())[0, 1] > 0.98

    @pytest.mark.parametrize(
        "name",
        [
            "SC_rgb_dcmtk_+eb+cr.dcm",
            "SC_ybr_full_422_uncompressed.dcm",
            "SC_rgb_jpeg_dcmtk.dcm",
            "SC_rgb_rle.dcm",
            "SC_rgb_rle_16bit.dcm",
            "SC_rgb_gdcm_KY.dcm",
        ],
    )
    def test_colours_are_red_green_and_blue_whatever_their_space(
        self, show: Show, sample: Sample, name: str
    ) -> None:
        picture = show(sample(name)).astype(int)
        assert picture.shape == (100, 100, 3)
        for row, colour in ((5, (255, 0, 0)), (25, (0, 255, 0)), (45, (0, 0, 255))):
            assert np.abs(picture[row, 50] - colour).max() <= 5

    def test_a_palette_gives_colours(self, show: Show, sample: Sample) -> None:
        picture = show(sample("examples_palette.dcm"))
        assert picture.shape == (224, 512, 3)
        blue_header = picture[:20].reshape(-1, 3).mean(axis=0)
        assert blue_header[2] > blue_header[0] + 20

    def test_of_many_frames_the_middle_one_is_shown(self, show: Show, sample: Sample) -> None:
        content = sample("examples_ybr_color.dcm")
        dataset = pydicom.dcmread(io.BytesIO(content))
        frames = dataset.pixel_array
        assert np.array_equal(show(content), frames[len(frames) // 2])

    def test_a_deflated_data_set_is_shown(self, show: Show, sample: Sample) -> None:
        picture = show(sample("image_dfl.dcm"))
        assert picture.shape == (512, 512)
        assert picture.std() > 50

    def test_a_report_has_no_image(self, code: Callable[[bytes], str], sample: Sample) -> None:
        assert code(sample("test-SR.dcm")) == "no-image"

    def test_truncated_pixel_data_is_not_shown(
        self, code: Callable[[bytes], str], sample: Sample
    ) -> None:
        assert code(sample("MR_truncated.dcm")) == "undecodable"
        assert code(sample("MR_small_jp2klossless.dcm")[:-2000]) == "undecodable"

    @pytest.mark.parametrize("cut", [0, 100, 200, 1000])
    def test_a_file_that_ends_before_its_pixels_has_no_image(
        self, code: Callable[[bytes], str], sample: Sample, cut: int
    ) -> None:
        assert code(sample("CT_small.dcm")[:cut]) in {"no-image", "undecodable"}


class TestTones:
    def test_monochrome1_is_inverted(self, show: Show) -> None:
        ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
        window = {"WindowCenter": 128, "WindowWidth": 256}
        inverted = show(image(ramp, PhotometricInterpretation="MONOCHROME1", **window))
        assert np.array_equal(inverted, 255 - ramp)
        assert np.array_equal(show(image(ramp, **window)), ramp)

    def test_values_are_rescaled_before_they_are_windowed(self, show: Show) -> None:
        samples = np.array([[0, 1000, 1040, 2000]], np.int16)
        rescale = {"RescaleSlope": 1, "RescaleIntercept": -1000}
        picture = show(image(samples, **rescale, WindowCenter=40, WindowWidth=81))
        assert picture.tolist() == [[0, 2, 129, 255]]

    @pytest.mark.parametrize(
        ("function", "expected"),
        [
            ("LINEAR", [0, 0, 129, 255, 255]),
            ("LINEAR_EXACT", [0, 0, 128, 255, 255]),
            ("SIGMOID", [5, 30, 128, 225, 250]),
        ],
    )
    def test_a_window_is_of_one_of_three_functions(
        self, show: Show, function: str, expected: list[int]
    ) -> None:
        samples = [[0, 50, 100, 150, 200]]
        window = {"WindowCenter": 100, "WindowWidth": 100, "VOILUTFunction": function}
        assert show(image(samples, **window)).tolist() == [expected]

    def test_a_linear_window_of_width_one_gives_two_grey_levels(self, show: Show) -> None:
        picture = show(image([[8, 9, 10, 11]], WindowCenter=10, WindowWidth=1))
        assert picture.tolist() == [[0, 0, 255, 255]]

    def test_the_first_of_several_windows_counts(self, show: Show) -> None:
        window = {"WindowCenter": [2, 1000], "WindowWidth": [3, 1000]}
        assert show(image([[1, 2, 3]], **window)).tolist() == [[64, 191, 255]]

    @pytest.mark.parametrize("width", [0, -5])
    def test_an_impossible_window_does_not_count(self, show: Show, width: int) -> None:
        samples = np.arange(10000).reshape(100, 100)
        picture = show(image(samples, WindowCenter=5, WindowWidth=width))
        assert 120 < picture.mean() < 135

    @pytest.mark.parametrize("first", [100, -3])
    def test_a_voi_lut_counts_more_than_a_window(self, show: Show, first: int) -> None:
        lut = item(LUTDescriptor=[4, first, 8], LUTData=[0, 255, 10, 20])
        lut["LUTDescriptor"].VR = "US" if first > 0 else "SS"
        lut["LUTData"].VR = "US"
        samples = np.array([[first - 50, first, first + 1, first + 2, first + 9]], np.int16)
        window = {"WindowCenter": 1, "WindowWidth": 1}
        picture = show(image(samples, VOILUTSequence=[lut], **window))
        assert picture.tolist() == [[0, 0, 255, 10, 20]]

    def test_padding_does_not_widen_the_range_of_the_values(self, show: Show) -> None:
        samples = np.full((100, 100), -2000, np.int16)
        samples[20:80, 20:80] = np.arange(3600).reshape(60, 60) // 36
        padded = show(image(samples, PixelPaddingValue=-2000))
        assert padded[20:80, 20:80].mean() == pytest.approx(127, abs=3)
        assert show(image(samples))[20:80, 20:80].min() > 200

    def test_a_few_bright_pixels_are_seen(self, show: Show) -> None:
        samples = np.zeros((100, 100), np.uint8)
        samples[3, 4] = 1
        picture = show(image(samples))
        assert picture[3, 4] == 255
        assert picture.sum() == 255

    def test_an_even_image_is_black(self, show: Show) -> None:
        assert show(image(np.full((10, 10), 7))).max() == 0

    def test_a_frame_has_the_window_of_its_functional_groups(self, show: Show) -> None:
        def group(center: int) -> Dataset:
            window = item(WindowCenter=center, WindowWidth=2, VOILUTFunction="LINEAR_EXACT")
            return item(FrameVOILUTSequence=[window])

        rescale = item(RescaleSlope=2, RescaleIntercept=-10, RescaleType="US")
        frames = np.array([[[5, 6]], [[5, 6]], [[5, 6]]])
        dataset = image(
            frames,
            SharedFunctionalGroupsSequence=[item(PixelValueTransformationSequence=[rescale])],
            PerFrameFunctionalGroupsSequence=[group(100), group(1), group(-100)],
        )
        assert show(dataset).tolist() == [[0, 255]]


class TestSize:
    @pytest.mark.parametrize(
        ("rows", "columns", "size"),
        [(64, 32, (64, 32)), (1024, 2048, (256, 512)), (2, 4000, (1, 512)), (513, 100, (512, 100))],
    )
    def test_a_large_image_is_shrunk_and_a_small_one_stays(
        self, show: Show, rows: int, columns: int, size: tuple[int, int]
    ) -> None:
        assert show(image(np.zeros((rows, columns), np.uint8))).shape == size
        assert max(size) <= LONGEST_SIDE

    @pytest.mark.parametrize(
        ("elements", "size"),
        [
            ({"PixelAspectRatio": [2, 1]}, (200, 100)),
            ({"PixelSpacing": [1.5, 0.5]}, (300, 100)),
            ({"ImagerPixelSpacing": [1, 2]}, (50, 100)),
            ({"PixelAspectRatio": [1, 1], "PixelSpacing": [2, 1]}, (100, 100)),
            ({"PixelSpacing": [0, 0]}, (100, 100)),
            ({"PixelSpacing": [1, 10000]}, (100, 100)),
            ({"PixelSpacing": 1}, (100, 100)),
        ],
    )
    def test_pixels_are_made_square(
        self, show: Show, elements: dict[str, Any], size: tuple[int, int]
    ) -> None:
        assert show(image(np.zeros((100, 100), np.uint8), **elements)).shape == size

    def test_shrinking_keeps_the_mean(self, show: Show) -> None:
        board = np.indices((2048, 2048)).sum(axis=0).astype(np.uint8) % 2 * 255
        window = {"WindowCenter": 128, "WindowWidth": 256}
        picture = show(image(board.astype(np.uint8), **window))
        assert picture.mean() == pytest.approx(127.5, abs=1)
        assert picture.std() < 5


class TestQuickly:
    def quickly(self, tmp_path: Path, content: bytes) -> bytes | None:
        path = tmp_path / "original.dcm"
        path.write_bytes(content)
        return render_quickly(read_bytes(map_file(path)).dicom)

    def test_an_uncompressed_frame_is_rendered(self, tmp_path: Path, sample: Sample) -> None:
        content = sample("MR_small.dcm")
        assert self.quickly(tmp_path, content) == render(tmp_path / "original.dcm")

    @pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm", "test-SR.dcm"])
    def test_what_a_decoder_may_take_any_time_for_is_not(
        self, tmp_path: Path, sample: Sample, name: str
    ) -> None:
        assert self.quickly(tmp_path, sample(name)) is None

    def test_a_large_frame_is_not(
        self, tmp_path: Path, sample: Sample, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("descriptor.rendering.QUICK_SAMPLES", 64 * 64 - 1)
        assert self.quickly(tmp_path, sample("MR_small.dcm")) is None


class TestHostileFiles:
    def test_a_huge_frame_is_refused_before_it_is_decoded(
        self, code: Callable[[Dataset], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr("descriptor.frame.decoder_of")
        side = int(MAX_SAMPLES**0.5) + 1
        assert code(image([[1]], Rows=side, Columns=side)) == "too-large"
        assert code(image([[1]], Rows=60000, Columns=200, SamplesPerPixel=3)) == "too-large"

    @pytest.mark.parametrize(
        "elements",
        [
            {"Rows": 200},
            {"BitsAllocated": 7},
            {"BitsStored": 99},
            {"NumberOfFrames": 10**9},
            {"SamplesPerPixel": 2},
            {"PhotometricInterpretation": "PALETTE COLOR"},
        ],
    )
    def test_a_contradictory_image_is_not_shown(
        self, code: Callable[[Dataset], str], elements: dict[str, Any]
    ) -> None:
        assert code(image([[1, 2], [3, 4]], **elements)) == "undecodable"

    def test_an_unknown_colour_space_is_not_supported(self, code: Callable[[Dataset], str]) -> None:
        dataset = image([[1, 2]], PhotometricInterpretation="HSV")
        assert code(dataset) == "unsupported"

    def test_an_unknown_transfer_syntax_is_not_supported(
        self, code: Callable[[Dataset], str]
    ) -> None:
        dataset = image([[1, 2]], PixelData=encapsulate([b"video"]))
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.MPEG2MPML
        assert code(dataset) == "unsupported"

    def test_neither_warnings_nor_logs_come_out(
        self, show: Show, sample: Sample, caplog: pytest.LogCaptureFixture
    ) -> None:
        show(sample("SC_rgb_small_odd_jpeg.dcm"))  # pydicom has something to say about it
        assert caplog.records == []


class TestDecoders:
    def test_gdcm_is_none_of_them_whatever_is_installed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(decoders.gdcm, "is_available", lambda _: True)
        plugins = {
            plugin
            for uid in AllTransferSyntaxes
            if (decoder := decoder_of(uid)) is not None
            for plugin in decoder.available_plugins
        }
        assert plugins == {"pydicom", "pillow", "imagecodecs"}

    def test_a_library_that_is_missing_is_no_decoder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("descriptor.codecs.find_spec", lambda _: None)
        assert decoder_of(pydicom.uid.JPEGLosslessSV1) is None
        assert decoder_of(pydicom.uid.JPEG2000) is None
