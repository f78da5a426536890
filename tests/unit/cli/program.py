"""The `flowkit` command as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class Finished(NamedTuple):
    """What a process left behind."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def error(self) -> list[str]:
        """The lines of stderr."""
        return self.stderr.decode("utf-8").splitlines()


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return this environment with an empty home of flowkit and none of its settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLOWKIT_", "_FLOWKIT_")) and name not in ("NO_COLOR", "COLUMNS")
    }
    return kept | {"FLOWKIT_HOME": str(home), "HOME": str(home)} | variables


def flowkit(
    home: Path,
    *arguments: str | bytes,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    **variables: str,
) -> Finished:
    """Run `flowkit` to its end.

    Args:
        home: Its `FLOWKIT_HOME`.
        arguments: What follows its name.
        stdin: What it reads.
        cwd: Where it runs; its home unless given.
        variables: More environment.
    """
    process = subprocess.run(
        [sys.executable, "-m", "flowkit", *arguments],
        input=b"" if stdin is None else stdin,
        capture_output=True,
        env=environment(home, **variables),
        cwd=cwd or home,
        timeout=60,
        check=False,
    )
    return Finished(process.returncode, process.stdout, process.stderr)
