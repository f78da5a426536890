"""What a Flow asks of the gateway about sweeps, and what it makes of the answers; both twins."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from flowkit import ConfigError, InvalidRequest, InvalidSweep, SweepNotFound, WaitTimeout
from tests.unit.facade.gateway import Gateway, sse
from tests.unit.twins import TASK_ID, Twin

SWEEP_ID = TASK_ID.replace("task", "sweep")
PATH = f"/sweeps/{SWEEP_ID}"


def sweep_document(status: str = "running", **progress: int) -> dict[str, object]:
    counts = {"pending": 0, "active": 0, "completed": 0, "failed": 0, "cancelled": 0} | progress
    return {
        "id": SWEEP_ID,
        "project": "default",
        "status": status,
        "task": {"command": ["true"]},
        "parameters": [{"name": "LR", "values": ["0.1", "a,b"]}],
        "combine": "product",
        "on_failure": "continue",
        "progress": {"total": sum(counts.values()), **counts},
        "created_at": "2026-11-20T10:00:00Z",
    }


def case_document(number: int, status: str = "completed", **fields: object) -> dict[str, object]:
    parameters = {"LR": ["0.1", "a,b"][number]}
    return {"number": number, "parameters": parameters, "status": status, "attempt": 1, **fields}


def test_a_sweep_is_sent_as_lists_of_text(twin: Twin, gateway: Gateway) -> None:
    flow = twin.flow(gateway.on("POST /sweeps", sweep_document(pending=2)))
    sweep = flow.sweep(
        ["train", "{LR}"],
        {"LR": "linspace:0.1,0.2,2", "SEED": [1, 2]},
        combine="zip",
        max_parallel=1,
        on_failure="stop",
        idempotency_key="k1",
        cpus=2,
        code=False,
    )
    assert (sweep.id, sweep.status, sweep.progress.total) == (SWEEP_ID, "running", 2)
    assert sweep.parameters == {"LR": ["0.1", "a,b"]}
    assert gateway.bodies == [
        {
            "task": {"command": ["train", "{LR}"], "cpus": 2},
            "parameters": [
                {"name": "LR", "values": ["0.1", "0.2"]},
                {"name": "SEED", "values": ["1", "2"]},
            ],
            "combine": "zip",
            "max_parallel": 1,
            "on_failure": "stop",
        }
    ]
    assert gateway.seen[0].headers["Idempotency-Key"] == "k1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"parameters": {}}, "no parameter to sweep over"),
        ({"parameters": None}, "of type NoneType are no names with values"),
        ({"parameters": {"LR": "0.1"}}, "LR: '0.1' is no list of values"),
        ({"parameters": {"1": [1]}}, "invalid parameter name '1'"),
        ({"combine": "both"}, "cannot be combined by 'both'"),
        ({"parameters": {"A": [1], "B": [1, 2]}, "combine": "zip"}, "A has 1, B has 2"),
        ({"max_parallel": 0}, "invalid max_parallel 0"),
        ({"max_parallel": True}, "invalid max_parallel True"),
        ({"max_parallel": "2"}, "invalid max_parallel of type str"),
        ({"on_failure": "retry"}, "invalid on_failure 'retry'"),
    ],
)
def test_a_wrong_sweep_is_not_sent(
    twin: Twin, gateway: Gateway, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidSweep, match=message) as caught:
        twin.flow(gateway).sweep("true", **{"parameters": {"A": [1]}, **arguments})
    assert caught.value.hint
    assert gateway.seen == []


def test_the_handle_does_what_the_namespace_does(twin: Twin, gateway: Gateway) -> None:
    gateway.on(f"GET {PATH}", sweep_document(active=2))
    gateway.on(f"POST {PATH}:cancel", sweep_document("stopping", active=2))
    gateway.on(f"POST {PATH}:retry", sweep_document(pending=2))
    gateway.on(f"DELETE {PATH}", {})
    flow = twin.flow(gateway)
    sweep = flow.sweeps.get(SWEEP_ID)
    assert sweep.cancel().status == "stopping"
    assert sweep.retry().progress.pending == 2
    assert sweep.refresh().progress.active == 2
    assert not sweep.is_terminal
    sweep.delete()
    asked = [f"{sent.method} {sent.url.path.removeprefix('/v1')}" for sent in gateway.seen]
    assert asked[1:] == [
        f"POST {PATH}:cancel",
        f"POST {PATH}:retry",
        f"GET {PATH}",
        f"DELETE {PATH}",
    ]


def test_sweeps_are_listed(twin: Twin, gateway: Gateway) -> None:
    gateway.on("GET /sweeps", {"items": [sweep_document()]})
    assert [sweep.id for sweep in twin.flow(gateway).sweeps.list(name="a", limit=3)] == [SWEEP_ID]
    assert gateway.queries == [{"name": ["a"], "page_size": ["3"]}]


def test_a_wait_ends_with_the_sweep(twin: Twin, gateway: Gateway) -> None:
    gateway.on(f"GET {PATH}", sweep_document(active=1))
    gateway.on(f"GET {PATH}:wait", sweep_document(active=1), sweep_document("failed", failed=1))
    sweep = twin.flow(gateway).sweeps.get(SWEEP_ID)
    assert sweep.wait().status == "failed"
    assert sweep.is_terminal
    assert len(gateway.seen) == 3


def test_a_wait_that_is_over_says_what_is_left(twin: Twin, gateway: Gateway) -> None:
    gateway.on(f"GET {PATH}:wait", sweep_document(active=1, pending=2, failed=1))
    with pytest.raises(WaitTimeout, match=r"within 0 s; 3 of 4 cases are left"):
        twin.flow(gateway).sweeps.wait(SWEEP_ID, timeout=0)


def test_cases_are_followed_to_the_end(twin: Twin, gateway: Gateway) -> None:
    stream = sse("case", 1, case_document(1)) + sse("case", 2, case_document(0, "failed"))
    stream += sse("end", 2, sweep_document("failed", completed=1, failed=1))
    gateway.on(f"GET {PATH}", sweep_document(active=2))
    gateway.on(f"GET {PATH}/cases:follow", stream)
    sweep = twin.flow(gateway).sweeps.get(SWEEP_ID)
    assert [case.number for case in sweep.follow()] == [1, 0]
    assert sweep.status == "failed"


def test_a_cut_stream_of_cases_goes_on_where_it_was(twin: Twin, gateway: Gateway) -> None:
    gateway.on(
        f"GET {PATH}/cases:follow",
        sse("case", 7, case_document(1)),
        sse("case", 8, case_document(0)) + sse("end", 8, sweep_document("completed", completed=2)),
    )
    found = twin.flow(gateway).sweeps.follow(SWEEP_ID)
    assert [case.number for case in found] == [1, 0]
    assert gateway.seen[1].headers["Last-Event-ID"] == "7"


def test_map_sweeps_over_one_parameter(twin: Twin, gateway: Gateway) -> None:
    end = sse("end", 1, sweep_document("completed", completed=1))
    gateway.on("POST /sweeps", sweep_document(pending=1))
    gateway.on(f"GET {PATH}/cases:follow", sse("case", 1, case_document(0)) + end)
    found = twin.flow(gateway).map("echo {VALUE}", "range:2", max_parallel=1, code=False)
    assert len(gateway.seen) == 1, "it is submitted whether or not anyone reads the cases"
    assert [case.number for case in found] == [0]
    assert gateway.bodies[0]["parameters"] == [{"name": "VALUE", "values": ["0", "1"]}]


@pytest.fixture
def sweep(twin: Twin, gateway: Gateway) -> Any:
    """A sweep with two cases."""
    gateway.on(f"GET {PATH}", sweep_document())
    items = [case_document(0, task_id=TASK_ID, exit_code=0), case_document(1, "cancelled")]
    gateway.on(f"GET {PATH}/cases", {"items": items})
    return twin.flow(gateway).sweeps.get(SWEEP_ID)


def test_the_table_has_a_row_for_each_case(sweep: Any) -> None:
    rows = [
        {"case": 0, "LR": "0.1", "status": "completed", "exit_code": 0, "task_id": TASK_ID},
        {"case": 1, "LR": "a,b", "status": "cancelled", "exit_code": None, "task_id": None},
    ]
    assert sweep.table() == rows
    assert json.loads(sweep.to_json()) == rows
    assert sweep.to_csv() == (
        f'case,LR,status,exit_code,task_id\n0,0.1,completed,0,{TASK_ID}\n1,"a,b",cancelled,,\n'
    )


def test_the_table_as_a_data_frame(sweep: Any) -> None:
    frame = sweep.to_pandas()
    assert list(frame.columns) == ["case", "LR", "status", "exit_code", "task_id"]
    assert frame["LR"].tolist() == ["0.1", "a,b"]
    assert frame["exit_code"][0] == 0
    assert frame["exit_code"].isna().tolist() == [False, True]


def test_without_pandas_there_is_a_hint(sweep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # What Python does with a module that is not installed.
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigError, match="pandas is not installed") as caught:
        sweep.to_pandas()
    assert caught.value.hint is not None
    assert "pip install pandas" in caught.value.hint


def test_cases_can_be_narrowed_to_a_state(sweep: Any, gateway: Gateway) -> None:
    assert len(list(sweep.cases(status="failed"))) == 2
    assert gateway.queries[-1]["status"] == ["failed"]
    with pytest.raises(InvalidRequest, match="a case has no status 'faild'") as caught:
        list(sweep.cases(status="faild"))
    assert caught.value.hint == "did you mean failed?"


@pytest.mark.parametrize("sweep_id", ["", "task_1", TASK_ID, 7])
def test_what_cannot_be_a_sweep_is_not_asked_for(
    twin: Twin, gateway: Gateway, sweep_id: Any
) -> None:
    with pytest.raises(SweepNotFound, match="there is no sweep"):
        twin.flow(gateway).sweeps.get(sweep_id)
    assert gateway.seen == []
