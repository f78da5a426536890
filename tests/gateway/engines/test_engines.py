"""What every engine does alike: one task means the same on a laptop and on a cluster."""

from __future__ import annotations

import re
import signal

import pytest

from tests.gateway.conftest import StartGateway
from tests.gateway.engines.work import Work
from tests.gateway.local.attempts import running

ENDINGS = [
    (["true"], ("completed", "exited", 0, None)),
    (["bash", "-c", "exit 7"], ("failed", "exited", 7, None)),
    (
        ["bash", "-c", "kill -9 $$"],
        ("failed", "exited", 137, "killed by signal 9 (SIGKILL)"),
    ),
    (
        ["bash", "-c", "kill -TERM $$"],
        ("failed", "exited", 143, "killed by signal 15 (SIGTERM)"),
    ),
    (
        ["no-such-program"],
        ("failed", "start_failed", 127, "command not found: no-such-program"),
    ),
    (["/etc/hostname"], ("failed", "start_failed", 126, "cannot run /etc/hostname")),
]


def test_how_commands_end(work: Work) -> None:
    submitted = [(work.submit(command), wanted) for command, wanted in ENDINGS]

    for task_id, (status, reason, exit_code, message) in submitted:
        task = work.end(task_id)
        assert (task["status"], task["reason"]) == (status, reason)
        assert task.get("exit_code") == exit_code
        assert task["started_at"] <= task["finished_at"]
        if message is None:
            assert "message" not in task
        else:
            assert task["message"].startswith(message)


def test_both_logs_are_kept_to_the_byte_and_in_order(work: Work) -> None:
    task = work.run(
        r"for n in 1 2 3; do echo out $n; sleep 0.02; echo err $n >&2; sleep 0.02; done"
    )

    task_id = task["id"]
    assert work.output(task_id, "stdout") == "out 1\nout 2\nout 3\n"
    assert work.output(task_id, "stderr") == "err 1\nerr 2\nerr 3\n"
    assert work.output(task_id) == "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n"
    assert task["output_bytes"] == 36


def test_a_line_can_be_read_while_the_task_runs(work: Work) -> None:
    task_id = work.shell("echo up; sleep 1000")

    work.written(task_id, "up")

    assert work.running(task_id)["status"] == "running"
    assert work.cancel(task_id, force=True)["reason"] == "cancelled"


def test_what_a_command_finds_in_its_environment(work: Work) -> None:
    env = {"GREETING": "two words; $HOME", "PATH": "/usr/bin:/bin", "MASTER_PORT": "1234"}
    task = work.run("env; echo dir=$PWD; umask", gpu=["a100:2"], env=env)

    found = dict(line.split("=", 1) for line in work.output(task["id"]).splitlines() if "=" in line)
    assert found["GREETING"] == "two words; $HOME"
    assert found["MASTER_PORT"] == "1234"
    assert found["FLOWKIT_TASK_ID"] == task["id"]
    assert found["FLOWKIT_NODE_RANK"] == "0"
    assert found["FLOWKIT_NUM_NODES"] == "1"
    assert found["FLOWKIT_GPUS_PER_NODE"] == "2"
    assert found["MASTER_ADDR"] == found["FLOWKIT_NODE_IPS"]
    assert found["dir"].endswith("/workspace")
    assert task["instance_type"] == "2xa100-40gb"
    if work.engine == "slurm":
        assert len(found["CUDA_VISIBLE_DEVICES"].split(",")) == 2
        assert found["SLURM_JOB_ID"].isdigit()
    else:
        assert found["FLOWKIT_SIMULATED_GPUS"] == "2"


def test_files_are_made_with_the_umask_that_the_gateway_was_started_with(work: Work) -> None:
    task = work.run("touch made; stat -c %a made; umask")

    mode, umask = work.output(task["id"]).split()
    assert int(mode, 8) == 0o666 & ~int(umask, 8)
    assert int(umask, 8) != 0o077


def test_cancel_asks_first(work: Work) -> None:
    task_id = work.shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done")
    work.written(task_id, "up")

    task = work.cancel(task_id)

    assert (task["status"], task["reason"], task["exit_code"]) == ("cancelled", "cancelled", 3)
    assert work.output(task_id, "stdout") == "up\nbye\n"


def test_force_does_not_wait(work: Work) -> None:
    task_id = work.shell("trap '' TERM; echo up; while :; do sleep 0.01; done")
    work.written(task_id, "up")

    task = work.cancel(task_id, force=True)

    assert (task["reason"], task["exit_code"]) == ("cancelled", 128 + signal.SIGKILL)


def test_a_time_limit_may_be_a_fraction_of_a_second(work: Work) -> None:
    task = work.run("sleep 1000", max_run_time=0.2)

    assert (task["status"], task["reason"], task["exit_code"]) == ("failed", "max_run_time", 143)
    assert task["message"] == "ran longer than its max_run_time of 0.2 s"


def test_a_task_beyond_its_memory_is_ended(work: Work) -> None:
    hog = "held = b'x' * 300_000_000; import time; time.sleep(1000)"

    task = work.end(work.submit(["python3", "-I", "-S", "-c", hog], memory_gb=0.1))

    assert (task["status"], task["reason"]) == ("failed", "out_of_memory")


def test_what_a_command_leaves_running_ends_with_it(work: Work) -> None:
    task = work.run("setsid sleep 1000 & echo $!; exit 5")

    assert task["exit_code"] == 5
    assert not running(int(work.output(task["id"])))


def test_outputs_are_kept(work: Work) -> None:
    task = work.run("mkdir made; echo 1 > made/a.txt; echo 2 > b.txt; exit 4", outputs=["made/**"])

    query = {"space": task["id"], "area": "outputs", "recursive": True}
    listed = work.client.get("/v1/files", params=query).json()["items"]
    assert task["exit_code"] == 4
    assert [item["path"] for item in listed] == ["made", "made/a.txt"]


@pytest.mark.parametrize("gpu", ["a100:9", "h100:999"])
def test_what_no_machine_has_is_refused_at_once(work: Work, gpu: str) -> None:
    answer = work.client.post("/v1/tasks", json={"command": ["true"], "gpu": [gpu]})

    assert answer.status_code == 422
    assert answer.json()["code"] == "no_capacity"
    assert re.search(r"\dxa100-40gb", answer.json()["hint"])


def test_tasks_outlive_the_kill_of_their_gateway(restarted: StartGateway) -> None:
    first = restarted()
    with first.client() as client:
        before = Work(client, "")
        runs = before.shell("echo one; while [ ! -e go ]; do sleep 0.02; done; echo two; exit 6")
        stays = before.shell("trap 'exit 8' TERM; echo up; while :; do sleep 0.01; done")
        before.written(runs, "one")
        before.written(stays, "up")
    first.kill()

    (first.data_dir / "tasks" / runs / "1" / "workspace" / "go").touch()
    with restarted().client() as client:
        after = Work(client, "")
        ended = after.end(runs)
        assert (ended["exit_code"], ended["attempt"]) == (6, 1)
        assert after.output(runs) == "one\ntwo\n"
        assert after.running(stays)["attempt"] == 1
        assert after.cancel(stays)["exit_code"] == 8
