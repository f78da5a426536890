"""Gateways that share a database: one has the tasks, the others pass calls on and take over.

The machine's devices, or the cluster's jobs, are one pool, which only one scheduler can place tasks
on. So the lease is for all tasks together, and whoever has it is a gateway like any other. Its end
is like a kill: whoever follows takes up the rows, and what really runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from flowkit.errors import one_line
from flowkit_gateway.forwarding import Forwarding
from flowkit_gateway.problems import Problem, Unavailable
from flowkit_gateway.store.database import Database, StoreError
from flowkit_gateway.store.postgres_database import PostgresDatabase
from flowkit_gateway.store.postgres_lease import Lease, Term

logger = logging.getLogger("flowkit_gateway")

_RETRY_SECONDS = 0.5
"""Seconds between two tries to reach a database that does not answer."""

Run = Callable[[socket.socket, Callable[[], Database], asyncio.Event], Awaitable[None]]


class Replica:
    """One of several gateways.

    Args:
        url: the database.
        data_dir: the directory that they share.
        lease: seconds after which the tasks of one that is gone are taken over.
        listener: where this one serves.
        address: how the others reach it there, `HOST:PORT`.
        run: serves a socket with a database until an event is set.
    """

    def __init__(
        self,
        url: str,
        data_dir: Path,
        lease: float,
        listener: socket.socket,
        address: str,
        run: Run,
    ) -> None:
        self._url = url
        self._data_dir = data_dir
        self._listener = listener
        self._run = run
        self._address = address
        self._lease = Lease(url, address, lease)

    async def serve(self, stop: asyncio.Event) -> None:
        """Have the tasks whenever nobody else has them, until told to stop.

        Raises:
            StoreError: the database cannot be used.
        """
        # Also brings the schema up to date, of which the lease is a part.
        (await asyncio.to_thread(PostgresDatabase, self._url, self._data_dir)).close()
        logger.info("standing by at %s", self._address)
        while not stop.is_set():
            term = await self._stand_by(stop)
            if term is not None:
                await self._lead(term, stop)

    async def _stand_by(self, stop: asyncio.Event) -> Term | None:
        """Pass calls on until this gateway gets the tasks; return None when it is to stop."""
        async with Forwarding(self._listener, lambda: self._lease.holder_address):
            acquiring = asyncio.ensure_future(self._acquired())
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait((acquiring, stopping), return_when=asyncio.FIRST_COMPLETED)
            if acquiring.done():
                stopping.cancel()
                return acquiring.result()
            acquiring.cancel()
            await asyncio.wait((acquiring,))
            return None

    async def _acquired(self) -> Term:
        was_there = True
        while True:
            try:
                return await self._lease.acquire()
            except Unavailable as error:
                # Once an outage, however long it is.
                if was_there:
                    _warn(error)
                was_there = False
                await asyncio.sleep(_RETRY_SECONDS)

    async def _lead(self, term: Term, stop: asyncio.Event) -> None:
        """Be the gateway, until it is to stop, the lease is lost or the database goes away."""
        loop = asyncio.get_running_loop()
        over = asyncio.Event()

        def end() -> None:
            # From the database's own thread, which may outlive this loop.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(over.set)

        ending = [
            asyncio.ensure_future(self._keep(term, end)),
            asyncio.ensure_future(_set_after(stop, over)),
        ]
        logger.info("this gateway has the tasks, in term %d", term.number)
        try:
            open_database = partial(
                PostgresDatabase, self._url, self._data_dir, fence=term.fence, interrupted=end
            )
            await self._run(self._listener.dup(), open_database, over)
        except (StoreError, Problem) as error:
            logger.warning("cannot take up the tasks: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)
        finally:
            for each in ending:
                each.cancel()
            await asyncio.wait(ending)
        logger.info("this gateway has the tasks no more")
        with contextlib.suppress(Unavailable):
            await self._lease.release(term)

    async def _keep(self, term: Term, end: Callable[[], None]) -> None:
        try:
            await self._lease.keep(term)
            logger.warning("another gateway has taken the tasks over")
        except Unavailable as error:
            _warn(error)
        end()


def _warn(error: Unavailable) -> None:
    logger.warning("the database does not answer: %s", one_line(str(error.__cause__)))


async def _set_after(first: asyncio.Event, second: asyncio.Event) -> None:
    await first.wait()
    second.set()
