"""A request's body as it arrives, held to limits of size and time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from gateway.uploads.errors import Refusal, RefusedUploadError
from gateway.uploads.limits import UploadLimits


def too_large(limits: UploadLimits) -> RefusedUploadError:
    """The refusal of an upload that is larger than allowed."""
    detail = f"An upload may have {limits.max_upload_bytes} bytes."
    return RefusedUploadError(Refusal.UPLOAD_TOO_LARGE, detail)


def too_slow(limits: UploadLimits) -> RefusedUploadError:
    """The refusal of an upload that takes longer than allowed."""
    detail = f"An upload may take {limits.max_upload_seconds:g} seconds."
    return RefusedUploadError(Refusal.UPLOAD_STALLED, detail)


async def limited(body: AsyncIterator[bytes], limits: UploadLimits) -> AsyncGenerator[bytes, None]:
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
