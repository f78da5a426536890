"""One call of an operation, as its handler sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from flowkit_gateway.problems import TaskNotFound

if TYPE_CHECKING:
    from flowkit_gateway.changes import Changes
    from flowkit_gateway.code_updates import CodeUpdates
    from flowkit_gateway.contract import Operation
    from flowkit_gateway.engines.engine import Engine
    from flowkit_gateway.files.files import Files
    from flowkit_gateway.files.uploads import Uploads
    from flowkit_gateway.garbage import Collector
    from flowkit_gateway.grants import Grants
    from flowkit_gateway.logs.watch import GrowthWatcher
    from flowkit_gateway.mounts import MountsPart
    from flowkit_gateway.principal import Principal
    from flowkit_gateway.reservations import Reservations
    from flowkit_gateway.scheduler import Scheduler
    from flowkit_gateway.snapshots.snapshots import Snapshots
    from flowkit_gateway.store.profile_files import ProfileFiles
    from flowkit_gateway.store.rows import TaskRow
    from flowkit_gateway.store.secrets import Secrets
    from flowkit_gateway.store.store import Store
    from flowkit_gateway.sweeps import Sweeps
    from flowkit_gateway.vault import Vault
    from flowkit_gateway.volume_clones import VolumeClones
    from flowkit_gateway.volumes import Volumes

T = TypeVar("T")
Message = MutableMapping[str, Any]
"""A message of ASGI (https://asgi.readthedocs.io/en/latest/specs/www.html)."""
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class ClientGone(Exception):
    """The client closed its connection, so that nobody is there to be answered."""


class ContentGone(Exception):
    """What a download sends is not there any more, so that its connection is closed."""


@dataclass(slots=True)
class Gateway:
    """What handlers work with."""

    store: Store
    scheduler: Scheduler
    sweeps: Sweeps
    reservations: Reservations
    volumes: Volumes
    files: Files
    uploads: Uploads
    volume_clones: VolumeClones
    grants: Grants
    mounts: MountsPart
    snapshots: Snapshots
    code_updates: CodeUpdates
    changes: Changes
    engine: Engine
    log_watcher: GrowthWatcher
    collector: Collector
    vault: Vault
    secrets: Secrets
    profile_files: ProfileFiles
    contract_version: str
    started_at: float
    """Unix time."""
    embedded: bool
    max_body_bytes: int
    max_output_bytes: int
    stopping: bool = False
    held: set[asyncio.Task[Any]] = field(default_factory=set)
    """Work of calls that wait for something to happen."""

    def stop_waiting(self) -> None:
        """End every long poll and stream now; their clients resume them."""
        self.stopping = True
        for work in self.held:
            work.cancel()


class Answer(NamedTuple):
    """What a handler answers."""

    status: int
    document: object = None
    """Encoded as JSON; None for no body."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes | None = None
    """An encoded document, in place of `document`."""


class Stream(NamedTuple):
    """An answer of server-sent events; the generator is closed when its client has gone."""

    events: AsyncGenerator[bytes, None]


class Download(NamedTuple):
    """An answer of bytes; the generator is closed when its client has gone."""

    status: int
    parts: AsyncGenerator[bytes, None]
    size: int
    """Bytes of all parts."""
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(slots=True)
class Call:
    """One call, authenticated and valid.

    Attributes:
        query: query parameters of the contract, converted; absent ones are missing.
        headers: header parameters of the contract, likewise.
        body: the JSON document, or None when the operation takes none.
    """

    gateway: Gateway
    operation: Operation
    principal: Principal
    correlation_id: str
    path: dict[str, str]
    query: dict[str, object]
    headers: dict[str, object]
    body: Any
    receive: Receive

    @property
    def project(self) -> str:
        """The project to work in."""
        return self.principal.project

    def text(self, name: str) -> str | None:
        """Return a text parameter of the query."""
        return cast("str | None", self.query.get(name))

    def texts(self, name: str) -> list[str]:
        """Return a repeated text parameter of the query."""
        return cast("list[str]", self.query.get(name, []))

    def integer(self, name: str) -> int | None:
        """Return an integer parameter of the query."""
        return cast("int | None", self.query.get(name))

    def number(self, name: str) -> float | None:
        """Return a number parameter of the query."""
        return cast("float | None", self.query.get(name))

    def flag(self, name: str) -> bool:
        """Return a boolean parameter of the query, False when it is absent."""
        return self.query.get(name) is True

    def header(self, name: str) -> str | None:
        """Return a header parameter."""
        return cast("str | None", self.headers.get(name))

    def task(self) -> TaskRow:
        """Return the task that the path names.

        Raises:
            TaskNotFound: the project has no such task.
        """
        task_id = self.path["task_id"]
        row = self.gateway.store.get_task(self.project, task_id)
        if row is None:
            raise TaskNotFound(f"there is no task {task_id}")
        return row

    async def parts(self) -> AsyncGenerator[bytes, None]:
        """Yield the body of an operation that takes bytes, as it arrives.

        Raises:
            ClientGone: the client went away in the middle.
        """
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            if part := message.get("body", b""):
                yield part
            more = message.get("more_body", False)

    async def hold(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Run something that may take long while the client stays.

        Returns:
            What `work` returned, or None when the gateway stops before.

        Raises:
            ClientGone: the client went away; `work` was cancelled.
        """
        if self.gateway.stopping:
            work.close()
            return None
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(self._client_gone())
        self.gateway.held.add(task)
        try:
            await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ClientGone
            return None if task.cancelled() else task.result()
        finally:
            self.gateway.held.discard(task)
            task.cancel()
            gone.cancel()
            await asyncio.wait((task, gone))

    async def _client_gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            continue
