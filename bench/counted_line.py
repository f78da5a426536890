"""A line to a gateway that counts what is sent over it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from urllib.parse import urlsplit

_READ_BYTES = 65_536


class CountedLine:
    """Passes on what arrives at a port of its own.

    Args:
        listener: the port.
        target: host and port of the gateway.
    """

    def __init__(self, listener: socket.socket, target: tuple[str, int]) -> None:
        self._listener = listener
        self._target = target
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.bytes_sent = 0
        """From clients to the gateway: all that is said, headers too."""

    def serve(self) -> None:
        """Pass on every connection until the listener is closed."""
        with suppress(OSError):  # which is how it ends
            while True:
                client, _ = self._listener.accept()
                gateway = socket.create_connection(self._target)
                for work in (partial(self._send, client, gateway), partial(_pass, gateway, client)):
                    threading.Thread(target=work, daemon=True).start()

    def _send(self, client: socket.socket, gateway: socket.socket) -> None:
        for size in _passed(client, gateway):
            self.bytes_sent += size


def _pass(source: socket.socket, sink: socket.socket) -> None:
    for _ in _passed(source, sink):
        continue


def _passed(source: socket.socket, sink: socket.socket) -> Iterator[int]:
    """Pass on what arrives until there is no more, and yield how much it was."""
    with suppress(OSError):  # either side may go first
        while part := source.recv(_READ_BYTES):
            sink.sendall(part)
            yield len(part)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def counted_line(url: str) -> Iterator[CountedLine]:
    """Open a line to the gateway at a URL."""
    parts = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    line = CountedLine(listener, (str(parts.hostname), int(parts.port or 80)))
    threading.Thread(target=line.serve, daemon=True).start()
    try:
        yield line
    finally:
        # Closing alone would leave the thread in accept(2).
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
