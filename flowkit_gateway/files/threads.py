"""Where the gateway waits for disks: threads of their own, so that nothing else waits for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_STEP_SECONDS = 0.1
_pool = ThreadPoolExecutor(16, thread_name_prefix="files")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run something short that waits for a disk, and return its result."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_pool, partial(work, *args, **kwargs))


async def in_steps(work: Generator[None, None, T]) -> T:
    """Run something long that waits for a disk, so that it can be cancelled between its steps.

    Args:
        work: yields every few milliseconds of its work.

    Returns:
        What it returns.
    """
    while True:
        result = await in_thread(_go_on, work)
        if result is not None:
            return result[0]


def _go_on(work: Generator[None, None, T]) -> tuple[T] | None:
    until = time.monotonic() + _STEP_SECONDS
    try:
        while time.monotonic() < until:
            next(work)
    except StopIteration as finished:
        return (finished.value,)
    return None
