"""Where mounted data comes from: each kind of source is checked at submit and fetched at start."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

from flowkit.mounts import MountSource
from flowkit_gateway.engines.engine import StartError
from flowkit_gateway.files.threads import in_thread
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import InvalidMount, Problem
from flowkit_gateway.snapshots.snapshots import Snapshots
from flowkit_gateway.sources.remote_sources import RemoteSources
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.secrets import Secrets
from flowkit_gateway.store.store import Store
from flowkit_gateway.store.task_credentials import TaskCredentials
from flowkit_gateway.task_parts import SNAPSHOTS, Prepared

_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


@dataclass(slots=True)
class Request:
    """One mount of a task, as the contract has it."""

    source: MountSource
    """Where it comes from; what replaces it is what will be stored."""
    document: dict[str, object]
    task: dict[str, object] = field(repr=False)
    """The `TaskCreate` document that it is a part of."""

    @property
    def read_only(self) -> bool:
        """Nothing may be changed through it."""
        return bool(self.document.get("read_only"))


class MountedSource(Protocol):
    """One kind of source."""

    async def admit(self, caller: Principal, request: Request) -> None:
        """Check a mount of a task that is being submitted.

        Raises:
            Problem: it cannot be mounted.
        """

    def insert(self, connection: Transaction, row: TaskRow, request: Request) -> None:
        """Write what belongs to a new task's mount, in the transaction that creates the task.

        Raises:
            Problem: what `admit` found is not so any more.
        """

    async def fetch(self, row: TaskRow, request: Request, prepared: Prepared) -> Path:
        """Return the directory or file that an attempt is to see.

        Raises:
            StartError: it cannot be had.
        """


class TaskOutputs:
    """Outputs of tasks that have ended: `task://ID/PATH`.

    Args:
        store: the rows of tasks.
        tasks_dir: holds a directory for each task, which has one for each attempt.
    """

    def __init__(self, store: Store, tasks_dir: Path) -> None:
        self._store = store
        self._tasks_dir = tasks_dir

    async def admit(self, caller: Principal, request: Request) -> None:
        """Check that the task has ended and kept it, or that this one waits for its end."""
        refuse_changes(request)
        task_id = request.source.location
        row = self._store.get_task(caller.project, task_id)
        if row is None:
            raise InvalidMount(
                f"there is no task {task_id} whose outputs could be mounted",
                hint="`flowkit ps` lists the tasks of this project",
            )
        if row.terminal:
            path = self._path(row, request.source)
            if not await in_thread(path.exists):
                raise InvalidMount(
                    f"{task_id} has no outputs {request.source.path!r}",
                    hint="name what its `outputs` kept",
                )
        elif not _waits_for(request.task, task_id):
            raise InvalidMount(
                f"{task_id} is {row.status}; the outputs of a task are there once it has ended",
                hint="wait for it, or name it in depends_on",
            )

    def insert(self, connection: Transaction, row: TaskRow, request: Request) -> None:
        """Write nothing: the outputs are there as long as their task is."""

    async def fetch(self, row: TaskRow, request: Request, prepared: Prepared) -> Path:
        """Return the directory or file of the outputs."""
        other = self._store.get_task(row.project, request.source.location)
        path = None if other is None else self._path(other, request.source)
        if path is None or not await in_thread(path.exists):
            raise StartError(f"there are no outputs {request.source}")
        return path

    def _path(self, row: TaskRow, source: MountSource) -> Path:
        outputs = self._tasks_dir / row.id / str(row.attempt) / "outputs"
        return within(outputs, source.path)


class MountedSnapshots:
    """Snapshots of directories that callers have sent: `snapshot://ID/PATH`.

    Args:
        snapshots: where they are.
    """

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def admit(self, caller: Principal, request: Request) -> None:
        """Check that the snapshot is complete and has what is named of it."""
        refuse_changes(request)
        snapshot_id, path = request.source.location, request.source.path
        self._snapshots.get_complete(caller.project, snapshot_id)
        manifest = await self._snapshots.manifest(caller.project, snapshot_id)
        if path and path not in manifest.entries and not manifest.is_directory(path):
            raise InvalidMount(f"{snapshot_id} has no {path!r} in it")

    def insert(self, connection: Transaction, row: TaskRow, request: Request) -> None:
        """Keep the snapshot until the task has ended."""
        self._snapshots.need(connection, row.project, request.source.location, row.id)

    async def fetch(self, row: TaskRow, request: Request, prepared: Prepared) -> Path:
        """Return what is named of a copy of the attempt's own."""
        snapshot_id = request.source.location
        copy = prepared.run_dir / SNAPSHOTS / snapshot_id
        try:
            if not copy.exists():
                copy.parent.mkdir(mode=0o700, exist_ok=True)
                await self._snapshots.copy(row.project, snapshot_id, copy)
        except Problem as problem:
            raise StartError(f"cannot mount {snapshot_id}: {problem.detail}") from problem
        except OSError as error:
            raise StartError(f"cannot write {snapshot_id}: {error.strerror}") from error
        return within(copy, request.source.path)


class LocalFiles:
    """Files and directories of the gateway's machine: `file:///PATH`.

    Args:
        embedded: the gateway's user is its only caller, who may read them anyway.
    """

    def __init__(self, *, embedded: bool) -> None:
        self._embedded = embedded

    async def admit(self, caller: Principal, request: Request) -> None:
        """Check that there is the file or directory."""
        refuse_changes(request)
        path = Path(request.source.path)
        if not self._embedded:
            raise InvalidMount(
                "file:// names files of the gateway's machine, and this gateway is shared",
                hint="upload the data to a volume, or mount a snapshot of it",
            )
        if not path.is_absolute():
            raise InvalidMount(
                f"{str(path)!r} is not an absolute path", hint="write it as file:///PATH"
            )
        if not await in_thread(_is_mountable, path):
            raise InvalidMount(f"{str(path)!r} is neither a directory nor a file here")

    def insert(self, connection: Transaction, row: TaskRow, request: Request) -> None:
        """Write nothing."""

    async def fetch(self, row: TaskRow, request: Request, prepared: Prepared) -> Path:
        """Return the file or directory."""
        path = Path(request.source.path)
        if not await in_thread(_is_mountable, path):
            raise StartError(f"{path} is neither a directory nor a file any more")
        return path


class RemoteData:
    """Data of object stores and web servers.

    Args:
        sources: fetches it.
        secrets: what mounts may name to sign in with.
        credentials: where variables to sign in with are kept that came with a task.
    """

    def __init__(
        self, sources: RemoteSources, secrets: Secrets, credentials: TaskCredentials
    ) -> None:
        self._sources = sources
        self._secrets = secrets
        self._credentials = credentials

    async def admit(self, caller: Principal, request: Request) -> None:
        """Check that it is there and may be read."""
        refuse_changes(request)
        mount_env = cast("dict[str, str]", request.task.get("mount_env") or {})
        env = self._secret_env(caller.project, request)
        await self._sources.check(str(request.source), mount_env if env is None else env)

    def insert(self, connection: Transaction, row: TaskRow, request: Request) -> None:
        """Keep what it is signed in with until the task has ended."""
        if row.mount_env and "secret" not in request.document:
            self._credentials.put_mount_env(connection, row.id, row.mount_env)

    async def fetch(self, row: TaskRow, request: Request, prepared: Prepared) -> Path:
        """Return what was fetched, now or before."""
        try:
            env = self._secret_env(row.project, request)
            if env is None:
                env = self._credentials.mount_env(row.id)
        except Problem as problem:
            raise StartError(f"cannot sign in for {request.source}: {problem.detail}") from problem
        prepared.secrets.extend(env.values())
        return await self._sources.fetch(row.project, str(request.source), env, task_id=row.id)

    def _secret_env(self, project: str, request: Request) -> dict[str, str] | None:
        """Return the variables of the secret that a mount names, None when it names none.

        Raises:
            SecretNotFound: the project has no such secret.
            VaultClosed: the gateway's key cannot be used.
            InvalidMount: it does not hold variables.
        """
        name = cast("str | None", request.document.get("secret"))
        if name is None:
            return None
        env: dict[str, str] = {}
        for line in self._secrets.value(project, name).splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                match = _VARIABLE.fullmatch(line.strip())
                if match is None:
                    raise InvalidMount(
                        f"the secret {name} does not hold variables to sign in with",
                        hint="put a NAME=VALUE on each of its lines",
                    )
                env[match[1]] = match[2]
        return env


def refuse_changes(request: Request) -> None:
    """Raise InvalidMount where something is asked for that only volumes have."""
    if request.document.get("read_only") is False:
        raise InvalidMount(
            f"{request.source} can only be read", hint="mount a volume for what is to be kept"
        )
    if "create_size_gb" in request.document or "create_interface" in request.document:
        raise InvalidMount(f"{request.source} is no volume that could be created")


def within(root: Path, path: str) -> Path:
    """Return a path in a tree.

    Raises:
        InvalidMount: a symbolic link leads out of the tree.
    """
    real = os.path.realpath(root / path)
    top = os.path.realpath(root)
    if real != top and not real.startswith(f"{top}/"):
        raise InvalidMount(f"{path!r} leads out of what it is in, through a symbolic link")
    return Path(real)


def _is_mountable(path: Path) -> bool:
    return path.is_dir() or path.is_file()


def _waits_for(task: dict[str, object], task_id: str) -> bool:
    others = cast("list[dict[str, str]]", task.get("depends_on") or [])
    return any(
        other["task"] == task_id and other.get("condition") in (None, "afterok", "afterany")
        for other in others
    )
