"""A home of the benchmark's own, so that no configuration or task of the user takes part."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

FLOWKIT = Path(sys.executable).with_name("flowkit")
SETTINGS = ("FLOWKIT_API_URL", "FLOWKIT_API_KEY", "FLOWKIT_PROJECT", "FLOWKIT_PROFILE")


class Gateway(NamedTuple):
    """A running embedded gateway, as its `gateway.json` describes it."""

    url: str
    token: str
    pid: int


@contextmanager
def private_home() -> Iterator[Path]:
    """Point FLOWKIT_HOME of this process and its children at an empty directory."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="flowkit-bench-", ignore_cleanup_errors=True) as made:
        for name in SETTINGS:
            os.environ.pop(name, None)
        os.environ["FLOWKIT_HOME"] = made
        try:
            yield Path(made)
        finally:
            stop_gateway()
            os.environ.clear()
            os.environ.update(before)


def stop_gateway() -> None:
    """Stop the gateway of the current home, if one runs."""
    subprocess.run([FLOWKIT, "gateway", "stop"], capture_output=True, check=False)


def forget_home() -> None:
    """Stop the gateway and remove all that the home holds: the next run is a first one."""
    stop_gateway()
    home = Path(os.environ["FLOWKIT_HOME"])
    for entry in home.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def running_gateway() -> Gateway:
    """Describe the gateway of the current home, and start it first where none runs."""
    subprocess.run([FLOWKIT, "gateway", "start"], capture_output=True, check=True)
    home = Path(os.environ["FLOWKIT_HOME"])
    found = json.loads((home / "gateway" / "gateway.json").read_text())
    return Gateway(url=found["url"], token=found["token"], pid=found["pid"])
