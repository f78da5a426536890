"""A gateway of each engine that really runs commands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.conftest import StartGateway, end_all_tasks
from tests.gateway.engines.work import Work
from tests.gateway.gateway_process import GatewayProcess

ENGINES = ("local", "slurm")


def environment_of(engine: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """Return what a gateway of an engine needs in its environment."""
    if engine != "slurm":
        return {}
    return dict(request.getfixturevalue("slurm_cluster").environment)


@pytest.fixture(scope="session", params=ENGINES)
def engine_gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, GatewayProcess]]:
    """A gateway of each engine in turn, with the engine's name."""
    engine: str = request.param
    gateway = GatewayProcess(
        tmp_path_factory.mktemp(engine) / "data",
        "--engine",
        engine,
        environment=environment_of(engine, request),
    )
    try:
        yield engine, gateway.start()
    finally:
        gateway.kill()


@pytest.fixture
def work(engine_gateway: tuple[str, GatewayProcess], project: str) -> Iterator[Work]:
    """Tasks of a test on each engine; none of them outlives it."""
    engine, gateway = engine_gateway
    with gateway.client(project) as client:
        yield Work(client, engine)
        end_all_tasks(client)


@pytest.fixture(params=ENGINES)
def restarted(
    request: pytest.FixtureRequest, start_gateway: StartGateway
) -> Iterator[StartGateway]:
    """Start gateways of one engine on one directory, one after the other."""
    engine: str = request.param
    environment = environment_of(engine, request)
    last: list[GatewayProcess] = []

    def start() -> GatewayProcess:
        last.append(start_gateway(engine=engine, environment=environment))
        return last[-1]

    yield start
    if last:
        with last[-1].client() as client:
            end_all_tasks(client)
