"""A call of each operation on sweeps, and what must go over the wire for it."""

from __future__ import annotations

from flowkit_api.models import (
    SweepCaseStatus,
    SweepCombination,
    SweepCreate,
    SweepFailurePolicy,
    SweepParameter,
    TaskCreate,
)

from . import samples
from .call import Call

SWEEP_ID = "sweep_01jd2k3m4n5p6q7r8s9t0v1w2x"
_SWEEP: samples.Json = {
    "id": SWEEP_ID,
    "project": "default",
    "status": "running",
    "task": {"command": ["true"]},
    "parameters": [{"name": "LR", "values": ["0.1"]}],
    "combine": "product",
    "on_failure": "continue",
    "progress": {
        "total": 1,
        "pending": 1,
        "active": 0,
        "completed": 0,
        "failed": 0,
        "cancelled": 0,
    },
    "created_at": samples.TIME,
}
_CASE: samples.Json = {
    "number": 0,
    "parameters": {"LR": "0.1"},
    "status": "pending",
    "attempt": 1,
}

SWEEP_CALLS = {
    "create_sweep": Call(
        {
            "body": SweepCreate(
                task=TaskCreate(command=["true"]),
                parameters=[SweepParameter(name="LR", values=["0.1"])],
                combine=SweepCombination.ZIP,
                max_parallel=2,
                on_failure=SweepFailurePolicy.STOP,
            ),
            "idempotency_key": "k3",
        },
        "POST /v1/sweeps",
        _SWEEP,
        body={
            "task": {"command": ["true"]},
            "parameters": [{"name": "LR", "values": ["0.1"]}],
            "combine": "zip",
            "max_parallel": 2,
            "on_failure": "stop",
        },
        headers=(("idempotency-key", "k3"),),
    ),
    "list_sweeps": Call(
        {"name": "a", "page_size": 5}, "GET /v1/sweeps?page_size=5&name=a", samples.page(_SWEEP)
    ),
    "get_sweep": Call({"sweep_id": SWEEP_ID}, f"GET /v1/sweeps/{SWEEP_ID}", _SWEEP),
    "delete_sweep": Call({"sweep_id": SWEEP_ID}, f"DELETE /v1/sweeps/{SWEEP_ID}", None),
    "cancel_sweep": Call({"sweep_id": SWEEP_ID}, f"POST /v1/sweeps/{SWEEP_ID}:cancel", _SWEEP),
    "retry_sweep": Call({"sweep_id": SWEEP_ID}, f"POST /v1/sweeps/{SWEEP_ID}:retry", _SWEEP),
    "wait_sweep": Call(
        {"sweep_id": SWEEP_ID, "timeout": 2.5},
        f"GET /v1/sweeps/{SWEEP_ID}:wait?timeout=2.5",
        _SWEEP,
    ),
    "list_sweep_cases": Call(
        {"sweep_id": SWEEP_ID, "status": SweepCaseStatus.FAILED},
        f"GET /v1/sweeps/{SWEEP_ID}/cases?status=failed",
        samples.page(_CASE),
    ),
    "follow_sweep_cases": Call(
        {"sweep_id": SWEEP_ID, "after": 3, "last_event_id": "4"},
        f"GET /v1/sweeps/{SWEEP_ID}/cases:follow?after=3",
        None,
        headers=(("last-event-id", "4"),),
    ),
}
