"""A request's body as it arrives, held to limits of size and time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from gateway.uploads.errors import Refusal, RefusedUploadError
from gateway.uploads.limits import ArchiveLimits

PART_OVERHEAD_BYTES = 1024
"""The boundary and the headers of each part may make a body so much larger than its files."""
OVERHEAD_BYTES = 64 * 1024
"""So may everything else: form fields, what stands before and after the parts."""


@dataclass(frozen=True)
class Limits:
    """What an upload may cost."""

    max_files: int
    max_upload_bytes: int
    min_free_bytes: int
    idle_timeout_seconds: float
    max_upload_seconds: float
    archives: ArchiveLimits

    @property
    def max_body_bytes(self) -> int:
        """The greatest size of a body whose files are within the limit."""
        return self.max_upload_bytes + self.max_files * PART_OVERHEAD_BYTES + OVERHEAD_BYTES


def too_large(limits: Limits) -> RefusedUploadError:
    """The refusal of an upload that is larger than allowed."""
    detail = f"An upload may have {limits.max_upload_bytes} bytes."
    return RefusedUploadError(Refusal.UPLOAD_TOO_LARGE, detail)


def too_slow(limits: Limits) -> RefusedUploadError:
    """The refusal of an upload that takes longer than allowed."""
    detail = f"An upload may take {limits.max_upload_seconds:g} seconds."
    return RefusedUploadError(Refusal.UPLOAD_STALLED, detail)


async def limited(body: AsyncIterator[bytes], limits: Limits) -> AsyncGenerator[bytes, None]:
    """The body, unless its sender falls silent, or goes on for ever before or after the files.

    Raises:
        RefusedUploadError: nothing arrived for too long, or it is too much or takes too long.
    """
    received = 0
    chunks = aiter(body)
    now = asyncio.get_running_loop().time
    end = now() + limits.max_upload_seconds
    while True:
        try:
            async with asyncio.timeout_at(min(end, now() + limits.idle_timeout_seconds)):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            if now() >= end:
                raise too_slow(limits) from None
            detail = f"Nothing arrived for {limits.idle_timeout_seconds:g} seconds."
            raise RefusedUploadError(Refusal.UPLOAD_STALLED, detail) from None
        received += len(chunk)
        if received > limits.max_body_bytes:
            raise too_large(limits)
        yield chunk
