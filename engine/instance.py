"""An instance as the rules see it: file meta information, data set, and how both are written."""

from dataclasses import dataclass
from functools import cached_property

from engine.encoding.elements import Buffer, Elements
from engine.encoding.reading import DicomFile
from engine.encoding.transfer_syntax import TransferSyntax
from engine.image import Image
from engine.profiles.profile import Profile
from engine.tags import MEDIA_STORAGE_SOP_CLASS_UID

MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(frozen=True)
class Instance:
    """A DICOM file that has been read.

    Attributes:
        data: the file.
        profile: what the examination asks for.
        meta: the file meta information; None in a file that has none.
        dataset: the data set.
        transfer_syntax: what the file meta information declares; None if absent or unknown.
    """

    data: Buffer
    profile: Profile
    meta: Elements | None
    dataset: Elements
    transfer_syntax: TransferSyntax | None

    @classmethod
    def of(cls, file: DicomFile, data: Buffer, profile: Profile) -> "Instance":
        """The instance in a file that has been read.

        Args:
            file: the elements.
            data: the bytes of the file.
            profile: what the examination asks for.
        """
        return cls(data, profile, file.meta, file.dataset, file.transfer_syntax)

    @cached_property
    def image(self) -> Image | None:
        """The pixel data and what describes it; None if the data set has none."""
        return Image.of(self.dataset)

    @property
    def is_media_directory(self) -> bool:
        """Whether it is a DICOMDIR: an index of files, nothing to be filed (PS3.10 8.6)."""
        return (
            self.meta is not None
            and self.meta.text(MEDIA_STORAGE_SOP_CLASS_UID) == MEDIA_STORAGE_DIRECTORY
        )
