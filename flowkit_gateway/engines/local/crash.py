"""What is left to do when a process that runs an attempt fails itself. Standard library only."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from flowkit_gateway.engines.local import procfs, tree


@contextmanager
def told_in(run_dir: str) -> Iterator[None]:
    """On any failure end all that this process has started, and say why in the file `crash`."""
    try:
        yield
    except BaseException:
        procfs.end(tree.members(), (signal.SIGKILL,))
        # Nobody reads this process's stderr; the file goes into the task's message.
        crash = os.open(f"{run_dir}/crash", os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(crash, traceback.format_exc().encode())
        raise
