"""kill -9 of the gateway in the middle of whatever it does with code."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from flowkit import Flow
from flowkit.errors import FlowError
from tests.campaigns.code.conftest import SUMS, connected, found_by_a_task, sums
from tests.campaigns.form import seed, sized
from tests.conditions import eventually
from tests.gateway.gateway_process import GatewayProcess

TURNS = sized(short=1, full=60)
FILES, SIZE = 120, 40_000


def killed_during(gateway: GatewayProcess, action: Callable[[Flow], object], after: float) -> None:
    """Kill a gateway so many seconds into an action, and start it anew."""

    def act() -> None:
        with suppress(FlowError), connected(gateway) as flow:
            action(flow)

    thread = threading.Thread(target=act)
    thread.start()
    time.sleep(after)  # no wait for anything: any moment is as good
    gateway.kill()
    thread.join()
    gateway.start()


def change(tree: Path, numbers: random.Random) -> None:
    """Write other contents into some files of a tree."""
    for number in numbers.sample(range(FILES), FILES // 2):
        (tree / str(number)).write_bytes(numbers.randbytes(SIZE))


def test_code_arrives_whole_however_often_the_gateway_is_killed(
    mortal: GatewayProcess, tree: Path
) -> None:
    numbers = random.Random(seed())
    for number in range(FILES):
        (tree / str(number)).touch()
    for _ in range(TURNS):
        change(tree, numbers)
        killed_during(mortal, lambda flow: found_by_a_task(flow, tree), numbers.uniform(0, 0.6))
        with connected(mortal) as flow:
            assert found_by_a_task(flow, tree) == sums(tree)
            for snapshot in flow.snapshots.list():
                # What is there of the ones that were broken off is not said to be whole.
                assert snapshot.complete or flow.snapshots.get(snapshot.id).missing


def test_an_update_that_is_broken_off_leaves_whole_files(
    mortal: GatewayProcess, tree: Path
) -> None:
    numbers = random.Random(seed())
    for number in range(FILES):
        (tree / str(number)).write_bytes(numbers.randbytes(SIZE))
    with connected(mortal) as flow:
        wait = "echo ready; until test -e end; do sleep 0.1; done; rm end"
        task = flow.run(f"{wait}; {SUMS}", code=tree)
        eventually(lambda: "ready" in task.logs(), within=20)
    known = set(sums(tree))
    for _ in range(TURNS):
        change(tree, numbers)
        known.update(sums(tree))
        killed_during(
            mortal,
            lambda flow: flow.upload_code_to_task(task.task_id, tree),
            numbers.uniform(0, 0.6),
        )
        workspace = mortal.data_dir / "tasks" / task.task_id / "1" / "workspace"
        files = [path for path in workspace.iterdir() if not path.name.startswith(".flowkit-")]
        assert len(files) == FILES
        assert all(hashlib.sha256(file.read_bytes()).hexdigest() in known for file in files)
    with connected(mortal) as flow:
        flow.upload_code_to_task(task.task_id, tree)
        (workspace / "end").touch()
        flow.tasks.wait(task.task_id, timeout=30)
        assert flow.logs(task.task_id, tail=10_000).split() == ["ready", *sums(tree)]
