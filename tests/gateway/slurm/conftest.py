"""A gateway on a real Slurm cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from slurm_cluster import SlurmCluster

from tests.gateway.conftest import end_all_tasks
from tests.gateway.engines.work import Work
from tests.gateway.gateway_process import GatewayProcess

StartSlurm = Callable[..., GatewayProcess]


@pytest.fixture(scope="session")
def slurm_gateway(
    slurm_cluster: SlurmCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """A gateway whose tasks are jobs."""
    gateway = GatewayProcess(
        tmp_path_factory.mktemp("slurm-gateway") / "data",
        "--engine",
        "slurm",
        environment=slurm_cluster.environment,
    )
    try:
        yield gateway.start()
    finally:
        gateway.kill()


@pytest.fixture
def work(slurm_gateway: GatewayProcess, project: str) -> Iterator[Work]:
    """Tasks of a test; none of them outlives it."""
    with slurm_gateway.client(project) as client:
        yield Work(client, "slurm")
        end_all_tasks(client)
