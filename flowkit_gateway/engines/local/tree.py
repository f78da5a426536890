"""What an attempt consists of: all that its command started, but for the gateway. Stdlib only.

A client within a task starts the embedded gateway anew when that is gone. The gateway and all that
it starts are then descendants of the task, and yet none of its business: they serve others too.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from flowkit_gateway.engines.local import procfs

MARK = "_FLOWKIT_GATEWAY_DIR"
"""In the environment of an embedded gateway, its spawner and its supervisors: its directory."""


def members(others: Collection[int] = ()) -> list[procfs.Process]:
    """Describe the processes that this one has to answer for, parents before their children.

    Args:
        others: Children of this one that answer for themselves and for all that they started.
    """

    def spare(pid: int) -> bool:
        return pid in others or _serves_our_gateway(pid)

    return procfs.descendants(os.getpid(), spare)


def only_the_gateway_is_left() -> bool:
    """Say whether this process has children, and has to answer for none of them."""
    found = procfs.children(os.getpid())
    return bool(found) and all(map(_serves_our_gateway, found))


def _serves_our_gateway(pid: int) -> bool:
    directory = os.environ.get(MARK)
    if directory is None:
        return False
    return os.fsencode(f"{MARK}={directory}") in procfs.environment(pid).split(b"\0")
