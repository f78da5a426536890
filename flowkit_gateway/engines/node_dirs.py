"""Where an attempt of several nodes keeps what is each one's own. Standard library only."""

from __future__ import annotations

NODES = "nodes"


def node_dir(run_dir: str, rank: int) -> str:
    """Return the directory of one node's output and outcome, within that of the attempt."""
    return f"{run_dir}/{NODES}/{rank}"
