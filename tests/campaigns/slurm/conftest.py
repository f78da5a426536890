"""A cluster and a gateway that may be killed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm_cluster import SlurmCluster, missing

from tests.campaigns.form import sized
from tests.gateway.gateway_process import GatewayProcess

NODES = sized(short=3, full=7)


@pytest.fixture
def cluster() -> Iterator[SlurmCluster]:
    """A cluster of the test's own."""
    if absent := missing():
        pytest.skip(absent)
    # Paths of the test's own directory would be too long for sockets.
    with tempfile.TemporaryDirectory(prefix="flowkit-slurm-") as directory:
        cluster = SlurmCluster(Path(directory), nodes=NODES)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture
def gateway(cluster: SlurmCluster, tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway on that cluster."""
    gateway = GatewayProcess(
        tmp_path / "data", "--engine", "slurm", environment=cluster.environment
    )
    try:
        yield gateway.start()
    finally:
        gateway.kill()
