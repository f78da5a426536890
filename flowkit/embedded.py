"""The embedded gateway: found, started on first use, stopped.

It is a process of its own that outlives its client, as its tasks do, and ends when it has been
idle for a while. What it writes when it listens, `gateway.json`, is how clients find it.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flowkit.config import check_gateway_environment, gateway_dir
from flowkit.errors import ErrorDetail, GatewayStartError
from flowkit.private_files import check_owner, make_directory
from flowkit.transport.endpoint import Endpoint

START_TIMEOUT = 30.0
STOP_TIMEOUT = 30.0
_POLL = 0.005
_LOG_LINES = 5
_MOST_STARTS = 3
_GAVE_UP = "it ended at once"
_NEEDED = ("flowkit_gateway", "uvicorn", "jsonschema_rs")


_children: set[int] = set()
"""Gateways that this process started and that it has to collect when they have ended."""


class Record(NamedTuple):
    """What `gateway.json` says of the gateway that wrote it."""

    url: str
    token: str | None
    """None when its keys are in a file of its operator."""
    pid: int
    version: str

    def __repr__(self) -> str:
        return f"Record(url={self.url!r}, pid={self.pid}, version={self.version!r})"


class EmbeddedGateway:
    """Finds the embedded gateway, and starts it where there is none.

    Args:
        directory: Where it keeps its data.
        project: The project to work in.
    """

    def __init__(self, directory: Path | None = None, *, project: str | None = None) -> None:
        self._directory = directory or gateway_dir()
        self._project = project

    def locate(self) -> Endpoint:
        """Return where the gateway should be, without asking it.

        Raises:
            GatewayStartError: there is none and it could not be started.
        """
        return self._endpoint(status(self._directory) or start(self._directory))

    def relocate(self, failed: Endpoint) -> Endpoint | None:
        """Return where the gateway is now, after it did not answer where it was.

        Raises:
            GatewayStartError: there is none and it could not be started.
        """
        record = status(self._directory)
        if record is not None and self._endpoint(record) == failed:
            if _listens(record):
                return None
            record = start(self._directory, stale=record)  # it is about to end
        return self._endpoint(record or start(self._directory))

    def _endpoint(self, record: Record) -> Endpoint:
        if record.token is None:
            raise GatewayStartError(
                f"the gateway of {self._directory} serves others too, with keys of its operator",
                hint=f"set FLOWKIT_API_URL={record.url} and FLOWKIT_API_KEY",
            )
        return Endpoint(record.url, record.token, self._project)


def status(directory: Path | None = None) -> Record | None:
    """Return the running gateway, or None.

    Args:
        directory: Where it keeps its data; the configured place unless given.

    Raises:
        GatewayStartError: the directory cannot be used.
        ConfigError: the directory, or what it says of a gateway, is another user's.
    """
    directory = directory or gateway_dir()
    with _usable(directory):
        return _read_record(directory) if _is_locked(directory / "gateway.lock") else None


def start(directory: Path | None = None, *, stale: Record | None = None) -> Record:
    """Return the running gateway, started if need be; of callers at one time, one starts it.

    Args:
        directory: Where it keeps its data; the configured place unless given.
        stale: A record that is known to lead nowhere.

    Raises:
        GatewayStartError: it could not be started; the message ends with its last words.
        ConfigError: an environment variable of the gateway is wrong, or the directory is another
            user's.
    """
    directory = directory or gateway_dir()
    deadline = time.monotonic() + START_TIMEOUT
    with _usable(directory):
        if not _is_locked(directory / "gateway.lock"):
            # Before there is a directory: what cannot start leaves nothing behind.
            check_installed()
            check_gateway_environment()
        make_directory(directory)
        with _locked(directory / "start.lock", deadline):
            return _started(directory, stale, deadline)


def stop(directory: Path | None = None) -> bool:
    """Stop the gateway and wait until it has ended; its tasks go on.

    Args:
        directory: Where it keeps its data; the configured place unless given.

    Returns:
        Whether one was running.

    Raises:
        GatewayStartError: it does not end.
    """
    directory = directory or gateway_dir()
    record = status(directory)
    if record is None:
        return False
    try:
        os.kill(record.pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    deadline = time.monotonic() + STOP_TIMEOUT
    while _is_locked(directory / "gateway.lock"):
        if time.monotonic() > deadline:
            raise GatewayStartError(
                f"the gateway (process {record.pid}) did not stop within {STOP_TIMEOUT:g} s",
                hint=f"kill -9 {record.pid}: its tasks go on, and nothing is lost",
            )
        time.sleep(_POLL)
    return True


@contextmanager
def _usable(directory: Path) -> Iterator[None]:
    try:
        if directory.exists():
            # Whoever owns it could name a gateway of their own, and be sent tasks and secrets.
            check_owner(directory)
        yield
    except OSError as error:
        raise GatewayStartError(
            f"cannot use {directory}: {error.strerror or error}",
            hint="name a directory that can be written, with FLOWKIT_HOME or --data-dir",
        ) from error


def _read_record(directory: Path) -> Record | None:
    import json

    path = directory / "gateway.json"
    try:
        with path.open("rb") as file:
            status, content = os.fstat(file.fileno()), file.read()
    except OSError:
        return None
    check_owner(path, status)
    try:
        fields = json.loads(content)
        return Record(str(fields["url"]), fields.get("token"), fields["pid"], fields["version"])
    except (ValueError, KeyError, TypeError):
        return None


def _started(directory: Path, stale: Record | None, deadline: float) -> Record:
    """Start a gateway, unless one comes up by itself. The caller holds the start lock."""
    child: int | None = None
    log_start = starts = 0
    while time.monotonic() < deadline:
        record = status(directory)
        if record is not None and record != stale and _listens(record):
            _collect()
            return record
        if child is None:
            # One that holds this lock and cannot be found is about to listen, or to end.
            if not _is_locked(directory / "gateway.lock"):
                log_start = _size(directory / "gateway.log")
                child = _spawn(directory)
                starts += 1
        elif (ending := _ending(child)) is not None:
            killed = os.WIFSIGNALED(ending)
            # One that gave up by itself would do so again; one that was killed may have been
            # in somebody's way for a moment only.
            if not _is_locked(directory / "gateway.lock") and not (
                killed and starts < _MOST_STARTS
            ):
                reason = f"it was killed by signal {os.WTERMSIG(ending)}" if killed else _GAVE_UP
                raise _failed(directory, log_start, reason)
            child = None
        time.sleep(_POLL)
    raise _failed(directory, log_start, f"it is not ready after {START_TIMEOUT:g} s")


def check_installed() -> None:
    """Refuse to start a gateway that is not installed.

    Raises:
        GatewayStartError: something that it needs is missing.
    """
    from importlib.util import find_spec

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise GatewayStartError(
            f"the gateway is not installed: {', '.join(missing)} missing",
            hint="pip install 'flowkit-gpu[gateway]'",
        )


def _spawn(directory: Path) -> int:
    # -P keeps the working directory off the gateway's path: its files are not to be imported.
    command = [sys.executable, "-P", "-m", "flowkit_gateway"]
    command += ["serve", "--embedded", "--data-dir", str(directory)]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    # Not subprocess.Popen, which warns of a process that outlives it.
    child = os.posix_spawn(
        sys.executable,
        command,
        # When a task's client starts it, this is how the task's end leaves it and others alone.
        {**os.environ, "_FLOWKIT_GATEWAY_DIR": str(directory)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(directory / "gateway.log"), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    _children.add(child)
    return child


def _ending(child: int) -> int | None:
    """Return the wait status of a gateway that has ended, None while it runs."""
    try:
        pid, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:  # someone else in this process has collected it
        pid, status = child, 0
    if pid == 0:
        return None
    _children.discard(child)
    return status


def _collect() -> None:
    """Let the gateways go that have ended: until then they are in the table of processes."""
    for child in list(_children):
        _ending(child)


def _listens(record: Record) -> bool:
    from urllib.parse import urlsplit

    url = urlsplit(record.url)
    try:
        socket.create_connection((url.hostname, url.port or 80), timeout=1.0).close()
    except OSError:
        return False
    return True


def _failed(directory: Path, log_start: int, reason: str) -> GatewayStartError:
    log = directory / "gateway.log"
    text = ""
    if log.exists():
        with log.open("rb") as file:
            file.seek(max(log_start, _size(log) - 65536))
            text = file.read().decode("utf-8", errors="replace").strip()
    lines = [line for line in text.splitlines() if line.strip()][-_LOG_LINES:]
    if lines and (own := re.fullmatch(r"\S+Z ERROR (.+)", lines[-1])):
        reason, lines = own[1], []
    return GatewayStartError(
        f"the gateway could not be started: {reason}",
        details=[ErrorDetail("", line) for line in lines],
        hint=f"its log is {log}",
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@contextmanager
def _locked(path: Path, deadline: float) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise GatewayStartError(
                    "another process has been starting the gateway for too long",
                    hint=f"see who holds {path}",
                )
            time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that clients that look at the same time do not see each other.
        return not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
