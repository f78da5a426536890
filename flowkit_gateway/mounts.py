"""Mounts as a part of tasks: data that they see at paths of their choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from flowkit.errors import InvalidMount as InvalidMountText
from flowkit.mounts import (
    REMOTE_SCHEMES,
    MountSource,
    check_apart,
    parse_target,
    variable_of,
)
from flowkit_gateway.engines.engine import BindMount, Engine
from flowkit_gateway.mount_sources import MountedSource, Request
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import Detail, InvalidMount, Problem, UnsupportedByEngine
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.store import refuse_to_change
from flowkit_gateway.task_parts import Prepared

MOST_MOUNTS = 64
"""Most mounts of one task, as the contract has it."""


class MountsPart:
    """Mounts data for tasks; implements `task_parts.TaskPart`.

    Args:
        engine: makes the mounts.
        sources: where data comes from, by the scheme of its URL.
        data_dir: the gateway's own directory, which no mount may hide.
    """

    name = "mounts"
    fields = frozenset({"mounts", "mount_env"})

    def __init__(
        self, engine: Engine, sources: Mapping[str, MountedSource], data_dir: Path
    ) -> None:
        self._engine = engine
        self._sources = sources
        self._data_dir = str(data_dir.resolve())

    async def admit(self, caller: Principal, settings: dict[str, object], loc: str) -> str:
        """Check that every mount can be made, and name volumes by their ids.

        Raises:
            InvalidMount: a source is not there, or a target cannot be.
            VolumeNotFound: there is no such volume that the caller may use.
            UnsupportedByEngine: the engine makes no mounts.
            Problem: a source refuses.
        """
        mounts = [dict(each) for each in _mounts(settings)]
        if mounts and self._engine.capabilities().mounts is None:
            message = f"the {self._engine.name} engine makes no mounts"
            raise UnsupportedByEngine(message, details=[Detail(f"{loc}/mounts", message)])
        for place, document in enumerate(mounts):
            with _refusing_at(f"{loc}/mounts/{place}/target"):
                document["target"] = self._target(cast("str", document["target"]))
        with _refusing_at(f"{loc}/mounts"):
            check_apart(cast("str", document["target"]) for document in mounts)
        for place, document in enumerate(mounts):
            with _refusing_at(f"{loc}/mounts/{place}/source"):
                request = _request(document, settings)
                await self._source(request).admit(caller, request)
                document["source"] = str(request.source)
        if mounts:
            settings["mounts"] = mounts
        return f"{len(mounts)} found"

    def insert(self, connection: Transaction, row: TaskRow) -> None:
        """Write what belongs to the mounts of a new task.

        Raises:
            Problem: what `admit` found is not so any more.
        """
        for document in _mounts(row.settings):
            request = _request(document, row.settings)
            self._source(request).insert(connection, row, request)

    async def prepare(self, row: TaskRow, prepared: Prepared) -> None:
        """Fetch what is to be mounted, and say where it will be.

        Raises:
            StartError: some of it cannot be had.
        """
        for document in _mounts(row.settings):
            request = _request(document, row.settings)
            source = await self._source(request).fetch(row, request, prepared)
            target = cast("str", document["target"])
            read_only = request.read_only or request.source.scheme != "volume"
            prepared.mounts.append(BindMount(target, source, read_only))
            prepared.env[variable_of(target)] = target

    async def added(
        self, caller: Principal, row: TaskRow, wanted: Mapping[str, object]
    ) -> Callable[[Transaction, TaskRow], dict[str, object]]:
        """Return how the settings of a task change that is given another volume.

        Args:
            caller: who asks for it.
            row: the task, which has not started.
            wanted: the contract's `MountRequest`.

        Raises:
            InvalidMount: the target cannot be.
            VolumeNotFound: there is no such volume that the caller may use.
            TaskNotPending: the task has started, or ended.
        """
        refuse_to_change(row)
        source = f"volume://{wanted['volume']}"
        target = wanted.get("target") or MountSource.parse(source).default_target
        document: dict[str, object] = {"target": target, "source": source}
        if "read_only" in wanted:
            document["read_only"] = wanted["read_only"]
        settings: dict[str, object] = {**row.settings, "mounts": [document]}
        await self.admit(caller, settings, "/body")
        (mount,) = _mounts(settings)

        def change(connection: Transaction, task: TaskRow) -> dict[str, object]:
            mounts = [*_mounts(task.settings), mount]
            if len(mounts) > MOST_MOUNTS:
                raise InvalidMount(f"a task has {MOST_MOUNTS} mounts at most")
            with _refusing_at("/body/target"):
                check_apart(cast("str", each["target"]) for each in mounts)
            request = _request(mount, task.settings)
            self._source(request).insert(connection, task, request)
            return {**task.settings, "mounts": mounts}

        return change

    def _target(self, text: str) -> str:
        target = parse_target(text)
        if f"{self._data_dir}/".startswith(f"{target}/"):
            raise InvalidMount(
                f"a mount at {target} would hide the gateway's own files",
                hint="choose another target, as /data",
            )
        return target

    def _source(self, request: Request) -> MountedSource:
        scheme = request.source.scheme
        if scheme != "volume" and scheme not in REMOTE_SCHEMES and "secret" in request.document:
            raise InvalidMount(f"{request.source} needs nothing to sign in with")
        return self._sources[scheme]


def _mounts(settings: Mapping[str, object]) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", settings.get("mounts") or [])


def _request(document: dict[str, object], settings: dict[str, object]) -> Request:
    return Request(MountSource.parse(cast("str", document["source"])), document, settings)


@contextmanager
def _refusing_at(loc: str) -> Iterator[None]:
    """Say of what is wrong where it is in the request."""
    try:
        yield
    except InvalidMountText as error:
        detail = Detail(loc, error.message, error.hint)
        raise InvalidMount(error.message, hint=error.hint, details=[detail]) from error
    except Problem as problem:
        problem.details = problem.details or (Detail(loc, problem.detail, problem.hint),)
        raise
