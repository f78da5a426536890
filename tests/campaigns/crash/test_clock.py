"""A clock that jumps while a gateway and its tasks run.

`CLOCK_REALTIME` belongs to the whole machine, so the jump is one of the gateway process alone: its
`time.time` is moved. Supervisors keep the true clock, as if the jump had come between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from flowkit import Flow
from tests.campaigns.crash.house import House
from tests.conditions import eventually

YEAR = 365 * 86400.0

GATEWAY = """
import os, sys, time
from pathlib import Path
offset = Path(os.environ["CLOCK_OFFSET_FILE"])
time_of_day, time_of_day_ns = time.time, time.time_ns
time.time = lambda: time_of_day() + float(offset.read_text())
time.time_ns = lambda: time_of_day_ns() + int(float(offset.read_text()) * 1e9)
from flowkit_gateway.__main__ import main
sys.exit(main(sys.argv[1:]))
"""

Jump = Callable[[float], None]


@pytest.fixture
def jump(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jump]:
    """Run a gateway whose clock is set off from the true one by so many seconds."""
    offset = house.home / "offset"
    offset.write_text("0")
    house.data_dir.mkdir(mode=0o700)
    for name, value in house.environment.items():
        monkeypatch.setenv(name, value)
    arguments = ("-c", GATEWAY, "serve", "--embedded", "--data-dir", house.data_dir)
    with house.python(*arguments, CLOCK_OFFSET_FILE=str(offset)) as gateway:
        eventually((house.data_dir / "gateway.json").exists, within=30)

        def jump(seconds: float) -> None:
            partial = offset.with_suffix(".partial")
            partial.write_text(str(seconds))
            partial.replace(offset)

        yield jump
        assert gateway.poll() is None
        house.end()


@pytest.mark.parametrize("seconds", [YEAR, -YEAR], ids=["forward", "back"])
def test_a_jump_ends_no_task_and_repeats_none(house: House, jump: Jump, seconds: float) -> None:
    go = house.home / "go"
    with Flow() as flow:
        command = f"echo one; until [ -e {go} ]; do sleep 0.05; done; echo two; exit 3"
        running = flow.tasks.create(command, cpus=0.1, max_run_time="1h", idempotency_key="first")
        eventually(lambda: running.logs() == "one\n")

        jump(seconds)
        during = flow.tasks.create("exit 4", cpus=0.1, idempotency_key="second")
        assert during.wait(timeout=20).exit_code == 4
        again = [flow.tasks.create("exit 4", cpus=0.1, idempotency_key="second") for _ in range(3)]
        repeated = flow.tasks.create(command, cpus=0.1, max_run_time="1h", idempotency_key="first")
        jump(0)
        after = flow.tasks.create("exit 5", cpus=0.1, idempotency_key="third")
        assert after.wait(timeout=20).exit_code == 5
        go.touch()

        assert running.wait(timeout=20).exit_code == 3
        assert running.logs() == "one\ntwo\n"
        assert repeated.id == running.id
        assert {task.id for task in again} == {during.id}
        assert [task.id for task in flow.tasks.list()] == [after.id, during.id, running.id]
        numbers = [event.number for event in flow.events()]
        assert len(numbers) == len(set(numbers))
        for task in flow.tasks.list():
            assert task.started_at is not None
            assert task.finished_at is not None
            assert task.started_at <= task.finished_at


def test_a_jump_does_not_end_an_idle_gateway(house: House, jump: Jump) -> None:
    with Flow() as flow:
        before = flow.server().started_at
        jump(YEAR)
        jump(-YEAR)
        assert flow.server().started_at == before
        shown = house.flowkit("status", flow.submit("true", wait=True).id)
        assert shown.returncode == 0
        assert b"-" not in next(x for x in shown.stdout.splitlines() if x.startswith(b"ran for"))
