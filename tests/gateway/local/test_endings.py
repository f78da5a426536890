"""Ending attempts: cancel, limits, and what a command leaves running."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from flowkit_gateway.engines.local import cgroups
from flowkit_gateway.engines.local.claim import read as read_claim
from tests.gateway.local.attempts import Attempts, marked, reached, running

# Forks twice and leaves the session, as daemons do, and refuses to go; then its parent ends.
DAEMON = """
import os, signal, time
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("daemon", os.getpid(), flush=True)
        os.write(writer, b"up")
        time.sleep(1000)
    os._exit(0)
os.read(reader, 2)
"""


async def test_cancel_asks_first(attempts: Attempts) -> None:
    await attempts.start(
        ["bash", "-c", "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done"]
    )
    await attempts.written(b"up")

    await attempts.engine.cancel(attempts.task_id, 1, force=False)

    end = await attempts.end()
    assert (end.reason, end.exit_code, end.message) == ("cancelled", 3, "cancelled")
    assert attempts.output() == b"up\nbye\n"


async def test_cancel_kills_after_the_grace_period(attempts: Attempts) -> None:
    await attempts.start(
        ["bash", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"], grace_period=0.2
    )
    await attempts.written(b"up")
    asked_at = time.time()

    await attempts.engine.cancel(attempts.task_id, 1, force=False)

    end = await attempts.end()
    assert (end.reason, end.exit_code) == ("cancelled", 137)
    assert end.at - asked_at >= 0.2


async def test_force_does_not_wait(attempts: Attempts) -> None:
    await attempts.start(
        ["bash", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"], grace_period=600.0
    )
    await attempts.written(b"up")

    await attempts.engine.cancel(attempts.task_id, 1, force=False)
    await attempts.engine.cancel(attempts.task_id, 1, force=True)

    assert (await attempts.end()).exit_code == 137


async def test_a_stopped_task_can_be_cancelled(attempts: Attempts) -> None:
    await attempts.start(["bash", "-c", "echo $$; kill -STOP $$"], grace_period=600.0)
    await attempts.written(b"\n")

    await attempts.engine.cancel(attempts.task_id, 1, force=False)

    assert (await attempts.end()).reason == "cancelled"


async def test_cancel_of_an_attempt_that_is_being_started(attempts: Attempts) -> None:
    starting = asyncio.create_task(attempts.start(["sleep", "1000"]))
    await asyncio.sleep(0)

    await attempts.engine.cancel(attempts.task_id, 1, force=False)

    await starting
    assert (await attempts.end()).reason == "cancelled"


async def test_cancel_after_the_end_changes_nothing(attempts: Attempts) -> None:
    await attempts.run(["true"])

    await attempts.engine.cancel(attempts.task_id, 1, force=True)

    assert [each.reason for each in attempts.reported] == [None, "exited"]


async def test_max_run_time(attempts: Attempts) -> None:
    end = await attempts.run(["sleep", "1000"], max_run_time=0.1)

    assert (end.reason, end.exit_code) == ("max_run_time", 143)
    assert end.message == "ran longer than its max_run_time of 0.1 s"


async def test_a_year_is_a_valid_max_run_time(attempts: Attempts) -> None:
    assert (await attempts.run(["true"], max_run_time=31536000.0)).reason == "exited"


async def test_a_daemon_ends_with_its_task(attempts: Attempts) -> None:
    end = await attempts.run(["python3", "-I", "-S", "-c", DAEMON], grace_period=0.1)

    assert (end.reason, end.exit_code) == ("exited", 0)
    daemon = int(attempts.output().split()[1])
    assert not running(daemon)
    assert marked(attempts.task_id) == []


async def test_what_is_left_over_may_still_write(attempts: Attempts) -> None:
    await attempts.shell(
        "(trap 'echo cleaned; exit' TERM; echo up; while :; do sleep 0.01; done) & sleep 0.3"
    )

    assert attempts.output() == b"up\ncleaned\n"


async def test_a_tree_that_multiplies_is_ended(attempts: Attempts) -> None:
    await attempts.start(
        ["bash", "-c", "trap '' TERM; spawn() { sleep 0.05; spawn & }; spawn; echo up; sleep 1000"],
        grace_period=0.05,
    )
    await attempts.written(b"up")

    await attempts.engine.cancel(attempts.task_id, 1, force=False)

    assert (await attempts.end()).reason == "cancelled"
    assert marked(attempts.task_id) == []


async def test_a_pipe_held_from_outside_does_not_hold_up_the_end(attempts: Attempts) -> None:
    await attempts.start(["bash", "-c", "echo $$; exec sleep 1000"])
    pid = int(await attempts.written(b"\n"))
    held = os.open(f"/proc/{pid}/fd/1", os.O_WRONLY)
    try:
        await attempts.engine.cancel(attempts.task_id, 1, force=True)
        await attempts.end()
    finally:
        os.close(held)


@pytest.mark.parametrize("with_cgroup", [True, False])
async def test_a_task_beyond_its_memory_is_ended(attempts: Attempts, with_cgroup: bool) -> None:
    root = cgroups.memory_root()
    if with_cgroup and root is None:
        pytest.skip("this user may not make cgroups with a memory limit here")
    attempts.engine._memory_root = root if with_cgroup else None

    hog = "held = b'x' * 200_000_000; import time; time.sleep(1000)"
    end = await attempts.run(["python3", "-I", "-S", "-c", hog], memory_bytes=100_000_000)

    assert (end.reason, end.exit_code) == ("out_of_memory", 137)
    assert end.message == "used more than its 0.1 GB of memory"
    if root:
        assert [name for name in os.listdir(root.path) if name.startswith("flowkit-")] == []


async def test_a_task_within_its_memory_is_not_disturbed(attempts: Attempts) -> None:
    end = await attempts.run(["sleep", "0.01"], memory_bytes=100_000_000)

    assert (end.reason, end.exit_code) == ("exited", 0)


async def test_a_supervisor_that_was_stopped_goes_on(attempts: Attempts) -> None:
    await attempts.start(["bash", "-c", "sleep 0.05; echo done; exit 4"], max_run_time=600.0)
    owner = await reached(lambda: read_claim(str(attempts.run_dir())))
    os.kill(owner.pid, signal.SIGSTOP)
    await asyncio.sleep(0.2)
    os.kill(owner.pid, signal.SIGCONT)

    end = await attempts.end()

    assert (end.reason, end.exit_code) == ("exited", 4)
    assert attempts.output() == b"done\n"
