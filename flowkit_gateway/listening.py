"""Where a gateway listens, and the directory that it has for itself."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time

from flowkit_gateway import discovery
from flowkit_gateway.settings import BAD_INPUT, Settings, StartError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_HANDOVER_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_HANDOVER_POLL_SECONDS = 0.02


def listener_of(settings: Settings) -> socket.socket:
    """Return a socket that waits for connections."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    except (OSError, UnicodeError) as error:
        listener.close()
        raise _cannot_listen(settings, error) from None
    listener.setblocking(False)
    return listener


def _cannot_listen(settings: Settings, error: OSError | UnicodeError) -> StartError:
    where = f"{settings.host} port {settings.port}"
    if isinstance(error, UnicodeError):
        return StartError(f"{settings.host[:80]!r} is not the name of a host", exit_code=BAD_INPUT)
    if error.errno == errno.EADDRINUSE:
        other = discovery.find(settings.data_dir)
        if other is not None and other.url.endswith(f":{settings.port}"):
            return _already_served(settings, other)
        return StartError(f"{where} is in use", hint="choose another --port, or 0 for any")
    message = f"cannot listen on {where}: {error.strerror or error}"
    if error.errno == errno.EACCES:
        return StartError(message, hint="choose a --port above 1023")
    return StartError(message, hint="--host is an address of this machine", exit_code=BAD_INPUT)


def lock_data_dir(settings: Settings) -> int:
    """Take the directory for this process's life; the kernel gives it back whatever happens.

    Gateways that share a database share the directory too.
    """
    kind = fcntl.LOCK_EX if settings.database is None else fcntl.LOCK_SH
    descriptor = os.open(settings.data_dir / "gateway.lock", os.O_RDWR | os.O_CREAT, 0o600)
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            other = discovery.find(settings.data_dir)
            # A gateway that holds the lock without being announced may be about to stop, and its
            # client waits for this one. Others hold it for a moment to see if it is held.
            patience = _HANDOVER_SECONDS if settings.embedded and other is None else _LOOK_SECONDS
            if time.monotonic() - began < patience:
                time.sleep(_HANDOVER_POLL_SECONDS)
                continue
            os.close(descriptor)
            raise _already_served(settings, other) from None


def _already_served(settings: Settings, other: discovery.Announcement | None) -> StartError:
    who = f" (pid {other.pid}, {other.url})" if other else ""
    return StartError(
        f"another gateway{who} already serves {settings.data_dir}",
        hint="use that one, or choose another --port and --data-dir",
    )


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an address."""
    return host in _LOOPBACK or (host.startswith("127.") and host.replace(".", "").isdigit())


def in_url(host: str) -> str:
    """Write a host as URLs do."""
    return f"[{host}]" if ":" in host else host
