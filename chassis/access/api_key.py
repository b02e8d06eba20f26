"""The text of an API key: `hdv_`, its id, `_`, 256 random bits and a checksum, in hexadecimal.

The prefix and the form let scanners for secrets recognize a key that was published by mistake; the
checksum shows a mistyped one before anything is looked up. Only the digest of a key is stored: of
256 random bits a fast hash is enough, for there is nothing to guess.
"""

import hashlib
import re
import secrets
from typing import NamedTuple, Self
from zlib import crc32

PREFIX = "hdv_"
PATTERN = r"hdv_([0-9a-f]{8})_[0-9a-f]{64}([0-9a-f]{8})"
_FORM = re.compile(PATTERN)
_CHECKSUM = 8


class ApiKey(NamedTuple):
    """A key.

    Attributes:
        id: names the key where it must not be shown.
        text: what a client sends. It is a secret.
    """

    id: str
    text: str

    @classmethod
    def new(cls) -> Self:
        """A new random key."""
        key_id = secrets.token_hex(4)
        text = f"{PREFIX}{key_id}_{secrets.token_hex(32)}"
        return cls(key_id, text + _checksum(text))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The key that a client has sent; None if it does not have the form of one."""
        match = _FORM.fullmatch(text)
        if not match or _checksum(text[:-_CHECKSUM]) != match[2]:
            return None
        return cls(match[1], text)

    @property
    def digest(self) -> str:
        """SHA-256 of the text: what is stored."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def _checksum(text: str) -> str:
    return f"{crc32(text.encode()):08x}"
