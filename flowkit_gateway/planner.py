"""Says before a task is accepted what would be chosen for it, and what stands against it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from flowkit_gateway.block_volumes import BlockVolumes
from flowkit_gateway.catalogue import CURRENCY, Catalogue, check_region
from flowkit_gateway.engines.engine import Engine
from flowkit_gateway.engines.slurm.flags import FlagError, check_flags
from flowkit_gateway.placement import GB, Demand, Pool, Promised, demand_of
from flowkit_gateway.problems import (
    Detail,
    InvalidRequest,
    NoCapacity,
    Problem,
    UnsupportedByEngine,
)
from flowkit_gateway.task_parts import PartCheck

_Settings = Mapping[str, object]


class Checked(NamedTuple):
    """A task that can be accepted."""

    demand: Demand
    simulated: bool


class Planner:
    """Checks tasks against one engine.

    Args:
        engine: what would run the task.
        pool: the engine's resources.
        catalogue: what is offered.
        volumes: the block volumes that are held.
    """

    def __init__(
        self, engine: Engine, pool: Pool, catalogue: Catalogue, volumes: BlockVolumes
    ) -> None:
        self._engine = engine
        self._pool = pool
        self._catalogue = catalogue
        self._volumes = volumes
        self._capabilities = engine.capabilities()
        self._checks = (
            ("instances", self._check_instances),
            ("region", self._check_region),
            ("working_dir", self._check_working_dir),
            ("slurm", self._check_slurm),
        )

    def demand(self, settings: _Settings, loc: str = "/body") -> Demand:
        """Return what a task needs.

        Raises:
            InvalidGPURequest: a GPU request or instance type is not in the grammar.
        """
        instances = cast("int", settings.get("num_instances") or 1)
        default_cpus = self._pool.default_cpus(instances)
        demand = demand_of(settings, self._catalogue.offers, loc, default_cpus=default_cpus)
        return demand._replace(volumes=self._volumes.of(settings))

    def check(self, settings: _Settings, loc: str = "/body") -> Checked:
        """Return what a task needs if it can be accepted.

        Args:
            settings: a validated `TaskCreate` document.
            loc: JSON pointer of the document in its request, for errors.

        Raises:
            InvalidGPURequest: a GPU request or instance type is not in the grammar.
            InvalidRequest: the working directory is not there.
            NoCapacity: nothing here can ever run it.
            UnsupportedByEngine: the engine cannot do it.
        """
        demand = self.demand(settings, loc)
        for _, check in self._checks:
            check(settings, loc)
        self._check_shares(demand, loc)
        return Checked(demand, self._check_capacity(demand, settings, loc))

    def plan(self, settings: _Settings, parts: Sequence[PartCheck] = ()) -> dict[str, object]:
        """Return the contract's `TaskPlan` of a validated `TaskCreate` document.

        Args:
            settings: the document, as the task's parts have left it.
            parts: what they say of it.
        """
        document: dict[str, object] = {
            "feasible": True,
            "engine": self._engine.name,
            "simulated": False,
            "num_instances": settings.get("num_instances") or 1,
        }
        checks = [
            _passed(name, found) if isinstance(found, str) else _failed(name, found)
            for name, found in parts
        ]
        try:
            demand = self.demand(settings)
        except Problem as problem:
            checks.append(_failed("gpu", problem))
            return {**document, "feasible": False, "checks": checks}
        checks.append(_passed("gpu", ", ".join(map(str, demand.gpus)) or "none asked for"))
        for name, check in self._checks:
            try:
                checks.append(_passed(name, check(settings, "/body")))
            except Problem as problem:
                checks.append(_failed(name, problem))
        try:
            self._check_shares(demand, "/body")
            document["simulated"] = self._check_capacity(demand, settings, "/body")
            checks.append(_passed("capacity", "fits this gateway"))
            document.update(self._choice(demand))
        except Problem as problem:
            checks.append(_failed("capacity", problem))
        checks.append(_passed("price", "costs nothing here"))
        # What follows is not asked when a task is submitted: its program may come to be later.
        document["feasible"] = all(check["outcome"] != "failed" for check in checks)
        checks.append(_check_command(settings, in_place=self._capabilities.in_place))
        document["checks"] = checks
        return document

    def _choice(self, demand: Demand) -> dict[str, object]:
        placement = self._pool.choose(demand, Promised())
        choice: dict[str, object] = {
            "starts_now": placement is not None and self._volumes.are_free(demand.volumes),
            "price_per_hour": {"amount_minor": 0, "currency": CURRENCY},
            "instance_type": "cpu",
        }
        if placement is not None:
            group = self._pool.group_of(placement)
            choice["instance_type"] = self._catalogue.instance_type(group, placement)
            if group is not None:
                choice["gpu"] = next(str(each) for each in demand.gpus if group.matches(each))
        else:
            found = self._pool.feasible(demand)
            if isinstance(found, tuple):
                request, group = found
                choice["gpu"] = str(request)
                choice["instance_type"] = self._catalogue.name(group, request.count)
        return choice

    def _check_instances(self, settings: _Settings, loc: str) -> str:
        wanted = cast("int", settings.get("num_instances") or 1)
        most = self._capabilities.max_num_instances
        if wanted > most:
            message = f"num_instances is {wanted}, but the {self._engine.name} engine runs {most}"
            raise UnsupportedByEngine(
                message,
                hint=f"ask for at most {most}",
                details=[Detail(f"{loc}/num_instances", message)],
            )
        return f"{wanted} of at most {most}"

    def _check_region(self, settings: _Settings, loc: str) -> str:
        region = cast("str | None", settings.get("region"))
        check_region(region, f"{loc}/region")
        return region or "any"

    def _check_working_dir(self, settings: _Settings, loc: str) -> str:
        folder = cast("str | None", settings.get("working_dir"))
        if folder is None:
            return "a private directory"
        if os.path.isabs(folder) and not self._capabilities.in_place:
            message = f"the {self._engine.name} engine cannot run in a directory of this machine"
            raise UnsupportedByEngine(message, details=[Detail(f"{loc}/working_dir", message)])
        if not os.path.isabs(folder):
            _refuse_outside(folder, settings, loc)
            return f"{folder} in the task's workspace"
        if not os.path.isdir(folder):
            message = f"working_dir {folder!r} is not a directory on the gateway's machine"
            raise InvalidRequest(message, details=[Detail(f"{loc}/working_dir", message)])
        return folder

    def _check_slurm(self, settings: _Settings, loc: str) -> str:
        flags = cast("dict[str, str]", settings.get("slurm") or {})
        try:
            check_flags(flags)
        except FlagError as error:
            detail = Detail(f"{loc}/slurm/{error.name}", str(error), error.hint)
            raise InvalidRequest(str(error), hint=error.hint, details=[detail]) from error
        if flags and self._engine.name != "slurm":
            return f"left aside by the {self._engine.name} engine"
        return ", ".join(sorted(flags)) or "no flags"

    def _check_shares(self, demand: Demand, loc: str) -> None:
        if self._capabilities.fractional_gpus:
            return
        for place, request in enumerate(demand.gpus):
            if request.count < 1:
                message = f"the {self._engine.name} engine cannot share a GPU"
                hint = "ask for a whole one"
                raise UnsupportedByEngine(
                    message, hint=hint, details=[Detail(f"{loc}/gpu/{place}", message, hint)]
                )

    def _check_capacity(self, demand: Demand, settings: _Settings, loc: str) -> bool:
        """Return whether the GPUs would be simulated; raise if the demand can never be met."""
        capacity = self._pool.capacity
        instances = self._pool.sharing(demand.num_instances)
        each = f" for each of {instances} instances" if instances > 1 else ""
        lacking = self._pool.lacking(demand)
        if lacking == "cpus":
            raise _no_capacity(
                f"{demand.cpus:g} CPUs{each} are asked for, but there are {capacity.cpus:g}",
                f"ask for at most {capacity.cpus / instances:g} CPUs{each}",
                f"{loc}/cpus",
            )
        if lacking == "memory_gb":
            wanted, there_is = demand.memory_bytes / GB, capacity.memory_bytes / GB
            raise _no_capacity(
                f"{wanted:g} GB of memory{each} are asked for, of {there_is:.1f} GB",
                f"ask for at most {there_is / instances:.1f} GB{each}",
                f"{loc}/memory_gb",
            )
        found = self._pool.feasible(demand)
        if found is False:
            raise self._never_fits(demand, settings, loc)
        return isinstance(found, tuple) and found[1].simulated

    def _never_fits(self, demand: Demand, settings: _Settings, loc: str) -> NoCapacity:
        """Say what nothing here has, by the field that is to be changed."""
        hint = self._catalogue.hint()
        gpus = settings.get("instance_type") or " or ".join(map(str, demand.gpus))
        if gpus and self._pool.feasible(Demand(0, 0, demand.gpus)) is False:
            field = "instance_type" if settings.get("instance_type") else "gpu"
            return _no_capacity(f"nothing here has {gpus}", hint, f"{loc}/{field}")
        if demand.num_instances > 1:
            message = f"there is no room for {demand.num_instances} instances of what is asked for"
            return _no_capacity(message, hint, f"{loc}/num_instances")
        message = "no machine here has all that is asked for together"
        return _no_capacity(message, hint, f"{loc}/cpus")


def _refuse_outside(folder: str, settings: _Settings, loc: str) -> None:
    """Raise InvalidRequest unless a relative directory can be one of the task's code."""
    if settings.keys().isdisjoint(("snapshot_id", "git")):
        message = f"working_dir {folder!r} is relative, and the task has no code to find it in"
        hint = "name a directory of the gateway's machine by its whole path"
    elif ".." in folder.split("/"):
        message, hint = f"working_dir {folder!r} leaves the task's code", "leave out `..`"
    else:
        return
    raise InvalidRequest(message, hint=hint, details=[Detail(f"{loc}/working_dir", message, hint)])


def _no_capacity(message: str, hint: str, loc: str) -> NoCapacity:
    return NoCapacity(message, hint=hint, details=[Detail(loc, message, hint)])


def _passed(name: str, detail: str) -> dict[str, str]:
    return {"name": name, "outcome": "passed", "detail": detail}


def _failed(name: str, problem: Problem) -> dict[str, str]:
    return {"name": name, "outcome": "failed", "detail": problem.detail}


def _check_command(settings: _Settings, *, in_place: bool) -> dict[str, str]:
    program = cast("list[str]", settings["command"])[0]
    if not in_place:
        return {"name": "command", "outcome": "unchecked", "detail": "the engine looks it up"}
    env = {
        **cast("dict[str, str]", settings.get("caller_env") or {}),
        **cast("dict[str, str]", settings.get("env") or {}),
    }
    folder = cast("str | None", settings.get("working_dir"))
    if "/" in program:
        if folder is None and not os.path.isabs(program):
            detail = f"{program} is looked up in a directory that does not exist yet"
            return {"name": "command", "outcome": "unchecked", "detail": detail}
        found = shutil.which(os.path.join(folder or "/", program))
    else:
        found = shutil.which(program, path=env.get("PATH"))
    if found is None:
        detail = f"there is no program {program!r} to run"
        return {"name": "command", "outcome": "failed", "detail": detail}
    return _passed("command", found)
