"""A body is written in batches while it arrives."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator

import pytest

from flowkit_gateway.files.receiving import BATCH_BYTES, receive


async def body(batches: int) -> AsyncGenerator[bytes, None]:
    for _ in range(batches):
        yield bytes(BATCH_BYTES)


@pytest.mark.parametrize("batches", [1, 3])
async def test_a_cancelled_body_is_left_when_no_thread_writes_to_its_file_any_more(
    batches: int,
) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def write_slowly() -> None:
        begun.set()
        go_on.wait(30)
        ended.set()

    async def write(parts: list[bytes]) -> None:
        await asyncio.get_running_loop().run_in_executor(None, write_slowly)

    receiving = asyncio.ensure_future(receive(body(batches), write))
    await asyncio.to_thread(begun.wait, 30)
    receiving.cancel()
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await receiving
    assert ended.is_set()
