"""Getting to know the cluster when a gateway starts."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from flowkit_gateway.engines.slurm import commands, nodes
from flowkit_gateway.engines.slurm.commands import SlurmError, SlurmUnreachable
from flowkit_gateway.engines.slurm.engine import SlurmEngine
from flowkit_gateway.engines.slurm.options import Options, parse_options

_log = logging.getLogger(__name__)

_MOST_TRIES = 3
_PAUSE = 1.0


class ClusterError(Exception):
    """The cluster cannot be used; its text says why.

    Attributes:
        hint: What to do about it.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


async def connect(data_dir: Path, texts: Sequence[str], *, task_umask: int = -1) -> SlurmEngine:
    """Return an engine for the cluster that Slurm's commands reach.

    A gateway that is started anew while slurmctld is down goes on with what it knew: its jobs run.

    Args:
        data_dir: a directory that the cluster's nodes share.
        texts: options, `NAME=VALUE` each.
        task_umask: umask of the commands; -1 for that of this process.

    Raises:
        OptionError: an option is wrong.
        ClusterError: Slurm is not there, does not answer, or has no machine.
    """
    options = parse_options(texts)
    if absent := commands.missing_commands():
        raise ClusterError(
            f"the slurm engine needs Slurm's commands, and {', '.join(absent)} cannot be found",
            hint="run the gateway on a login node, with the commands on its PATH",
        )
    machines = nodes.parse_nodes(
        await _listing(data_dir / "slurm" / "nodes", options), options.gpus
    )
    if not machines:
        where = f"the partition {options.partition}" if options.partition else "this cluster"
        raise ClusterError(f"{where} has no nodes", hint="sinfo lists the partitions")
    return SlurmEngine(data_dir, options, machines, task_umask=task_umask)


async def _listing(known: Path, options: Options) -> str:
    try:
        listing = await _listed_within_tries(options)
    except SlurmUnreachable as error:
        if last_known := _last_known(known):
            _log.warning("Slurm does not answer, going on with what was known: %s", error)
            return last_known
        hint = "is slurmctld up, and SLURM_CONF right?"
        raise ClusterError(f"Slurm does not answer: {error}", hint=hint) from error
    except SlurmError as error:
        raise ClusterError(f"cannot list the nodes: {error}") from error
    _keep(known, listing)
    return listing


async def _listed_within_tries(options: Options) -> str:
    for _ in range(_MOST_TRIES - 1):
        try:
            return await nodes.list_nodes(options.partition)
        except SlurmUnreachable:
            await asyncio.sleep(_PAUSE)
    return await nodes.list_nodes(options.partition)


def _last_known(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _keep(path: Path, listing: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{os.getpid()}")
    made.write_text(listing)
    os.rename(made, path)
