"""Starting the command of an attempt, directly or among its mounts. Standard library only."""

from __future__ import annotations

import ctypes
import json
import os
import signal
from typing import NoReturn, TypedDict

from flowkit_gateway.engines.local import mount_namespace
from flowkit_gateway.engines.local.mount_namespace import Mount
from flowkit_gateway.engines.local.program import NotStarted, find_program, not_run

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_ALL_SIGNALS = [
    number for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP)
]
_LONGEST_FAILURE = 4096


class Job(TypedDict):
    """What the engine asks of a supervisor."""

    run_dir: str
    workspace: str
    """The directory that is the attempt's own to work in; nodes share it."""
    num_instances: int
    """Nodes that run it at once."""
    command: list[str]
    env: dict[str, str]
    working_dir: str | None
    mounts: list[Mount]
    """What needs a mount namespace; the task has none without."""
    outputs: list[str]
    max_run_time: float | None
    grace_period: float
    max_output_bytes: int
    memory_bytes: int | None
    memory_root: list[str | int] | None
    """Fields of a `cgroups.MemoryRoot`; None to watch memory without cgroups."""


def start(job: Job, stdout: int, stderr: int) -> int:
    """Start a command without mounts, and return its pid.

    Raises:
        NotStarted: it could not be started.
    """
    program = _found(job)
    try:
        return os.posix_spawn(
            program,
            job["command"],
            job["env"],
            file_actions=[(os.POSIX_SPAWN_DUP2, stdout, 1), (os.POSIX_SPAWN_DUP2, stderr, 2)],
            setpgroup=0,
            setsigmask=(),
            setsigdef=_ALL_SIGNALS,
        )
    except OSError as error:
        raise not_run(program, error) from error


def start_among_mounts(job: Job, stdout: int, stderr: int) -> tuple[int, int]:
    """Start a process that makes its mounts and then becomes the command.

    Returns its pid, and a descriptor for `failure` to be asked once it has ended. It may take as
    long as the file systems that it looks at, and can be killed all the while.

    Raises:
        NotStarted: there is no process to be had.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    supervisor = os.getpid()
    # A signal must not run a handler of the supervisor in its child.
    held_back = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL_SIGNALS)
    try:
        pid = os.fork()
    except OSError as error:
        raise NotStarted(f"cannot start a process: {error.strerror}", None) from error
    if pid == 0:
        _become_command_or_tell(job, stdout, stderr, supervisor, writer)
    os.close(writer)
    signal.pthread_sigmask(signal.SIG_SETMASK, held_back)
    return pid, reader


def failure(descriptor: int) -> NotStarted | None:
    """Return why a process did not become the command; None when it did."""
    try:
        told = os.read(descriptor, _LONGEST_FAILURE)
    except BlockingIOError:
        return None
    return NotStarted(*json.loads(told)) if told else None


def _become_command_or_tell(
    job: Job, stdout: int, stderr: int, supervisor: int, writer: int
) -> NoReturn:
    try:
        os.setpgid(0, 0)
        _become_command(job, stdout, stderr, supervisor)
    except NotStarted as error:
        _tell(writer, str(error), error.exit_code)
    except Exception as error:
        _tell(writer, f"cannot make its mounts: {type(error).__name__}: {error}", None)
        raise
    finally:
        os._exit(127)


def _become_command(job: Job, stdout: int, stderr: int, supervisor: int) -> None:
    # Until it can be known by its environment, nobody would find it if the supervisor were killed.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != supervisor:
        return
    env = job["env"]
    in_use = [job["working_dir"], env.get("HOME"), env.get("TMPDIR")]
    try:
        mount_namespace.enter(job["mounts"], job["workspace"], [path for path in in_use if path])
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise NotStarted(f"cannot make its mounts:{where} {error.strerror}", None) from error
    program = _found(job)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    signal.set_wakeup_fd(-1)
    for number in _ALL_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    _libc.prctl(_PR_SET_PDEATHSIG, 0, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execve(program, job["command"], env)
    except OSError as error:
        raise not_run(program, error) from error


def _found(job: Job) -> str:
    """Go to where the command runs, and find its program from there.

    Raises:
        NotStarted: there is no such directory or program.
    """
    working_dir = job["working_dir"] or job["workspace"]
    try:
        os.chdir(working_dir)
    except OSError as error:
        message = f"cannot use working_dir {working_dir}: {error.strerror}"
        raise NotStarted(message, None) from error
    return find_program(job["command"][0], job["env"])


def _tell(descriptor: int, message: str, exit_code: int | None) -> None:
    # Escapes make it longer; what is left out must not cut one of them.
    while len(told := json.dumps([message, exit_code])) > _LONGEST_FAILURE:
        message = message[: len(message) // 2]
    os.write(descriptor, told.encode())
