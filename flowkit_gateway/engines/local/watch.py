"""Noticing the end of processes that are not children."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

from flowkit_gateway.engines.local import procfs

_POLL_INTERVAL = 0.05


class ProcessWatch:
    """Calls back once a process has ended, and signals it without ever hitting another one.

    Args:
        pid: Process id.
        start_time: When it was started, in the kernel's ticks; tells it from a later process
            of the same pid.
        ended: Called on the event loop, also when the process has ended already.
    """

    def __init__(self, pid: int, start_time: int, ended: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._target = procfs.Process(pid, "", 0, 0, start_time)
        self._ended = ended
        self._descriptor: int | None = None
        self._timer: asyncio.Handle | None = None
        # First the descriptor, which pins the process, and then the question which one it is.
        if hasattr(os, "pidfd_open"):
            self._descriptor = _pidfd(pid)
        if not procfs.alive(pid, start_time):
            self._release()
            self._timer = self._loop.call_soon(self._end)
        elif self._descriptor is not None:
            self._loop.add_reader(self._descriptor, self._end)
        else:
            self._timer = self._loop.call_later(_POLL_INTERVAL, self._look)

    def signal(self, number: signal.Signals) -> None:
        """Signal the process; nothing happens when it has ended."""
        try:
            if self._descriptor is not None:
                signal.pidfd_send_signal(self._descriptor, number)
            else:
                procfs.send_signal(self._target, number)
        except ProcessLookupError:
            return

    def close(self) -> None:
        """Stop watching."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._release()

    def _release(self) -> None:
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _look(self) -> None:
        if procfs.alive(self._target.pid, self._target.start_time):
            self._timer = self._loop.call_later(_POLL_INTERVAL, self._look)
        else:
            self._end()

    def _end(self) -> None:
        self.close()
        self._ended()


def _pidfd(pid: int) -> int | None:
    """Open a descriptor of a process; None where there is no process or no such descriptors."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
