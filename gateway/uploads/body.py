"""A request's body as it arrives, held to limits of size and time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from gateway.limits import UploadLimits
from gateway.uploads.limit_problems import stalled, too_large, too_slow


async def limited(body: AsyncIterator[bytes], limits: UploadLimits) -> AsyncGenerator[bytes, None]:
    """The chunks of a body, as long as it is within the limits, also before and after the files.

    Args:
        body: as it arrives.
        limits: of its size, of the time it takes, and of the time between two chunks.

    Raises:
        Problem: it exceeds one.
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
            raise (too_slow(limits) if now() >= end else stalled(limits)) from None
        received += len(chunk)
        if received > limits.max_body_bytes:
            raise too_large(limits)
        yield chunk
