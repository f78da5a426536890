"""A home of a test's own: no configuration, task or gateway of the user takes part."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent
FLOWKIT = BIN / "flowkit"


@contextmanager
def isolated_home(directory: Path) -> Iterator[dict[str, str]]:
    """Give the environment of a user with an empty home; stop the gateway that was started in it.

    Args:
        directory: The home; it need not exist.
    """
    environment = {name: value for name, value in os.environ.items() if name[:8] != "FLOWKIT_"}
    environment["FLOWKIT_HOME"] = str(directory)
    # `flowkit` and `python` are those that are tested.
    environment["PATH"] = f"{BIN}{os.pathsep}{environment['PATH']}"
    try:
        yield environment
    finally:
        # Exits with 3 where none runs, which is as good.
        subprocess.run(
            [FLOWKIT, "gateway", "stop"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
