"""Tasks that depend on others, are tried again and are held."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowkit import Flow
from flowkit.errors import InvalidRequest, NotFound, TaskNotPending


def failing_at_first(folder: Path, times: int) -> str:
    """Return a command that fails some times, with an exit code that counts them."""
    count = folder / "count"
    return (
        f"n=$(cat {count} 2>/dev/null || echo 0); n=$((n + 1)); echo $n > {count};"
        f" echo attempt $n; [ $n -gt {times} ] || exit $n"
    )


def test_what_every_attempt_wrote_is_there(flow: Flow, tmp_path: Path) -> None:
    task = flow.run(failing_at_first(tmp_path, 2), retries={"max": 5, "backoff": 0})
    assert list(task.logs(follow=True)) == ["attempt 1", "attempt 2", "attempt 3"]
    assert task.wait(timeout="1m").status == "completed"
    assert [(each.number, each.status, each.exit_code) for each in task.attempts()] == [
        (3, "completed", 0),
        (2, "failed", 2),
        (1, "failed", 1),
    ]
    assert [task.logs(attempt=number) for number in (1, 2, 3)] == [
        f"attempt {number}\n" for number in (1, 2, 3)
    ]
    assert list(task.logs(follow=True, attempt=2)) == ["attempt 2"]
    assert task.logs() == "attempt 3\n"
    assert flow.logs(task.id, attempt=1) == "attempt 1\n"
    with pytest.raises(NotFound, match="no attempt 4"):
        task.logs(attempt=4)
    with pytest.raises(InvalidRequest, match="attempt 0"):
        task.logs(attempt=0)


def test_a_chain_of_tasks_runs_in_its_order(flow: Flow, tmp_path: Path) -> None:
    log = tmp_path / "order"
    tasks = flow.submit_many(
        [
            {"name": "report", "command": f"echo report >> {log}", "depends_on": "train"},
            {"name": "train", "command": f"echo train >> {log}", "depends_on": ["prepare"]},
            {"name": "prepare", "command": f"sleep 0.2; echo prepare >> {log}"},
        ]
    )
    report = tasks[0].wait(timeout="1m")
    assert report.status == "completed"
    assert log.read_text().split() == ["prepare", "train", "report"]


def test_a_task_behind_one_that_failed_never_runs(flow: Flow) -> None:
    first = flow.submit("exit 3")
    second = flow.submit("echo never", depends_on=first)
    third = flow.submit("echo cleanup", depends_on=f"afterany:{first.id}")
    second.wait(timeout="1m")
    assert (second.status, second.reason, second.exit_code) == ("failed", "dependency_failed", None)
    assert first.id in (second.message or "")
    assert third.wait(timeout="1m").exit_code == 0


def test_a_held_task_waits_until_it_is_released(flow: Flow) -> None:
    task = flow.run("echo released", hold=True)
    assert (task.status, task.data.held_at is not None) == ("pending", True)
    task.release()
    assert task.wait(timeout="1m").logs() == "released\n"
    with pytest.raises(TaskNotPending):
        task.hold()
