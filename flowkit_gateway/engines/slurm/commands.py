"""Slurm's commands: one place that runs them and understands when they fail.

What is asked for is asked for in text formats. They are the same from Slurm 20.02 on, honour the
filters, and are small; JSON changes its fields with each release, and up to 22.05 tells of every
job of the cluster, whatever is asked for.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Mapping, Sequence

_KEPT_VARIABLES = (
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "PATH",
    "SLURM_CONF",
    "SLURM_CONF_SERVER",
    "SLURM_JWT",
    "USER",
)
_TIMEOUT = 60.0
_NEEDED = ("sbatch", "squeue", "scancel", "sinfo")

# What Slurm's programs say when nobody can answer them now (slurm_errno.h and its libraries).
_PASSING = re.compile(
    "Unable to contact slurm controller|Connection refused|Connection timed out"
    "|Socket timed out|Zero Bytes were transmitted|standby mode|[Cc]ommunication (connection )?"
    "(failure|error)|Message (receive|send) failure|receive incomplete|temporarily unable"
    "|Resource temporarily unavailable|Munge encode failed|Invalid authentication credential"
    "|Protocol authentication error|Slurm backup controller|Unable to establish controller"
)


class SlurmError(Exception):
    """Slurm refused; its text is Slurm's own."""


class SlurmUnreachable(SlurmError):
    """Slurm does not answer now; what was asked for may have been done or not."""


def missing_commands() -> list[str]:
    """Return which of the commands are not on this machine."""
    return [name for name in _NEEDED if shutil.which(name) is None]


async def call(*command: str, script: str | None = None) -> str:
    """Run one of Slurm's commands and return what it prints.

    Args:
        command: the program and its arguments.
        script: what it reads.

    Raises:
        SlurmUnreachable: nobody answered it.
        SlurmError: it failed.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE if script is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(os.environ),
            # A job starts where it was submitted, and every node has this directory.
            cwd="/",
        )
    except OSError as error:
        raise SlurmUnreachable(f"cannot run {command[0]}: {error.strerror}") from error
    try:
        async with asyncio.timeout(_TIMEOUT):
            output, errors = await process.communicate(script.encode() if script else None)
    except TimeoutError:
        raise SlurmUnreachable(f"{command[0]} did not end within {_TIMEOUT:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        complaint = errors.decode(errors="replace")
        kind = SlurmUnreachable if _PASSING.search(complaint) else SlurmError
        raise kind(_in_one_line(complaint) or f"{command[0]} ended with {process.returncode}")
    return output.decode(errors="replace")


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what Slurm's commands, and with them jobs, see of an environment.

    Variables that stand for options would change what the gateway asks for, and a gateway that
    runs within a job would submit into it. The rest of the gateway's variables are not the jobs'.
    """
    kept = {name: environ[name] for name in _KEPT_VARIABLES if name in environ}
    return {**kept, "LC_ALL": "C"}


def option_list(flags: Mapping[str, str]) -> list[str]:
    """Return flags as arguments; one without a value is given without."""
    return [f"--{name}={value}" if value else f"--{name}" for name, value in flags.items()]


def _in_one_line(complaint: str) -> str:
    lines: Sequence[str] = [
        re.sub("^(sbatch|squeue|scancel|sinfo|srun): (error: |fatal: )?", "", line).strip()
        for line in complaint.splitlines()
    ]
    return "; ".join(dict.fromkeys(filter(None, lines)))[:500]
