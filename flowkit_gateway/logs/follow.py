"""Following the output of a task until it has ended and all of it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from flowkit_gateway.logs.chunks import Encoded, encode
from flowkit_gateway.logs.reader import AttemptLog, Chunk, View
from flowkit_gateway.logs.watch import GrowthWatcher

MAX_CHUNK_BYTES = 1 << 18


async def follow(
    log: AttemptLog,
    view: View,
    offset: int,
    *,
    ended: asyncio.Event,
    watcher: GrowthWatcher,
) -> AsyncGenerator[Encoded, None]:
    """Yield output from an offset on, as it is written.

    Args:
        log: The attempt's log.
        view: What to see of it.
        offset: First byte.
        ended: Set once the attempt is over. The iteration ends when all was yielded after that.
        watcher: Notices growth.
    """
    with watcher.growth(log.run_dir) as growth:
        waker = asyncio.create_task(_wake_at_end(ended, growth.notify))
        try:
            while True:
                # Asked before reading: what is not there after the end will never be.
                over = log.complete = ended.is_set()
                chunks = log.read(view, offset, MAX_CHUNK_BYTES)
                encoded = encode(chunks, offset, more=not over or _more(log, view, chunks))
                if encoded.chunks:
                    offset = encoded.next_offset
                    yield encoded
                    # Other requests get their turn between two slices.
                    await asyncio.sleep(0)
                elif over:
                    return
                else:
                    await growth.wait()
        finally:
            waker.cancel()


def _more(log: AttemptLog, view: View, chunks: list[Chunk]) -> bool:
    return bool(chunks) and chunks[-1].offset + len(chunks[-1].data) < log.size(view)


async def _wake_at_end(ended: asyncio.Event, notify: Callable[[], None]) -> None:
    await ended.wait()
    notify()
