"""Snapshots are collected all the time, and whoever needs one has it."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from flowkit import Flow
from flowkit.errors import SnapshotNotFound
from tests.campaigns.code.conftest import SUMS, connected, found_by_a_task, sums
from tests.campaigns.form import seed, sized
from tests.gateway.gateway_process import GatewayProcess

TURNS = sized(short=2, full=100)
SENDERS = 3


def collect(gateway: GatewayProcess) -> list[str]:
    """Collect all snapshots that can be, and return their ids."""
    body = {"older_than": 0, "kinds": ["snapshot"]}
    with gateway.client() as client:
        report = client.post("/v1/server:collect_garbage", json=body)
        assert report.status_code == 200, report.text
        return [item["name"] for item in report.json()["items"]]


@contextmanager
def collecting(gateway: GatewayProcess) -> Iterator[None]:
    """Collect again and again."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            collect(gateway)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_what_a_task_needs_stays_until_it_has_ended(mortal: GatewayProcess, tree: Path) -> None:
    (tree / "file").write_bytes(random.Random(seed()).randbytes(3_000_000))
    with connected(mortal) as flow:
        task = flow.run(SUMS, code=tree, hold=True)
        assert collect(mortal) == []
        flow.tasks.release(task)
        task.wait(timeout=30)
        assert task.logs().split() == sums(tree)
        assert len(collect(mortal)) == 1
        packs = mortal.data_dir / "snapshots" / "default" / "packs"
        assert list(packs.iterdir()) == []
        assert found_by_a_task(flow, tree) == sums(tree)


def test_senders_that_share_contents_all_find_them(mortal: GatewayProcess, tree: Path) -> None:
    """Snapshots come and go beside each other in the same packs."""

    def send(number: int) -> None:
        numbers = random.Random(seed() + number)
        own = tree / str(number)
        own.mkdir()
        (own / "shared").write_bytes(random.Random(seed()).randbytes(300_000))
        with connected(mortal) as flow:
            for _ in range(TURNS):
                (own / "own").write_bytes(numbers.randbytes(300_000))
                assert unless_collected(flow, own) == sums(own)

    with collecting(mortal), ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(send, range(SENDERS)))


def unless_collected(flow: Flow, tree: Path) -> list[str]:
    """Run a task again whose code was collected before the task was there to need it."""
    while True:
        try:
            return found_by_a_task(flow, tree)
        except SnapshotNotFound:
            continue
