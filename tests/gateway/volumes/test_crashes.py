"""Gateways that are killed in the middle of creating, copying and deleting volumes."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import httpx
import pytest

from flowkit_gateway.disposal import Disposal
from flowkit_gateway.store import volumes as rows
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from flowkit_gateway.store.store import Store
from flowkit_gateway.volumes import Volumes
from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.volumes.conftest import create, root_of

FILES = 200
NOBODYS = ["vol_" + letter * 26 for letter in "abcd"]


class _Caller(threading.Thread):
    """Does one thing after the other until the gateway is gone, and keeps what was answered."""

    def __init__(self, gateway: GatewayProcess, original: str, number: int, answered: list[str]):
        super().__init__(daemon=True)
        self._client = gateway.client()
        self._original = original
        self._number = number
        self._answered = answered
        self.made: dict[str, str] = {}
        """Ids of volumes by the keys of the creates that made them."""
        self.deleted: list[str] = []
        self.unanswered: list[tuple[str, str, dict[str, object]]] = []
        """Key, path and body of creates whose answers never came."""
        self.undeleted: list[str] = []

    def run(self) -> None:
        with self._client as client:
            for turn in range(1000):
                name = f"{self._number}-{turn}"
                path, body = self._wanted(turn, name)
                try:
                    made = client.post(path, json=body, headers={"Idempotency-Key": name}).json()
                except httpx.TransportError:
                    self.unanswered.append((name, path, body))
                    return
                self._note(made, name)
                volume_id = self.made[name]
                if turn % 2:
                    try:
                        if "mounts" in made:
                            # A volume is not deleted under the task that has it.
                            client.get(f"/v1/tasks/{made['id']}:wait")
                        assert client.delete(f"/v1/volumes/{volume_id}").status_code == 204
                    except httpx.TransportError:
                        self.undeleted.append(volume_id)
                        return
                    self.deleted.append(volume_id)
                    self._answered.append(volume_id)

    def _wanted(self, turn: int, name: str) -> tuple[str, dict[str, object]]:
        if turn % 3 == 0:
            return "/v1/volumes", {"size_gb": 1, "name": name}
        if turn % 3 == 1:
            return f"/v1/volumes/{self._original}:clone", {"name": name}
        mount = {"target": "/data", "source": f"volume://{name}", "create_size_gb": 1}
        return "/v1/tasks", {"command": ["true"], "mounts": [mount]}

    def _note(self, made: dict[str, object], name: str) -> None:
        mounts = made.get("mounts")
        if isinstance(mounts, list):
            self.made[name] = mounts[0]["source"].removeprefix("volume://")
        else:
            self.made[name] = str(made["id"])
        self._answered.append(name)


@pytest.mark.parametrize("seed", range(2))
def test_a_kill_leaves_each_volume_whole_or_not_at_all(
    start_gateway: StartGateway, seed: int
) -> None:
    chance = random.Random(seed)
    gateway = start_gateway()
    with gateway.client() as client:
        original = create(client, name="original")["id"]
    for number in range(FILES):
        (root_of(gateway, original) / f"file-{number}").write_bytes(b"x" * 100)
    answered: list[str] = []
    callers = [_Caller(gateway, original, number, answered) for number in range(4)]
    for caller in callers:
        caller.start()
    enough = chance.randrange(5, 40)
    eventually(lambda: len(answered) >= enough, within=60)
    gateway.kill()
    for caller in callers:
        caller.join()
    gateway.start()
    with gateway.client() as client:
        for caller in callers:
            _check(client, gateway, caller)
    volumes = gateway.data_dir / "volumes"
    with gateway.client() as client:
        kept = client.get("/v1/volumes?page_size=1000").json()["items"]
    assert {each.name for each in volumes.iterdir()} == {each["id"] for each in kept}
    eventually(lambda: not any((gateway.data_dir / "trash").glob("*")))


def _check(client: httpx.Client, gateway: GatewayProcess, caller: _Caller) -> None:
    for volume_id in caller.undeleted:
        assert client.delete(f"/v1/volumes/{volume_id}").status_code in (204, 404)
    gone = {*caller.deleted, *caller.undeleted}
    for volume_id in gone:
        assert client.get(f"/v1/volumes/{volume_id}").status_code == 404
        assert not root_of(gateway, volume_id).exists()
    for key, path, body in caller.unanswered:
        made = client.post(path, json=body, headers={"Idempotency-Key": key})
        assert made.status_code == 201, made.text
    for name, volume_id in caller.made.items():
        if volume_id not in gone:
            assert client.get(f"/v1/volumes/{volume_id}").json()["name"] == name
    for volume in client.get("/v1/volumes?page_size=1000").json()["items"]:
        count = len(list(root_of(gateway, volume["id"]).iterdir()))
        turn = int(volume["name"].partition("-")[2]) if "-" in volume["name"] else 1
        assert count == (FILES if turn % 3 == 1 else 0), volume


async def test_a_gateway_takes_away_what_the_one_before_had_begun(tmp_path: Path) -> None:
    discarded, never_made, created, restored = NOBODYS
    store = Store(SQLiteDatabase(tmp_path / "flowkit.db"))
    disposal = Disposal(tmp_path / "trash")
    volumes = Volumes(store, tmp_path, disposal)
    try:
        for volume_id in (discarded, restored):
            volumes.root(volume_id).mkdir(parents=True)
            (volumes.root(volume_id) / "file").touch()
        volumes.root(created).mkdir()
        await store.database.write(lambda connection: rows.discard(connection, discarded))
        await store.database.write(lambda connection: rows.discard(connection, never_made))
        await volumes.open()
        # Nobody knows what is in the last one, as when an older database was put back.
        assert [each.name for each in (tmp_path / "volumes").iterdir()] == [restored]
        assert volumes.table.discarded() == []
    finally:
        await disposal.close()
        store.close()
