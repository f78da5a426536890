"""Flags of `sbatch` that a task may give in `slurm`. Pure: no I/O.

What flowkit itself decides (names, output, environment, size, script) is not among them, nor what
would reach beyond the job, such as another user or cluster. They are listed in full: `sbatch` also
takes the beginning of a flag's name, so that to leave out what must not be would not do.

Source: sbatch(1).
"""

from __future__ import annotations

from collections.abc import Mapping

from flowkit.suggestions import did_you_mean

ALLOWED = frozenset(
    {
        "account",
        "begin",
        "cluster-constraint",
        "constraint",
        "contiguous",
        "core-spec",
        "cores-per-socket",
        "cpu-freq",
        "cpus-per-gpu",
        "deadline",
        "delay-boot",
        "dependency",
        "distribution",
        "exclude",
        "exclusive",
        "gpu-bind",
        "gpu-freq",
        "gres",
        "hint",
        "licenses",
        "mail-type",
        "mail-user",
        "mem-bind",
        "mem-per-gpu",
        "mincpus",
        "network",
        "nice",
        "nodelist",
        "overcommit",
        "oversubscribe",
        "partition",
        "power",
        "prefer",
        "priority",
        "profile",
        "qos",
        "reservation",
        "sockets-per-node",
        "spread-job",
        "switches",
        "thread-spec",
        "threads-per-core",
        "tmp",
        "tres-bind",
        "use-min-nodes",
        "wckey",
    }
)
_INSTEAD = {
    "cpus-per-task": "cpus",
    "gpus": "gpu",
    "gpus-per-node": "gpu",
    "job-name": "name",
    "mem": "memory_gb",
    "nodes": "num_instances",
    "time": "max_run_time",
    "export": "env",
    "chdir": "working_dir",
    "array": "a sweep",
}


class FlagError(Exception):
    """A flag cannot be given; its text says which and why.

    Attributes:
        name: The flag.
        hint: What to do about it.
    """

    def __init__(self, name: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.name = name
        self.hint = hint


def check_flags(flags: Mapping[str, str]) -> None:
    """Refuse flags that a task may not give.

    Raises:
        FlagError: one of them is not to be given.

    Example:
        >>> check_flags({"qos": "high", "exclusive": ""})
        >>> check_flags({"time": "5"})
        Traceback (most recent call last):
        flowkit_gateway.engines.slurm.flags.FlagError: the slurm flag 'time' is flowkit's own
    """
    for name in flags:
        if name in ALLOWED:
            continue
        if name in _INSTEAD:
            message = f"the slurm flag {name!r} is flowkit's own"
            raise FlagError(name, message, f"use {_INSTEAD[name]}")
        hint = did_you_mean(name, ALLOWED) or f"known: {', '.join(sorted(ALLOWED))}"
        raise FlagError(name, f"a task cannot give the slurm flag {name!r}", hint)
