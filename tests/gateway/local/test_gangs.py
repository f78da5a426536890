"""Tasks of several nodes on one machine: whatever is killed, no node outlives its task."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from flowkit_gateway.engines.engine import State
from flowkit_gateway.engines.local import claim, procfs
from flowkit_gateway.engines.node_dirs import node_dir
from tests.gateway.local.attempts import Attempts, marked, reached, running

SLEEPERS = ["bash", "-c", "sleep 1000 & (setsid sleep 1000 &); echo up; sleep 1000"]


async def owners(attempts: Attempts, nodes: int) -> list[claim.Claim]:
    """Wait until all nodes of a gang run, and return its leader and its supervisors by rank."""
    run_dir = str(attempts.run_dir())
    for rank in range(nodes):
        await reached(lambda rank=rank: node_output(attempts, rank) == b"up\n")  # type: ignore[misc]  # mypy#12557
    found = [claim.read(each) for each in (run_dir, *(node_dir(run_dir, n) for n in range(nodes)))]
    return [owner for owner in found if owner is not None]


def node_output(attempts: Attempts, rank: int, name: str = "stdout") -> bytes:
    path = Path(node_dir(str(attempts.run_dir()), rank), name)
    return path.read_bytes() if path.exists() else b""


async def test_a_killed_supervisor_is_a_lost_node_and_the_end_of_its_gang(
    attempts: Attempts,
) -> None:
    await attempts.start(SLEEPERS, num_instances=3)
    _, _, second, _ = await owners(attempts, 3)

    os.kill(second.pid, signal.SIGKILL)

    end = await attempts.end()
    assert (end.state, end.reason, end.exit_code) == (State.ENDED, "node_lost", None)
    assert end.message == "node 1: its supervisor was killed"
    assert not marked(attempts.task_id)


async def test_a_killed_leader_is_a_lost_attempt(attempts: Attempts) -> None:
    await attempts.start(SLEEPERS, num_instances=3)
    leader, *supervisors = await owners(attempts, 3)

    os.kill(leader.pid, signal.SIGKILL)

    end = await attempts.end()
    assert (end.state, end.message) == (State.LOST, "its supervisor was killed")
    assert not marked(attempts.task_id)
    assert not [each for each in supervisors if running(each.pid)]


async def test_all_of_a_gang_killed_at_once_leaves_nothing(attempts: Attempts) -> None:
    await attempts.start(SLEEPERS, num_instances=3)
    everybody = await owners(attempts, 3)
    for owner in everybody:
        os.kill(owner.pid, signal.SIGSTOP)

    for owner in everybody:
        os.kill(owner.pid, signal.SIGKILL)

    assert (await attempts.end()).state is State.LOST
    assert not marked(attempts.task_id)


async def test_nodes_end_with_their_leader_though_no_gateway_looks(attempts: Attempts) -> None:
    await attempts.start(SLEEPERS, num_instances=2)
    leader, *_ = await owners(attempts, 2)
    await attempts.engine.close()

    os.kill(leader.pid, signal.SIGKILL)

    await reached(lambda: not marked(attempts.task_id))
    reopened = await attempts.reopen()
    await reopened.attach()
    assert (await reopened.end()).state is State.LOST


async def test_a_node_that_was_forked_and_not_claimed_is_never_run(attempts: Attempts) -> None:
    """As when its leader is killed in between, and the supervisor gets no time before the sweep."""
    await attempts.start(SLEEPERS, num_instances=2)
    leader, *_ = await owners(attempts, 2)
    late = node_dir(str(attempts.run_dir()), 2)
    os.mkdir(late)

    os.kill(leader.pid, signal.SIGKILL)

    assert (await attempts.end()).state is State.LOST
    assert claim.read(late) == claim.Claim(0, 0, "")


async def test_output_is_bounded_for_the_gang_as_a_whole(attempts: Attempts) -> None:
    end = await attempts.shell("head -c 3000 /dev/zero", num_instances=4, max_output_bytes=4000)

    assert end.exit_code == 0
    kept = [len(node_output(attempts, rank)) for rank in range(4)]
    assert (kept, end.output_dropped_bytes) == ([1000] * 4, 8000)


async def test_memory_is_bounded_for_each_node(attempts: Attempts) -> None:
    hog = "held = b'x' * (rank * 150_000_000); print('up', flush=True); time.sleep(1000)"
    code = f"import os, time; rank = int(os.environ['FLOWKIT_NODE_RANK']); {hog}"

    end = await attempts.run(
        ["python3", "-I", "-S", "-c", code], num_instances=2, memory_bytes=100_000_000
    )

    assert (end.reason, end.message) == (
        "out_of_memory",
        "node 1: used more than its 0.1 GB of memory",
    )


async def test_what_a_node_leaves_running_ends_with_it(attempts: Attempts) -> None:
    end = await attempts.shell("setsid sleep 1000 & echo $!", num_instances=2)

    assert end.exit_code == 0
    pids = [int(node_output(attempts, rank)) for rank in range(2)]
    assert not [pid for pid in pids if running(pid)]


async def test_a_stopped_node_is_not_waited_for_when_the_gang_is_killed(attempts: Attempts) -> None:
    await attempts.start(SLEEPERS, num_instances=2)
    _, first, _ = await owners(attempts, 2)
    os.kill(first.pid, signal.SIGSTOP)

    await attempts.engine.cancel(attempts.task_id, 1, force=True)

    end = await attempts.end()
    assert (end.reason, end.exit_code) == ("cancelled", 128 + signal.SIGKILL)
    assert not marked(attempts.task_id)
    assert not procfs.alive(first.pid, first.start_time)


async def test_of_two_leaders_only_one_runs_the_gang(attempts: Attempts) -> None:
    """As when a spawner dies after it forked and before it answered."""
    launch = attempts.launch(["bash", "-c", "echo once"])._replace(num_instances=2)
    job = attempts.engine._job(launch)
    attempts.run_dir().mkdir(parents=True)
    for _ in range(4):
        await attempts.engine._fork_server.spawn(job)

    await attempts.attach()

    assert (await attempts.end()).exit_code == 0
    assert [node_output(attempts, rank) for rank in range(2)] == [b"once\n"] * 2
