"""One answer of each kind that a gateway gives, with as little in it as the contract allows."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TASK_ID = "task_01jd2k3m4n5p6q7r8s9t0v1w2x"
TIME = "2026-11-21T01:00:00.500000Z"

HEALTH: Json = {"status": "ok"}
SERVER: Json = {
    "version": "1.0.0",
    "contract_version": "1.0.0",
    "engine": "local",
    "embedded": True,
    "simulated": False,
    "pid": 7,
    "started_at": TIME,
    "uptime_seconds": 1.5,
    "project": "default",
    "user": "ana",
    "limits": {
        "max_body_bytes": 1,
        "max_batch_tasks": 2,
        "max_wait_seconds": 60,
        "max_output_bytes": 4,
        "max_num_instances": 1,
        "cpus": 8,
        "memory_gb": 64.5,
        "gpus": 0,
    },
}
INSTANCE_TYPE: Json = {
    "name": "1xa100-80gb",
    "gpu_count": 1,
    "cpus": 8,
    "memory_gb": 64,
    "price_per_hour": {"amount_minor": 199, "currency": "USD"},
    "available": 1,
    "simulated": True,
}
TASK: Json = {
    "id": TASK_ID,
    "command": ["python", "train.py"],
    "env": {"SEED": "1"},
    "project": "default",
    "status": "running",
    "engine": "local",
    "created_at": TIME,
    "simulated": False,
    "attempt": 1,
}
PLAN: Json = {
    "feasible": True,
    "engine": "local",
    "simulated": False,
    "num_instances": 1,
    "checks": [{"name": "gpu", "outcome": "passed"}],
}
LOG_PAGE: Json = {
    "chunks": [{"stream": "stdout", "offset": 0, "time": TIME, "text": "loss 0.1\n"}],
    "next_offset": 9,
    "end": False,
}
EVENT: Json = {"number": 3, "type": "task.created", "at": TIME, "task_id": TASK_ID}
PROBLEM: Json = {
    "type": "about:blank",
    "title": "Not found",
    "status": 404,
    "detail": "there is no such task",
    "code": "task_not_found",
    "correlation_id": "c0ffee",
    "hint": "list the tasks",
    "details": [{"loc": "/path/task_id", "msg": "unknown"}],
}


def page(item: Json) -> Json:
    return {"items": [item], "next_page_token": "next"}
