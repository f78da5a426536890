"""A thread that commits the writes of a database in groups, so that many share one flush."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from flowkit_gateway.problems import Problem, Unavailable
from flowkit_gateway.store.database import Transaction

T = TypeVar("T")

_GROUP = 256
"""Most writes of one commit, so that the first of a burst does not wait for the last."""


class Connection(Protocol):
    """A connection that the writer has for itself."""

    @property
    def is_usable(self) -> bool:
        """Another transaction may work where one has failed."""

    @property
    def in_transaction(self) -> bool:
        """A transaction was begun, and has not ended by itself."""

    def begin(self) -> Transaction:
        """Begin a transaction, while which nobody else writes."""

    def begin_one(self) -> None:
        """Begin one of the writes of a transaction."""

    def undo_one(self) -> None:
        """Undo what was written since it began."""

    def end_one(self) -> None:
        """Keep what was written since it began."""

    def commit(self) -> None:
        """Make a transaction durable."""

    def roll_back(self) -> None:
        """Undo a transaction, if there is one."""

    def problem_of(self, error: BaseException) -> Problem | None:
        """Return what a caller is told of an error of the database; None for other errors."""


class _Write(Generic[T]):
    """One piece of work on its way through the thread."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Transaction], T]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self.loop.create_future()
        self.result: T | None = None
        self.error: BaseException | None = None

    def run(self, connection: Connection, transaction: Transaction) -> None:
        """Do the work inside the group's transaction, or leave no trace of it there."""
        self.error = None
        connection.begin_one()
        try:
            self.result = self.work(transaction)
        except BaseException as error:  # noqa: BLE001  # handed to the caller by `settle`
            self.error = error
            # Errors such as a full disk may have ended the whole group's transaction.
            if connection.in_transaction:
                connection.undo_one()
        if connection.in_transaction:
            connection.end_one()

    def settle(self, connection: Connection) -> None:
        """Give the caller the outcome, on the caller's own loop."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # set by `run`
            return
        problem = connection.problem_of(self.error)
        self.future.set_exception(problem or self.error)


class GroupedWriter:
    """Runs writes one after the other, and commits those together that wait at one time.

    Args:
        connection: what they are written through.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._closed = False
        self._queue: queue.SimpleQueue[_Write[object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_forever, name="store-writer")
        self._thread.daemon = True
        self._thread.start()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return its result once it is durable.

        Raises:
            Problem: as of `Database.write`.
        """
        if self._closed:
            raise Unavailable("the gateway is stopping", retry_after=1.0)
        write = _Write(work)
        self._queue.put(write)  # type: ignore[arg-type]  # the thread never looks at T
        # A caller that goes away cancels the future alone; the transaction goes on.
        return await write.future

    def close(self) -> None:
        """Finish what was begun."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _write_forever(self) -> None:
        last = False
        while not last:
            group = []
            write = self._queue.get()
            while write is not None:
                group.append(write)
                if len(group) == _GROUP:
                    break
                try:
                    write = self._queue.get_nowait()
                except queue.Empty:
                    break
            last = write is None
            if group:
                self._commit(group)
                self._tell(group)

    def _commit(self, group: Sequence[_Write[object]]) -> None:
        """Commit writes together or, where that fails, each of them alone."""
        begun = False
        try:
            transaction = self._connection.begin()
            begun = True
            for write in group:
                write.run(self._connection, transaction)
                if not self._connection.in_transaction:
                    raise write.error or RuntimeError("the transaction ended early")
            self._connection.commit()
        except BaseException as error:  # noqa: BLE001  # handed to the callers by `settle`
            self._connection.roll_back()
            # Where not even `begin` worked, it would work no better for one; and what became of a
            # commit that was cut off is not known.
            if begun and len(group) > 1 and self._connection.is_usable:
                for write in group:
                    self._commit([write])
                return
            for write in group:
                write.error = write.error or error

    def _tell(self, group: Sequence[_Write[object]]) -> None:
        for loop in {write.loop for write in group}:
            # The loop may be closed: then nobody waits for the outcome any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(
                    self._settle, [write for write in group if write.loop is loop]
                )

    def _settle(self, group: Sequence[_Write[object]]) -> None:
        for write in group:
            write.settle(self._connection)
