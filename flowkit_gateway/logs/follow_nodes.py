"""Following the output of several nodes at once, as it comes from any of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from flowkit_gateway.logs.chunks import Encoded
from flowkit_gateway.logs.follow import follow
from flowkit_gateway.logs.reader import AttemptLog, View
from flowkit_gateway.logs.watch import GrowthWatcher


async def follow_nodes(
    logs: Sequence[AttemptLog],
    view: View,
    offsets: Sequence[int],
    *,
    ended: asyncio.Event,
    watcher: GrowthWatcher,
) -> AsyncGenerator[tuple[int, Encoded], None]:
    """Yield output with the place in `logs` of the one that it is of.

    Args:
        logs: The attempt's logs, one a node.
        view: What to see of each.
        offsets: First byte of each.
        ended: Set once the attempt is over. The iteration ends when all was yielded after that.
        watcher: Notices growth.
    """
    streams = [
        follow(log, view, offset, ended=ended, watcher=watcher)
        for log, offset in zip(logs, offsets, strict=True)
    ]
    awaited = {asyncio.ensure_future(anext(each, None)): n for n, each in enumerate(streams)}
    try:
        while awaited:
            done, _ = await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                place, encoded = awaited.pop(each), each.result()
                if encoded is not None:
                    yield place, encoded
                    awaited[asyncio.ensure_future(anext(streams[place], None))] = place
    finally:
        for each in awaited:
            each.cancel()
        await asyncio.gather(*awaited, return_exceptions=True)
        for stream in streams:
            await stream.aclose()
