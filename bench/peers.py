"""The same work by peers that run jobs on this machine, each in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from bench.install_peers import python_of
from bench.samples import Samples, samples

SCRIPTS = Path(__file__).parent / "peer_scripts"
PEERS = ("psij", "submitit", "parsl", "hyperqueue")
LIMIT_SECONDS = 900


def measure_peers(count: int) -> dict[str, dict[str, Samples] | str]:
    """Measure each installed peer.

    Args:
        count: Rounds of each measurement.

    Returns:
        For each peer its samples in seconds by what was done, or a text that says why there are
        none. What starts with `one` is a single `echo hi`, what starts with `fifty` is 50.
    """
    return {name: _measure(name, count) for name in PEERS}


def _measure(name: str, count: int) -> dict[str, Samples] | str:
    python = python_of(name)
    if python is None:
        return "not installed: make bench-peers"
    return measure_with(python, SCRIPTS / f"{name}_echo.py", count)


def measure_with(python: Path, script: Path, count: int) -> dict[str, Samples] | str:
    """Run a script that prints JSON: for each thing that it did, seconds of each round.

    Args:
        python: The interpreter of the peer's environment.
        script: Takes the number of rounds.
        count: Rounds.

    Returns:
        The samples, or a text that says why there are none.
    """
    # Scripts write their scratch files where they are started.
    with tempfile.TemporaryDirectory(prefix="flowkit-bench-") as scratch:
        try:
            done = subprocess.run(
                [python, script, str(count)],
                cwd=scratch,
                env={**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"not measured: it took longer than {LIMIT_SECONDS} s"
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"not measured: its script ended with {done.returncode}: {reason}"
    # Some peers print their own progress before it.
    measured = json.loads(done.stdout.splitlines()[-1])
    return {what: samples(values) for what, values in measured.items()}
