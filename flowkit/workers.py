"""A few calls at once: threads for the synchronous twin, tasks of a loop for the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

T = TypeVar("T")

MOST_AT_ONCE = 4


class Workers:
    """Runs work in threads."""

    @staticmethod
    def run(work: Callable[[T], None], items: Iterator[T], *, stop: Callable[[], None]) -> None:
        """Do the work for each item, a few at once; the first failure ends it all.

        Args:
            work: Called with each item.
            items: Asked for the next one when there is room for it.
            stop: Has the work that is going on give up; called when an item has failed.
        """
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

        running: set[Future[None]] = set()
        with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
            try:
                for item in items:
                    if len(running) == MOST_AT_ONCE:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        for each in done:
                            each.result()
                    running.add(pool.submit(work, item))
                for each in running:
                    each.result()
            except BaseException:
                stop()
                raise


class AsyncWorkers:
    """Runs work in tasks of the event loop."""

    @staticmethod
    async def run(
        work: Callable[[T], Coroutine[None, None, None]],
        items: AsyncIterator[T],
        *,
        stop: Callable[[], None],
    ) -> None:
        """Do the work for each item, a few at once; the first failure ends it all.

        Args:
            work: Called with each item.
            items: Asked for the next one when there is room for it.
            stop: Has the work that is going on give up; called when an item has failed.
        """
        import asyncio

        running: set[asyncio.Task[None]] = set()
        try:
            async for item in items:
                if len(running) == MOST_AT_ONCE:
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for each in done:
                        each.result()
                running.add(asyncio.create_task(work(item)))
            for each in list(running):
                await each
        except BaseException:
            stop()
            raise
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)
