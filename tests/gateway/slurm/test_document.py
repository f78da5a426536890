"""What the document on Slurm shows is run on a cluster, and does what it says."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

from slurm_cluster import SlurmCluster

from tests.isolated_home import isolated_home

ROOT = Path(__file__).resolve().parents[3]
BLOCK = re.compile(r"<!-- not run: needs a cluster[^>]*-->\n```sh\n(.*?)^```$", re.M | re.S)


def test_blocks_run_on_a_cluster(slurm_cluster: SlurmCluster, tmp_path: Path) -> None:
    blocks = BLOCK.findall((ROOT / "docs" / "slurm.md").read_text())
    assert blocks
    shutil.copytree(ROOT / "examples", tmp_path / "work" / "examples")

    for block in blocks:
        with isolated_home(tmp_path / "home") as environment:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.replace("8766", str(unused_port()))],
                cwd=tmp_path / "work",
                env={
                    **environment,
                    "SLURM_CONF": slurm_cluster.environment["SLURM_CONF"],
                    "TMPDIR": str(tmp_path),
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )

        assert done.returncode == 0, done.stdout + done.stderr
        for expected in re.findall(r"# prints (.+)$", block, re.MULTILINE):
            assert expected in done.stdout


def unused_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
