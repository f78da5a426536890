"""Where an attempt of several nodes keeps what is each one's own. Standard library only."""

from __future__ import annotations

import os

NODES = "nodes"
_STREAMS = ("stdout", "stderr")


def node_dir(run_dir: str, rank: int) -> str:
    """Return the directory of one node's output and outcome, within that of the attempt."""
    return f"{run_dir}/{NODES}/{rank}"


def node_dirs(run_dir: str) -> list[str]:
    """Return the directories of all nodes that an attempt has; none when it has just one."""
    try:
        return [f"{run_dir}/{NODES}/{name}" for name in os.listdir(f"{run_dir}/{NODES}")]
    except FileNotFoundError:
        return []


def output_bytes(run_dir: str) -> int:
    """Return how many bytes are kept of what an attempt has written, on all of its nodes."""
    directories = node_dirs(run_dir) or [run_dir]
    return sum(_size(f"{each}/{stream}") for each in directories for stream in _STREAMS)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
