"""Code that is sent to a gateway whose disk is full."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit.errors import StorageFull
from tests.campaigns.code.conftest import SUMS, connected, found_by_a_task, sums
from tests.campaigns.files.conftest import Mount
from tests.campaigns.files.test_full_disk import fill
from tests.campaigns.form import seed
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.snapshots.sending import describe, file, record, stream, upload

MEGABYTE = 1024 * 1024


@pytest.fixture
def small(mount: Mount) -> Iterator[GatewayProcess]:
    """A gateway on a disk of 96 MiB."""
    gateway = GatewayProcess(mount("96m") / "data", "--engine", "local")
    try:
        yield gateway.start()
    finally:
        gateway.kill()


def test_code_that_has_no_room_is_refused_and_arrives_later(
    small: GatewayProcess, tree: Path
) -> None:
    (tree / "weights").write_bytes(random.Random(seed()).randbytes(20 * MEGABYTE))
    ballast = fill(small.data_dir, leave=10 * MEGABYTE)
    with connected(small) as flow:
        with pytest.raises(StorageFull, match="no room for 20971520 bytes"):
            flow.run(SUMS, code=tree)
        assert list(flow.tasks.list()) == []
        ballast.unlink()
        assert found_by_a_task(flow, tree) == sums(tree)


def test_what_arrived_before_the_disk_was_full_is_kept(small: GatewayProcess) -> None:
    numbers = random.Random(seed())
    contents = [numbers.randbytes(MEGABYTE) for _ in range(40)]
    by_hash = {hashlib.sha256(content).hexdigest(): content for content in contents}
    with small.client() as client:
        found = describe(client, [file(str(at), content) for at, content in enumerate(contents)])
        ballast = fill(small.data_dir, leave=45 * MEGABYTE)
        refused = upload(client, found["id"], stream(map(record, contents)))
        assert refused.json()["code"] == "storage_full"
        path = f"/v1/snapshots/{found['id']}"
        missing = client.get(path).json()["missing"]
        assert len(missing) < 40
        ballast.unlink()
        done = upload(client, found["id"], stream(record(by_hash[sha]) for sha in missing))
        assert done.json()["complete"], done.text


def test_a_task_whose_copy_has_no_room_says_so(small: GatewayProcess, tree: Path) -> None:
    (tree / "weights").write_bytes(random.Random(seed()).randbytes(20 * MEGABYTE))
    with connected(small) as flow:
        task = flow.run(SUMS, code=tree, hold=True)
        ballast = fill(small.data_dir, leave=12 * MEGABYTE)
        flow.tasks.release(task)
        task.wait(timeout=30)
        assert (task.status, task.reason) == ("failed", "start_failed")
        assert "No space left on device" in (task.message or "")
        ballast.unlink()
        assert found_by_a_task(flow, tree) == sums(tree)


def test_an_update_that_has_no_room_leaves_whole_files(small: GatewayProcess, tree: Path) -> None:
    numbers = random.Random(seed())
    for number in range(10):
        (tree / str(number)).write_bytes(numbers.randbytes(MEGABYTE))
    known = sums(tree)
    with connected(small) as flow:
        task = flow.run("until test -e end; do sleep 0.1; done", code=tree)
        task.wait(until="running", timeout=30)
        for number in range(10):
            (tree / str(number)).write_bytes(numbers.randbytes(MEGABYTE))
        # At the gateway, before there is no room for what a task has of it.
        flow.snapshots.create(tree)
        ballast = fill(small.data_dir, leave=MEGABYTE // 2)
        with pytest.raises(StorageFull):
            flow.upload_code_to_task(task.task_id, tree)
        workspace = small.data_dir / "tasks" / task.task_id / "1" / "workspace"
        assert sums(workspace) == known
        ballast.unlink()
        assert flow.upload_code_to_task(task.task_id, tree).written == 10
        assert sums(workspace) == sums(tree)
        (workspace / "end").touch()
        task.wait(timeout=30)
