"""A home of the benchmark's own, so that no configuration or task of the user takes part."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

FLOWKIT = Path(sys.executable).with_name("flowkit")
START_LIMIT_SECONDS = 15.0
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


@contextmanager
def shared_gateway() -> Iterator[Gateway]:
    """Run a gateway as an operator does, with a key, its data in the current home."""
    home = Path(os.environ["FLOWKIT_HOME"])
    key, keys, data = secrets.token_urlsafe(32), home / "keys", home / "shared"
    keys.touch(0o600)
    keys.write_text(f"{key}\n")
    options = ["--port", "0", "--api-key-file", str(keys), "--data-dir", str(data)]
    with (home / "shared.log").open("wb") as log:
        process = subprocess.Popen([FLOWKIT, "gateway", "serve", *options], stderr=log)
    try:
        announcement = data / "gateway.json"
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not announcement.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((home / "shared.log").read_text())
            time.sleep(0.02)
        url = json.loads(announcement.read_text())["url"]
        yield Gateway(url=url, token=key, pid=process.pid)
    finally:
        process.terminate()
        process.wait()


def running_gateway() -> Gateway:
    """Describe the gateway of the current home, and start it first where none runs."""
    subprocess.run([FLOWKIT, "gateway", "start"], capture_output=True, check=True)
    home = Path(os.environ["FLOWKIT_HOME"])
    found = json.loads((home / "gateway" / "gateway.json").read_text())
    return Gateway(url=found["url"], token=found["token"], pid=found["pid"])
