"""What survives kill -9: of the supervisor, of the spawner, of the gateway."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from flowkit_gateway.engines.engine import StartError, State
from flowkit_gateway.engines.local import claim, procfs
from flowkit_gateway.engines.local.forkserver import ForkServer
from tests.gateway.local.attempts import Attempts, marked, reached, running


async def owner_of(attempts: Attempts) -> claim.Claim:
    return await reached(lambda: claim.read(str(attempts.run_dir())))


async def test_a_killed_supervisor_is_a_lost_attempt_with_nothing_left(attempts: Attempts) -> None:
    await attempts.start(["bash", "-c", "setsid sleep 1000 & echo up; sleep 1000"])
    await attempts.written(b"up")

    os.kill((await owner_of(attempts)).pid, signal.SIGKILL)

    end = await attempts.end()
    assert (end.state, end.message) == (State.LOST, "its supervisor was killed")
    assert end.output_bytes == 3
    assert marked(attempts.task_id) == []


async def test_a_killed_spawner_is_replaced(attempts: Attempts) -> None:
    await attempts.start(["sleep", "0.2"])
    spawner = attempts.engine._fork_server.pid
    assert spawner is not None
    os.kill(spawner, signal.SIGKILL)

    again = await attempts.run(["echo", "hi"], task_id="task_2")

    assert again.exit_code == 0
    assert (await attempts.end()).exit_code == 0


async def test_a_request_that_the_spawner_did_not_live_to_answer_is_kept(
    attempts: Attempts,
) -> None:
    spawner = attempts.engine._fork_server.pid
    assert spawner is not None
    os.kill(spawner, signal.SIGSTOP)
    starting = asyncio.create_task(attempts.start(["bash", "-c", "echo once"]))
    await asyncio.sleep(0.01)
    os.kill(spawner, signal.SIGKILL)

    await starting

    assert (await attempts.end()).exit_code == 0
    assert attempts.output() == b"once\n"


async def test_of_two_supervisors_only_one_runs_the_command(attempts: Attempts) -> None:
    """As when a spawner dies after it forked and before it answered."""
    job = attempts.engine._job(attempts.launch(["bash", "-c", "echo once; sleep 0.1"]))
    attempts.run_dir().mkdir(parents=True)
    server = ForkServer()
    await server.open()
    await asyncio.gather(*(server.spawn(job) for _ in range(8)))
    await server.close()

    await attempts.attach()

    assert (await attempts.end()).exit_code == 0
    assert attempts.output() == b"once\n"
    left = sorted(path.name for path in attempts.run_dir().iterdir())
    assert left == ["claim", "exit", "index", "stdout", "workspace"]


async def test_a_task_outlives_its_gateway(attempts: Attempts) -> None:
    script = "echo up; until [ -e go ]; do sleep 0.02; done; echo still here; exit 5"
    await attempts.start(["bash", "-c", script])
    await attempts.written(b"up")

    reopened = await attempts.reopen()
    await reopened.attach()
    os.mkdir(attempts.run_dir() / "workspace" / "go")
    end = await reopened.end()

    assert reopened.states() == [State.RUNNING, State.ENDED]
    assert end.exit_code == 5
    assert reopened.output() == b"up\nstill here\n"


async def test_a_task_that_was_attached_to_can_be_cancelled(attempts: Attempts) -> None:
    await attempts.start(["sleep", "1000"])
    await owner_of(attempts)
    reopened = await attempts.reopen()
    await reopened.attach()

    await reopened.engine.cancel(attempts.task_id, 1, force=False)

    assert (await reopened.end()).reason == "cancelled"


async def test_a_task_that_ended_meanwhile_is_reported(attempts: Attempts) -> None:
    await attempts.start(["bash", "-c", "sleep 0.1; exit 6"])
    reopened = await attempts.reopen()
    await reached((attempts.run_dir() / "exit").exists)

    await reopened.attach()

    assert reopened.states() == [State.ENDED]
    assert reopened.reported[0].exit_code == 6


async def test_a_task_whose_supervisor_died_meanwhile_is_lost(attempts: Attempts) -> None:
    await attempts.start(["sleep", "1000"])
    owner = await owner_of(attempts)
    reopened = await attempts.reopen()
    os.kill(owner.pid, signal.SIGKILL)
    await reached(lambda: not running(owner.pid))

    await reopened.attach()

    assert (await reopened.end()).state is State.LOST
    assert marked(attempts.task_id) == []


@pytest.mark.parametrize("directory_exists", [True, False])
async def test_an_attempt_that_was_never_started_never_will_be(
    attempts: Attempts, directory_exists: bool
) -> None:
    if directory_exists:
        attempts.run_dir().mkdir(parents=True)

    await attempts.attach()

    assert attempts.states() == [State.NEVER_STARTED]
    # A supervisor that was forked before and comes late finds the attempt taken.
    job = attempts.engine._job(attempts.launch(["touch", str(attempts.tasks_dir / "ran")]))
    late = await attempts.engine._fork_server.spawn(job)
    await reached(lambda: not running(late.pid))
    assert not (attempts.tasks_dir / "ran").exists()


async def test_attaching_twice_to_a_void_attempt_says_the_same(attempts: Attempts) -> None:
    await attempts.attach()
    await attempts.attach()

    assert attempts.states() == [State.NEVER_STARTED] * 2


@pytest.mark.parametrize(
    "changed", [{"boot_id": "another"}, {"start_time": 1}, {"pid": 1}], ids=lambda each: str(each)
)
async def test_a_process_that_only_has_the_same_pid_is_left_alone(
    attempts: Attempts, changed: dict[str, object]
) -> None:
    """Here the test's own process, which would not survive being taken for a supervisor."""
    own = procfs.process(os.getpid())
    assert own is not None
    attempts.run_dir().mkdir(parents=True)
    owner = claim.Claim(own.pid, own.start_time, procfs.boot_id())._asdict() | changed
    (attempts.run_dir() / "claim").write_text(json.dumps(owner))

    await attempts.attach()

    assert (await attempts.end()).state is State.LOST


async def test_an_empty_claim_after_a_loss_of_power_is_a_lost_attempt(attempts: Attempts) -> None:
    attempts.run_dir().mkdir(parents=True)
    (attempts.run_dir() / "claim").touch()

    await attempts.attach()

    assert attempts.reported[0].message == "the machine was restarted"
    assert attempts.states() == [State.LOST]


async def test_closing_ends_the_spawner_and_not_the_tasks(attempts: Attempts) -> None:
    await attempts.start(["sleep", "1000"])
    spawner = attempts.engine._fork_server.pid
    owner = await owner_of(attempts)
    assert spawner is not None

    reopened = await attempts.reopen()

    assert not running(spawner)
    assert running(owner.pid)
    await reopened.attach()
    await reopened.engine.cancel(attempts.task_id, 1, force=True)
    await reopened.end()


async def test_two_hundred_tasks_leave_nothing_behind(attempts: Attempts) -> None:
    await attempts.run(["true"], task_id="first")
    descriptors = os.listdir("/proc/self/fd")
    spawner = attempts.engine._fork_server.pid
    assert spawner is not None
    spawner_descriptors = os.listdir(f"/proc/{spawner}/fd")
    slots = asyncio.Semaphore(4)

    async def one(number: int) -> None:
        async with slots:
            assert (await attempts.run(["true"], task_id=f"task_{number}")).exit_code == 0

    await asyncio.gather(*(one(number) for number in range(200)))

    assert len(os.listdir("/proc/self/fd")) == len(descriptors)
    assert os.listdir(f"/proc/{spawner}/fd") == spawner_descriptors
    await reached(lambda: not procfs.children(spawner))
    assert attempts.engine._attempts == {}


async def test_a_spawner_that_keeps_dying_is_a_start_error(
    attempts: Attempts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "spawner.py"
    broken.write_text("import os, sys; os.read(int(sys.argv[1]), 1); os._exit(1)\n")
    monkeypatch.setattr("flowkit_gateway.engines.local.forkserver._SPAWNER", broken)
    spawner = attempts.engine._fork_server.pid
    assert spawner is not None
    os.kill(spawner, signal.SIGKILL)
    await reached(lambda: attempts.engine._fork_server.pid != spawner)

    with pytest.raises(StartError, match="keeps dying"):
        await attempts.start(["true"])

    # It was given up for good: a supervisor that came late would not run it.
    owner = await owner_of(attempts)
    assert owner.void


async def test_a_cancel_reaches_the_supervisor_that_won_the_attempt(attempts: Attempts) -> None:
    """The spawner forked one and died before it answered; the engine is told of another one."""
    launch = attempts.launch(["sleep", "1000"])
    attempts.run_dir().mkdir(parents=True)
    server = attempts.engine._fork_server
    await server.spawn(attempts.engine._job(launch))
    owner = await owner_of(attempts)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    (attempts.run_dir() / "claim").rename(attempts.run_dir() / "hidden")
    starting = asyncio.create_task(attempts.engine.start(launch))
    await asyncio.sleep(0)
    (attempts.run_dir() / "hidden").rename(attempts.run_dir() / "claim")

    await attempts.engine.cancel(attempts.task_id, 1, force=False)
    os.kill(server.pid, signal.SIGCONT)
    await starting

    assert (await attempts.end()).reason == "cancelled"
    assert not running(owner.pid)
