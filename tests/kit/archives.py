"""Archives, valid and hostile, made by the tests."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping

Contents = Mapping[str, bytes]


def zipped(contents: Contents, method: int = zipfile.ZIP_DEFLATED, *, zip64: bool = False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in contents.items():
            with archive.open(zip_info(name, method), "w", force_zip64=zip64) as entry:
                entry.write(content)
    return file.getvalue()


def zip_info(
    name: str, method: int = zipfile.ZIP_DEFLATED, mode: int = stat.S_IFREG | 0o644
) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = method
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def zip_of(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return file.getvalue()


def tarred(contents: Contents, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002
    return tar_of(
        *((tarfile.TarInfo(name), body) for name, body in contents.items()), format=format
    )


def tar_of(*entries: tuple[tarfile.TarInfo, bytes], format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format) as archive:
        for info, content in entries:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def tar_info(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def tar_gz(contents: Contents) -> bytes:
    return gzip.compress(tarred(contents))


MAKERS: dict[str, Callable[[Contents], bytes]] = {
    "zip": zipped,
    "stored zip": lambda contents: zipped(contents, zipfile.ZIP_STORED),
    "zip64": lambda contents: zipped(contents, zip64=True),
    "pax tar": tarred,
    "GNU tar": lambda contents: tarred(contents, tarfile.GNU_FORMAT),
    "ustar": lambda contents: tarred(contents, tarfile.USTAR_FORMAT),
    "tar.gz": tar_gz,
}


def patched(archive: bytes, offset: int, layout: str, *values: int, entry: int = 0) -> bytes:
    """A zip archive with other values in an entry of its directory."""
    at = -1
    for _ in range(entry + 1):
        at = archive.index(b"PK\x01\x02", at + 1)
    changed = bytearray(archive)
    struct.pack_into(layout, changed, at + offset, *values)
    return bytes(changed)


def tar_header(name: str, size: bytes, kind: bytes = b"0") -> bytes:
    """A header whose size is written as it is given, with a valid checksum."""
    header = bytearray(tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = size.ljust(12, b"\0")
    header[156:157] = kind
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)
