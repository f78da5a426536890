"""What the cases of a sweep come to, where their tasks are real processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from tests.conditions import eventually
from tests.gateway.sweeps.calls import cases, create, ended, get, post, shell


def events(client: httpx.Client, sweep: dict[str, Any], **query: Any) -> list[tuple[str, Any]]:
    """Follow the cases of a sweep to the end, and return the kind and document of each event."""
    path = f"/v1/sweeps/{sweep['id']}/cases:follow"
    found = []
    with client.stream("GET", path, params=query) as response:
        for block in "".join(response.iter_text()).split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
            if fields:
                found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_each_case_has_the_exit_code_of_its_task(local: httpx.Client) -> None:
    sweep = create(local, shell("exit {CODE}"), CODE=[0, 3, 7])
    done = ended(local, sweep)
    assert (done["status"], done["progress"]["failed"]) == ("failed", 2)
    told = cases(local, sweep)
    assert [(case["status"], case["exit_code"]) for case in told] == [
        ("completed", 0),
        ("failed", 3),
        ("failed", 7),
    ]
    assert [case["number"] for case in cases(local, sweep, status="failed")] == [1, 2]


def test_a_case_sees_its_values(local: httpx.Client, tmp_path: Path) -> None:
    line = f'echo "$LR {{LR}} $FLOWKIT_SWEEP_PARAMETERS" > {tmp_path}/$FLOWKIT_SWEEP_CASE'
    ended(local, create(local, shell(line), LR=["0.1", "0.2"]))
    assert (tmp_path / "1").read_text() == '0.2 0.2 {"LR":"0.2"}\n'


def test_a_failure_stops_a_sweep_that_is_to_stop(local: httpx.Client, tmp_path: Path) -> None:
    # Case 0 fails once case 1 runs; the others must never have begun.
    line = f"touch {tmp_path}/{{N}}; [ {{N}} = 0 ] || exec sleep 60; "
    line += f"while [ ! -e {tmp_path}/1 ]; do sleep 0.02; done; exit 5"
    sweep = create(local, shell(line), N=range(6), max_parallel=2, on_failure="stop",
                   task={"cpus": 0.1})  # fmt: skip
    done = ended(local, sweep)
    assert done["status"] == "failed"
    assert (done["progress"]["failed"], done["progress"]["cancelled"]) == (1, 5)
    assert "cancel_requested_at" not in done
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]
    assert cases(local, sweep)[5]["message"] == "a case before it failed"


def test_a_retry_runs_only_the_cases_that_failed(local: httpx.Client, tmp_path: Path) -> None:
    line = f"echo x >> {tmp_path}/{{N}}; [ $(wc -l < {tmp_path}/{{N}}) -gt {{N}} ]"
    sweep = create(local, shell(line), N=[0, 1, 2])
    assert ended(local, sweep)["progress"]["failed"] == 2
    post(local, sweep, "retry")
    assert ended(local, sweep)["progress"]["failed"] == 1
    post(local, sweep, "retry")
    assert ended(local, sweep)["status"] == "completed"
    assert [len((tmp_path / str(number)).read_text().split()) for number in range(3)] == [1, 2, 3]
    assert [case["attempt"] for case in cases(local, sweep)] == [1, 2, 3]
    tasks = local.get("/v1/tasks", params={"label": f"sweep={sweep['id']}"}).json()["items"]
    assert len(tasks) == 6


def test_a_retry_while_others_run_starts_at_once(local: httpx.Client, tmp_path: Path) -> None:
    line = f"[ {{N}} = 0 ] && exec test -e {tmp_path}/go; "
    line += f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"
    sweep = create(local, shell(line), N=[0, 1], task={"cpus": 0.1})
    eventually(lambda: get(local, sweep)["progress"]["failed"] == 1)
    (tmp_path / "go").touch()
    post(local, sweep, "retry")
    assert ended(local, sweep)["status"] == "completed"


def test_cases_are_followed_in_the_order_in_which_they_end(
    local: httpx.Client, tmp_path: Path
) -> None:
    # Each case but the last waits for the one after it.
    line = f"while [ {{N}} -lt 3 ] && [ ! -e {tmp_path}/$(({{N}} + 1)) ]; do sleep 0.02; done; "
    line += f"sleep 0.1; touch {tmp_path}/{{N}}"
    sweep = create(local, shell(line), N=range(4), task={"cpus": 0.1})
    told = events(local, sweep)
    assert [(kind, value.get("number")) for kind, value in told] == [
        ("case", 3),
        ("case", 2),
        ("case", 1),
        ("case", 0),
        ("end", None),
    ]
    assert told[-1][1]["status"] == "completed"
    assert [value.get("number") for _, value in events(local, sweep, after=2)] == [1, 0, None]


def test_the_end_of_cases_that_never_began_is_followed_too(holding: httpx.Client) -> None:
    sweep = create(holding, A=range(1200), max_parallel=1)
    eventually(lambda: get(holding, sweep)["progress"]["active"])
    post(holding, sweep, "cancel")
    told = events(holding, sweep)
    assert sorted(value["number"] for kind, value in told if kind == "case") == list(range(1200))


def test_a_case_that_nothing_can_run_any_more_fails_with_the_reason(
    local: httpx.Client, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    sweep = create(
        local, shell(f"rmdir {place}"), N=[0, 1], max_parallel=1, task={"working_dir": str(place)}
    )
    done = ended(local, sweep)
    assert (done["status"], done["progress"]["completed"]) == ("failed", 1)
    refused = cases(local, sweep)[1]
    assert refused["reason"] == "start_failed"
    assert "is not a directory" in refused["message"]
    assert "task_id" not in refused
