"""A gateway that is killed at any moment has every secret that it acknowledged, whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import httpx
import pytest

from flowkit_gateway.store.encrypted import any_encrypted
from flowkit_gateway.store.secrets import Secrets
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from flowkit_gateway.vault import Vault
from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess

KILLS = 6
ACKNOWLEDGED_BEFORE_A_KILL = 5


class Writer(threading.Thread):
    """Sets one secret to 0, 1, 2, ... until its gateway is gone.

    Args:
        gateway: which one.
        name: of the secret.
        number: what to begin with.
    """

    def __init__(self, gateway: GatewayProcess, name: str, number: int) -> None:
        super().__init__()
        self.name_of_secret = name
        self.number = number
        self.acknowledged = 0
        self._client = gateway.client()

    def run(self) -> None:
        with self._client as api:
            try:
                while True:
                    self._set(api, str(self.number))
                    self.acknowledged += 1
                    self.number += 1
            except httpx.TransportError:
                return

    def _set(self, api: httpx.Client, value: str) -> None:
        path = f"/v1/secrets/{self.name_of_secret}"
        response = api.patch(path, json={"value": value})
        if response.status_code == 404:
            document = {"name": self.name_of_secret, "value": value}
            response = api.post("/v1/secrets", json=document)
        assert response.is_success, response.text


def values(data_dir: Path, names: list[str]) -> list[int]:
    """Return what is kept under names, as the next gateway will read it."""
    database = SQLiteDatabase(data_dir / "flowkit.db")
    try:
        vault = Vault(data_dir / "secrets.key", lambda: any_encrypted(database))
        secrets = Secrets(database, vault)
        return [int(secrets.value("default", name)) for name in names]
    finally:
        database.close()


def test_what_was_acknowledged_is_there_after_a_kill(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    names = ["A", "B", "C"]
    numbers = [0, 0, 0]
    for _ in range(KILLS):
        writers = [Writer(gateway, *each) for each in zip(names, numbers, strict=True)]
        for writer in writers:
            writer.start()
        eventually(lambda: all(each.acknowledged >= ACKNOWLEDGED_BEFORE_A_KILL for each in writers))  # noqa: B023  # called within the round
        gateway.kill()
        for writer in writers:
            writer.join()
        kept = values(gateway.data_dir, names)
        # The one that was under way may have got in as well.
        for writer, value in zip(writers, kept, strict=True):
            assert value in (writer.number - 1, writer.number)
        numbers = [value + 1 for value in kept]
        gateway.start()


@pytest.mark.parametrize("left", ["nothing", "half a key", "a key without a use"])
def test_a_kill_while_the_key_is_made_costs_nothing(start_gateway: StartGateway, left: str) -> None:
    gateway = start_gateway()
    gateway.kill()
    if left == "half a key":
        (gateway.data_dir / "secrets.key.partial").write_bytes(b"half")
    elif left == "a key without a use":
        Vault(gateway.data_dir / "secrets.key", lambda: None).encrypt(b"never written down")
    gateway.start()
    with gateway.client() as api:
        response = api.post("/v1/secrets", json={"name": "A", "value": "7"})
        assert response.status_code == 201
    gateway.kill()
    assert values(gateway.data_dir, ["A"]) == [7]
    assert "secrets.key.partial" not in os.listdir(gateway.data_dir)
