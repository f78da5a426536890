"""kill -9 of the gateway in the middle of whatever it does with files."""

from __future__ import annotations

import hashlib
import logging
import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.campaigns.form import seed, sized
from tests.conditions import eventually
from tests.gateway.files.file_space import FileSpace, new_volume
from tests.gateway.gateway_process import GatewayProcess

log = logging.getLogger(__name__)

SIZE = 4_000_000
BEFORE = b"before" * 1000
CONTENT = random.Random(seed()).randbytes(SIZE)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
TURNS = sized(short=4, full=150)


class Victim:
    """A gateway with a volume, killed again and again."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self.gateway = gateway
        with gateway.client() as client:
            volume = new_volume(client, gateway.data_dir, size_gb=10)
        self.volume_id, self.root = volume.id, volume.root
        self._random = random.Random(seed())

    def space(self, client: httpx.Client) -> FileSpace:
        return FileSpace(client, self.volume_id, self.root)

    def killed_during(self, action: Callable[[FileSpace], object], longest: float) -> bool:
        """Kill the gateway somewhere in an action and start it anew.

        Args:
            action: what it does meanwhile.
            longest: seconds after which it is killed at the latest.

        Returns:
            True when the action was over before.
        """
        done = threading.Event()

        def act() -> None:
            with suppress(httpx.TransportError), self.gateway.client() as client:
                action(self.space(client))
                done.set()

        acting = threading.Thread(target=act)
        acting.start()
        # Not to wait for something: the moment is what is tried.
        time.sleep(self._random.uniform(0, longest))
        self.gateway.kill()
        acting.join()
        self.gateway.start()
        return done.is_set()


@pytest.fixture
def victim(mortal: GatewayProcess) -> Victim:
    return Victim(mortal)


def took(victim: Victim, action: Callable[[FileSpace], object]) -> float:
    """Return how many seconds an action takes that nothing disturbs."""
    with victim.gateway.client() as client:
        began = time.monotonic()
        action(victim.space(client))
        return time.monotonic() - began


def test_a_file_that_is_being_written(victim: Victim) -> None:
    def write(space: FileSpace) -> None:
        assert space.write("file", CONTENT).status_code == 200

    longest = took(victim, write) * 1.2
    (victim.root / "file").write_bytes(BEFORE)
    done = 0
    for _ in range(TURNS):
        done += victim.killed_during(write, longest)
        assert (victim.root / "file").read_bytes() in (BEFORE, CONTENT)
        assert os.listdir(victim.root) == ["file"]
        assert os.listdir(victim.gateway.data_dir / "uploads") == []
        (victim.root / "file").write_bytes(BEFORE)
    log.info("%d of %d writes were over before the kill", done, TURNS)


def test_an_upload_from_its_beginning_to_its_end(victim: Victim) -> None:
    """One upload survives all kills of its life, and is answered the same ever after."""

    def upload(space: FileSpace, path: str) -> None:
        headers = {"idempotency-key": path}
        body = {"space": space.id, "path": path, "size_bytes": SIZE}
        begun = space.client.post("/v1/uploads", json=body, headers=headers)
        assert begun.status_code == 201, begun.text
        upload_id = begun.json()["id"]
        while (offset := space.offset(upload_id)) < SIZE:
            space.append(upload_id, offset, CONTENT[offset : offset + 1_500_000])
        completed = space.complete(upload_id, SHA256)
        assert completed.status_code == 200, completed.text
        answers.append(completed.json())

    answers: list[dict[str, object]] = []
    longest = took(victim, lambda space: upload(space, "undisturbed")) * 0.7
    for turn in range(sized(short=1, full=30)):
        answers.clear()
        path = f"file-{turn}"
        kills = 0
        while not victim.killed_during(lambda space, path=path: upload(space, path), longest):  # type: ignore[misc]  # mypy infers no lambda with a default
            kills += 1
            found = victim.root / path
            assert not found.exists() or found.read_bytes() == CONTENT
        with victim.gateway.client() as client:
            upload(victim.space(client), path)
        assert answers[0] == answers[-1]
        assert (victim.root / path).read_bytes() == CONTENT
        log.info("%s arrived after %d kills", path, kills)
    assert os.listdir(victim.gateway.data_dir / "uploads") == []


def test_a_file_that_is_being_completed(victim: Victim) -> None:
    """Killed right when the file gets its name, and asked again."""
    for turn in range(TURNS):
        path = f"file-{turn}"
        with victim.gateway.client() as client:
            space = victim.space(client)
            upload = space.begun(path, SIZE, overwrite=False)
            assert space.append(upload, 0, CONTENT).status_code == 200
        victim.killed_during(lambda space, upload=upload: space.complete(upload), 0.06)  # type: ignore[misc]  # mypy infers no lambda with a default
        found = victim.root / path
        assert not found.exists() or found.read_bytes() == CONTENT
        with victim.gateway.client() as client:
            answers = [victim.space(client).complete(upload, SHA256) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert answers[0].json() == answers[1].json()
        assert answers[0].json()["sha256"] == SHA256
        assert found.read_bytes() == CONTENT


def test_a_directory_that_is_being_moved(victim: Victim) -> None:
    def fill(directory: Path) -> set[str]:
        for number in range(200):
            (directory / f"{number}").mkdir(parents=True)
            (directory / f"{number}" / "file").touch()
        return {str(path.relative_to(directory)) for path in directory.rglob("*")}

    whole = fill(victim.root / "a")
    for _ in range(TURNS):
        victim.killed_during(lambda space: space.move("a", "b"), 0.02)
        (name,) = os.listdir(victim.root)
        tree = victim.root / name
        assert {str(path.relative_to(tree)) for path in tree.rglob("*")} == whole
        tree.rename(victim.root / "a")


def test_a_directory_that_is_being_deleted(victim: Victim) -> None:
    """It is there as a whole or not at all, and sooner or later off the disk."""
    trash = victim.gateway.data_dir / "trash"
    for turn in range(TURNS):
        tree = victim.root / f"tree-{turn}"
        for number in range(60):
            (tree / f"{number}").mkdir(parents=True)
            for name in range(10):
                (tree / f"{number}" / f"{name}").touch()
        victim.killed_during(
            lambda space, tree=tree: space.delete(tree.name, recursive="true"),  # type: ignore[misc]  # mypy infers no lambda with a default
            0.05,
        )
        assert not tree.exists() or len(list(tree.rglob("*"))) == 660
        with victim.gateway.client() as client:
            answer = victim.space(client).delete(tree.name, recursive="true")
        assert answer.status_code in (204, 404)
        assert not tree.exists()
    eventually(lambda: not trash.exists() or not os.listdir(trash))
