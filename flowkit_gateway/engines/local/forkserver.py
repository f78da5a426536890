"""The gateway's end of the spawner: requests over a socket, answers without blocking the loop."""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import logging
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from flowkit_gateway.engines.engine import StartError
from flowkit_gateway.engines.local import tree

if TYPE_CHECKING:
    from flowkit_gateway.engines.local.command import Job

_log = logging.getLogger(__name__)

_LENGTH = struct.Struct("<I")
_SPAWNER = Path(__file__).with_name("spawner.py")
_MOST_TRIES = 3
_STOP_TIMEOUT = 2.0
_PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
"""Want of what others may give back at any time: worth waiting for."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0


class Spawned(NamedTuple):
    """A supervisor that was forked."""

    pid: int
    start_time: int | None
    """None when it had ended before anybody looked."""


class _Answer(TypedDict, total=False):
    id: int
    pid: int
    start_time: int | None
    may_mount: bool
    error: str


class _Request:
    def __init__(self, frame: bytes, answer: asyncio.Future[_Answer]) -> None:
        self.frame = frame
        self.answer = answer
        self.tries = 0


class ForkServer:
    """Runs one spawner process, and another one if that dies.

    Args:
        umask: For supervisors and what they start; -1 for that of this process.
    """

    def __init__(self, umask: int = -1) -> None:
        self._umask = umask
        self._numbers = itertools.count(1)
        self._open: dict[int, _Request] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._restart: asyncio.Task[None] | None = None
        self._closing = False
        self._deaths = 0
        """Of spawners since one of them answered last."""

    @property
    def pid(self) -> int | None:
        """Process id of the spawner that runs now."""
        return self._process.pid if self._process else None

    async def open(self) -> None:
        """Start the spawner."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = _start(theirs, self._umask)
        except OSError:
            ours.close()
            raise
        transport, _ = await loop.create_unix_connection(lambda: _Answers(self), sock=ours)
        self._transport = transport
        for request in self._open.values():
            self._send(request)

    async def spawn(self, job: Job) -> Spawned:
        """Fork a supervisor.

        A request whose spawner died is sent again: at worst two supervisors are forked, of
        which the attempt's claim lets only one run the command.

        Raises:
            StartError: it could not be forked.
        """
        answer = await self._ask(job)
        return Spawned(answer["pid"], answer["start_time"])

    async def may_mount(self) -> bool:
        """Find out whether this machine lets a task have mounts of its own.

        Raises:
            StartError: nobody could be asked.
        """
        return (await self._ask({}))["may_mount"]

    async def _ask(self, request_body: Job | dict[str, str]) -> _Answer:
        number = next(self._numbers)
        body = json.dumps({"id": number, **request_body}).encode()
        answer: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        request = self._open[number] = _Request(_LENGTH.pack(len(body)) + body, answer)
        self._send(request)
        try:
            return await answer
        finally:
            self._open.pop(number, None)

    async def close(self) -> None:
        """End the spawner. Supervisors live on."""
        self._closing = True
        if outstanding := [request.answer for request in self._open.values()]:
            # What was asked for may be running already; its starter should learn so.
            await asyncio.wait(outstanding, timeout=_STOP_TIMEOUT)
        if self._restart:
            self._restart.cancel()
        if self._transport:
            self._transport.close()
            self._transport = None
        if self._process:
            await asyncio.to_thread(_end, self._process)

    def _send(self, request: _Request) -> None:
        # Without a transport the spawner is being replaced; `open` sends what is outstanding.
        if self._transport is None:
            return
        request.tries += 1
        if request.tries > _MOST_TRIES:
            self._fail(request, "the process that starts tasks keeps dying")
        else:
            self._transport.write(request.frame)

    def answered(self, answer: _Answer) -> None:
        """Take an answer of the spawner."""
        self._deaths = 0
        request = self._open.get(answer["id"])
        if request is None:
            return
        if "error" in answer:
            self._fail(request, answer["error"])
        elif not request.answer.done():
            request.answer.set_result(answer)

    def _fail(self, request: _Request, message: str) -> None:
        if not request.answer.done():
            request.answer.set_exception(StartError(message))

    def lost(self) -> None:
        """Take note that the spawner is gone."""
        self._transport = None
        if self._closing:
            return
        _log.warning("the spawner died; starting another one")
        self._restart = asyncio.get_running_loop().create_task(self._replace())

    async def _replace(self) -> None:
        if self._process:
            await asyncio.to_thread(_end, self._process)
        told = ""
        while self._transport is None and not self._closing:
            if self._deaths:
                await asyncio.sleep(min(_FIRST_PAUSE * 2 ** min(self._deaths, 10), _LONGEST_PAUSE))
            self._deaths += 1
            try:
                await self.open()
            except OSError as error:
                if str(error) != told:
                    told = str(error)
                    _log.error("no spawner can be started, trying again: %s", error)
                if error.errno not in _PASSING:
                    for request in list(self._open.values()):
                        self._fail(request, f"cannot start a process: {error}")


class _Answers(asyncio.Protocol):
    """Splits what the spawner sends into answers."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server
        self._received = bytearray()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                return
            answer: _Answer = json.loads(self._received[_LENGTH.size : end])
            del self._received[:end]
            self._server.answered(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.lost()


def _start(connection: socket.socket, umask: int) -> subprocess.Popen[bytes]:
    options = ("-I", "-S", "-X", "utf8")
    return subprocess.Popen(
        [sys.executable, *options, str(_SPAWNER), str(connection.fileno())],
        pass_fds=[connection.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=_bare_environment(os.environ),
        start_new_session=True,
        umask=umask,
    )


def _bare_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Keep only what Python needs to start, and the mark that spares what serves the gateway.

    A gateway that a task started carries that task's marks, by which leftovers are found and
    killed; a supervisor of other tasks must not.
    """
    return {name: environ[name] for name in ("LD_LIBRARY_PATH", tree.MARK) if name in environ}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Reap a spawner whose socket is closed."""
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
