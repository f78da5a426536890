"""Gateways that tests share; a project of its own keeps each test apart from the others."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import postgres_server
import pytest
from postgres_server import PostgresServer
from slurm_cluster import SlurmCluster, missing

from tests.gateway.gateway_process import GatewayProcess

StartGateway = Callable[..., GatewayProcess]


@pytest.fixture(scope="session")
def null_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway whose tasks end at once."""
    yield from _session_gateway(tmp_path_factory, "--engine", "null")


@pytest.fixture(scope="session")
def holding_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway whose tasks run until they are cancelled."""
    arguments = ("--engine", "null", "--null-duration", "86400")
    yield from _session_gateway(tmp_path_factory, *arguments)


@pytest.fixture(scope="session")
def local_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that runs real processes."""
    yield from _session_gateway(tmp_path_factory, "--engine", "local")


@pytest.fixture(scope="session")
def slurm_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    """A real Slurm of three nodes with eight fake GPUs each."""
    if absent := missing():
        pytest.skip(absent)
    cluster = SlurmCluster(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server; each test has databases of its own."""
    if absent := postgres_server.missing():
        pytest.skip(absent)
    # Not in pytest's directory, which the server's unprivileged user may not enter.
    server = PostgresServer(Path(tempfile.mkdtemp(prefix="flowkit-postgres-")))
    try:
        server.directory.chmod(0o755)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.directory)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """A database that is empty."""
    return postgres.create_schema(f"test_{uuid.uuid4().hex[:12]}")


@pytest.fixture
def project() -> str:
    """A project that no other test uses."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def api(null_gateway: GatewayProcess, project: str) -> Iterator[httpx.Client]:
    """A client of the null gateway, in a project of its own."""
    with null_gateway.client(project) as client:
        yield client


@pytest.fixture
def holding(holding_gateway: GatewayProcess, project: str) -> Iterator[httpx.Client]:
    """A client of the gateway whose tasks run until they are cancelled, here or by the test."""
    with holding_gateway.client(project) as client:
        yield client
        end_all_tasks(client)


@pytest.fixture
def local(local_gateway: GatewayProcess, project: str) -> Iterator[httpx.Client]:
    """A client of the gateway that runs real processes; none of them outlives its test."""
    with local_gateway.client(project) as client:
        yield client
        end_all_tasks(client)


@pytest.fixture
def start_gateway(tmp_path: Path) -> Iterator[StartGateway]:
    """Start gateways of a test's own; they are killed at its end."""
    started: list[GatewayProcess] = []

    def start(
        *arguments: str, data_dir: Path | None = None, engine: str = "null", **options: object
    ) -> GatewayProcess:
        gateway = GatewayProcess(
            data_dir or tmp_path / "data",
            "--engine",
            engine,
            *arguments,
            **options,  # type: ignore[arg-type]  # keywords of GatewayProcess
        )
        started.append(gateway)
        return gateway.start()

    yield start
    for gateway in started:
        gateway.kill()


def end_all_tasks(client: httpx.Client) -> None:
    """End every task of a client's project, so that the next test finds all resources free."""
    unfinished = {"status": ["pending", "starting", "running"]}
    for task in client.get("/v1/tasks", params=unfinished).json()["items"]:
        client.post(f"/v1/tasks/{task['id']}:cancel?force=true")
        client.get(f"/v1/tasks/{task['id']}:wait?timeout=20")


def _session_gateway(
    tmp_path_factory: pytest.TempPathFactory, *arguments: str
) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(tmp_path_factory.mktemp("gateway") / "data", *arguments)
    try:
        yield gateway.start()
    finally:
        gateway.kill()
