"""The process that runs one attempt and outlives the gateway. Standard library only.

It is forked from the warm spawner, owns the attempt by its claim, keeps the command's output,
bounds its time and memory, ends everything that the command left running, and writes the outcome.
SIGTERM asks it to cancel the attempt, SIGUSR1 to kill it at once.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time

from flowkit_gateway.engines.local import (
    cgroups,
    claim,
    command,
    crash,
    outcome,
    outputs,
    procfs,
    tree,
)
from flowkit_gateway.engines.local.command import Job
from flowkit_gateway.engines.local.output import STDERR, STDOUT, Output
from flowkit_gateway.engines.local.program import NotStarted

_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)

_READ_SIZE = 65536
_LARGE_READ_SIZE = 262144
_F_SETPIPE_SZ = 1031
_LEFTOVER_GRACE = 2.0
"""Seconds that processes get which the command left running."""
_UNREACHABLE_AFTER = 5.0
"""Seconds of killing after which processes that may not be signalled are left alone."""
_RETRY_KILL_FIRST, _RETRY_KILL_LAST = 0.02, 1.0
_MEMORY_CHECK_EVERY = 1.0
_LONGEST_WAIT = 3600.0
_MOST_LAST_READS = 64
"""Enough to empty pipes of the largest size, which are all that an ended task leaves."""


def supervise(job: Job, boot_id: str) -> None:
    """Run an attempt from claim to outcome in a process that was forked for it."""
    with crash.told_in(job["run_dir"]):
        Supervisor(job, boot_id).run()


class Supervisor:
    """One attempt.

    Args:
        job: What to run.
        boot_id: Names the time since the machine was started.
    """

    def __init__(self, job: Job, boot_id: str) -> None:
        self._job = job
        self._boot_id = boot_id
        self._output = Output(job["run_dir"], job["max_output_bytes"])
        self._poll = select.poll()
        self._pipes: dict[int, int] = {}
        self._read_size = _READ_SIZE
        self._main = 0
        self._failure: int | None = None
        """Where the process that makes mounts says why it did not become the command."""
        self._status: int | None = None
        self._alone = False
        """Nothing that the command started is left."""
        self._reason = "exited"
        self._run_until: float | None = None
        self._kill_at: float | None = None
        self._killing_since: float | None = None
        self._next_memory_check: float | None = None
        self._group: cgroups.MemoryGroup | None = None
        self._start_time = 0
        self._started_at = 0.0

    def run(self) -> None:
        """Claim the attempt, run it and publish its outcome; do nothing when it is claimed."""
        os.setsid()
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._listen()
        run_dir = self._job["run_dir"]
        reserved = outcome.reserve(run_dir)
        pid = os.getpid()
        own = procfs.process(pid)
        self._start_time = own.start_time if own else 0
        if not claim.take(run_dir, claim.Claim(pid, self._start_time, self._boot_id)):
            os.unlink(reserved)
            return
        self._started_at = time.time()
        try:
            self._start()
            self._serve()
            if self._failure is not None and (failed := command.failure(self._failure)):
                raise failed
        except NotStarted as error:
            self._remove_group()
            self._publish(reserved, error.exit_code, "start_failed", str(error))
            return
        self._output.close()
        exit_code = os.waitstatus_to_exitcode(self._status or 0)
        if self._killed_for_memory(exit_code):
            self._reason = "out_of_memory"
        self._remove_group()
        shell_code = 128 - exit_code if exit_code < 0 else exit_code
        messages = [self._message(exit_code), outputs.keep(self._job, self._is_forced)]
        self._publish(reserved, shell_code, self._reason, "; ".join(filter(None, messages)))

    def _listen(self) -> None:
        """Turn signals into bytes of a pipe that the loop waits on together with the output."""
        self._wake, wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, _noted)
        self._poll.register(self._wake, select.POLLIN)
        # The spawner holds signals back across the fork, so that none comes before this.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def _start(self) -> None:
        """Start the command.

        Raises:
            NotStarted: it could not be started.
        """
        if self._job["working_dir"] is None:
            self._make_workspace()
        stdout, stdout_writer = os.pipe()
        stderr, stderr_writer = os.pipe()
        if self._job["memory_bytes"] is not None:
            self._bound_memory(self._job["memory_bytes"])
        try:
            if self._job["mounts"]:
                started = command.start_among_mounts(self._job, stdout_writer, stderr_writer)
                self._main, self._failure = started
            else:
                self._main = command.start(self._job, stdout_writer, stderr_writer)
        finally:
            if self._group:
                self._group.leave()
        os.close(stdout_writer)
        os.close(stderr_writer)
        for pipe, stream in ((stdout, STDOUT), (stderr, STDERR)):
            self._pipes[pipe] = stream
            self._poll.register(pipe, select.POLLIN)
        # A supervisor must not keep a file system from being unmounted once the task left it.
        os.chdir("/")
        if self._job["max_run_time"] is not None:
            self._run_until = time.monotonic() + self._job["max_run_time"]

    def _make_workspace(self) -> None:
        path = self._job["workspace"]
        try:
            os.makedirs(path, 0o700, exist_ok=True)
        except OSError as error:
            raise NotStarted(f"cannot create {path}: {error.strerror}", None) from error

    def _bound_memory(self, limit: int) -> None:
        if self._job["memory_root"] is not None:
            path, home, version = self._job["memory_root"]
            root = cgroups.MemoryRoot(str(path), str(home), int(version))
            name = cgroups.group_name(os.getpid(), self._start_time)
            try:
                self._group = cgroups.MemoryGroup(root, name, limit)
            except OSError:
                # The limit is kept by looking at the processes instead.
                self._group = None
            else:
                return
        self._next_memory_check = time.monotonic() + _MEMORY_CHECK_EVERY

    def _serve(self) -> None:
        """Wait on output, signals and time until nothing of the task is left."""
        while not self._alone:
            for descriptor, _ in self._poll.poll(self._timeout()):
                if descriptor == self._wake:
                    self._take_signals()
                else:
                    self._pump(descriptor)
            self._keep_time()
        # What the task wrote is in the pipes by now. A process outside of it that was handed one
        # of them may write on for ever, and is not waited for.
        for _ in range(_MOST_LAST_READS):
            ready = [pipe for pipe, _ in self._poll.poll(0) if pipe != self._wake]
            if not ready:
                return
            for pipe in ready:
                self._pump(pipe)

    def _pump(self, pipe: int) -> None:
        data = os.read(pipe, self._read_size)
        if not data:
            self._poll.unregister(pipe)
            del self._pipes[pipe]
            os.close(pipe)
            return
        self._output.write(self._pipes[pipe], data)
        if len(data) == _READ_SIZE and self._read_size == _READ_SIZE:
            self._widen()

    def _widen(self) -> None:
        """Make room in the pipes of a task that writes much, so that it waits less for us."""
        import fcntl

        self._read_size = _LARGE_READ_SIZE
        for pipe in self._pipes:
            try:
                fcntl.fcntl(pipe, _F_SETPIPE_SZ, _LARGE_READ_SIZE)
            except OSError:
                # The user's allowance for pipes is used up; the small ones do as well.
                return

    def _take_signals(self) -> None:
        try:
            numbers = os.read(self._wake, 4096)
        except BlockingIOError:
            return
        # Children first: a command that ended by itself was not cancelled.
        self._reap()
        if signal.SIGUSR1 in numbers:
            self._stop("cancelled", grace=0.0)
        elif signal.SIGTERM in numbers:
            self._stop("cancelled", grace=self._job["grace_period"])

    def _is_forced(self) -> bool:
        """Say whether somebody has asked, since this was last asked, not to wait any longer."""
        try:
            return signal.SIGUSR1 in os.read(self._wake, 4096)
        except BlockingIOError:
            return False

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                # As the subreaper of the whole tree we have children while anything is left.
                self._alone = True
                return
            if pid == 0:
                break
            if pid == self._main:
                self._status = status
        if self._status is not None and tree.only_the_gateway_is_left():
            self._alone = True
            return
        if self._status is not None and self._kill_at is None:
            self._stop(self._reason, min(self._job["grace_period"], _LEFTOVER_GRACE))

    def _stop(self, reason: str, grace: float) -> None:
        """Ask the tree to end, and set the time at which it is killed."""
        if self._status is None and self._reason == "exited":
            self._reason = reason
        now = time.monotonic()
        first = self._kill_at is None
        self._kill_at = now + grace if first else min(self._kill_at or now, now + grace)
        if first and grace > 0:
            procfs.end(tree.members(), (signal.SIGTERM, signal.SIGCONT))

    def _keep_time(self) -> None:
        now = time.monotonic()
        if self._run_until is not None and now >= self._run_until and self._kill_at is None:
            self._reap()
            self._stop("max_run_time", self._job["grace_period"])
        if self._next_memory_check is not None and now >= self._next_memory_check:
            self._check_memory()
            self._next_memory_check = now + _MEMORY_CHECK_EVERY
        if self._kill_at is not None and now >= self._kill_at and not self._alone:
            self._kill(now)

    def _kill(self, now: float) -> None:
        if self._killing_since is None:
            self._killing_since = now
        found = tree.members()
        # A group is killed as one, however fast its processes multiply. Its number is sure
        # while a child that we have not reaped belongs to it.
        for group in {child.group for child in found if child.parent == os.getpid()}:
            if group != os.getpid():
                try:
                    os.killpg(group, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    continue
        reached = procfs.end(found, (signal.SIGKILL,))
        # What cannot die now (it waits for a device, say) is tried again ever more rarely.
        waited = now - self._killing_since
        self._kill_at = now + min(max(waited / 4, _RETRY_KILL_FIRST), _RETRY_KILL_LAST)
        self._reap()
        if not reached and waited > _UNREACHABLE_AFTER and self._status is not None:
            self._alone = True

    def _timeout(self) -> float | None:
        times = [
            at
            for at in (
                self._run_until if self._kill_at is None else None,
                self._kill_at,
                self._next_memory_check,
            )
            if at is not None
        ]
        if not times:
            return None
        # poll(2) takes no more than a few weeks.
        return min(_LONGEST_WAIT, max(0.0, min(times) - time.monotonic())) * 1000 + 1

    def _check_memory(self) -> None:
        limit = self._job["memory_bytes"]
        if limit is None or self._status is not None:
            return
        found = tree.members()
        # Pages that processes share count for each of them at first; the exact sum is dear.
        if procfs.resident_bytes(found) > limit and procfs.proportional_bytes(found) > limit:
            self._stop("out_of_memory", grace=0.0)

    def _killed_for_memory(self, exit_code: int) -> bool:
        if self._group is None or exit_code == 0 or self._reason != "exited":
            return False
        return self._group.kills() > 0

    def _remove_group(self) -> None:
        if self._group:
            self._group.remove()

    def _message(self, exit_code: int) -> str:
        if self._reason == "cancelled":
            return "cancelled"
        if self._reason == "max_run_time":
            return f"ran longer than its max_run_time of {self._job['max_run_time']:g} s"
        if self._reason == "out_of_memory":
            return f"used more than its {(self._job['memory_bytes'] or 0) / 1e9:g} GB of memory"
        return _signal_message(-exit_code) if exit_code < 0 else ""

    def _publish(self, reserved: str, exit_code: int | None, reason: str, message: str) -> None:
        dropped, now = self._output.dropped, time.time()
        ended = outcome.Outcome(exit_code, reason, message, self._started_at, now, dropped)
        outcome.write(self._job["run_dir"], reserved, ended)


def _noted(number: int, frame: object) -> None:
    """Let a signal interrupt the loop, which learns its number from the wake-up pipe."""


def _signal_message(number: int) -> str:
    try:
        return f"killed by signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"killed by signal {number}"
