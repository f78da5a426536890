"""Ports for what the nodes of a task say to each other. Standard library only."""

from __future__ import annotations

import socket


def free_port(address: str = "") -> int:
    """Return a port that nobody uses now at an address of this machine; at any of them without."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port
