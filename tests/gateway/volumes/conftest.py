"""Two projects with people of their own on one gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import end_all_tasks
from tests.gateway.gateway_process import GatewayProcess

KEYS = {"ada": "ada-" + "a" * 16, "bob": "bob-" + "b" * 16, "eve": "eve-" + "e" * 16}
"""Ada is in the project lab, Bob and Eve are in club."""

CreateVolume = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway of several people, whose tasks run until they are cancelled."""
    folder = tmp_path_factory.mktemp("shared")
    keys = folder / "keys"
    keys.write_text(
        f"{KEYS['ada']} lab ada\n{KEYS['bob']} club bob\n{KEYS['eve']} club eve\n", "utf-8"
    )
    keys.chmod(0o600)
    arguments = ("--engine", "null", "--null-duration", "86400", "--api-key-file", str(keys))
    gateway = GatewayProcess(folder / "data", *arguments)
    try:
        yield gateway.start()
    finally:
        gateway.kill()


def _person(gateway: GatewayProcess, name: str) -> Iterator[httpx.Client]:
    with gateway.client(key=KEYS[name]) as client:
        yield client
        end_all_tasks(client)


@pytest.fixture
def ada(shared_gateway: GatewayProcess) -> Iterator[httpx.Client]:
    """Ada of the project lab."""
    yield from _person(shared_gateway, "ada")


@pytest.fixture
def bob(shared_gateway: GatewayProcess) -> Iterator[httpx.Client]:
    """Bob of the project club."""
    yield from _person(shared_gateway, "bob")


@pytest.fixture
def eve(shared_gateway: GatewayProcess) -> Iterator[httpx.Client]:
    """Eve of the project club."""
    yield from _person(shared_gateway, "eve")


def create(client: httpx.Client, **wanted: object) -> dict[str, Any]:
    """Create a volume, of 1 GB unless asked for more."""
    response = client.post("/v1/volumes", json={"size_gb": 1, **wanted})
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def root_of(gateway: GatewayProcess, volume_id: str) -> Path:
    """Return the directory of a volume."""
    return gateway.data_dir / "volumes" / volume_id


def code_of(response: httpx.Response) -> str:
    """Return the code of a refusal."""
    assert response.is_error, response.text
    code: str = response.json()["code"]
    return code
