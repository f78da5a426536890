"""One answer of each kind that a gateway gives, with as little in it as the contract allows."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TASK_ID = "task_01jd2k3m4n5p6q7r8s9t0v1w2x"
VOLUME_ID = "vol_01jd2k3m4n5p6q7r8s9t0v1w2x"
GRANT_ID = "grant_01jd2k3m4n5p6q7r8s9t0v1w2x"
UPLOAD_ID = "upload_01jd2k3m4n5p6q7r8s9t0v1w2x"
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
ATTEMPT: Json = {
    "number": 2,
    "status": "failed",
    "reason": "exited",
    "exit_code": 3,
    "started_at": TIME,
    "finished_at": TIME,
    "output_bytes": 9,
}
LOG_PAGE: Json = {
    "chunks": [{"stream": "stdout", "offset": 0, "time": TIME, "text": "loss 0.1\n"}],
    "next_offset": 9,
    "end": False,
}
EVENT: Json = {"number": 3, "type": "task.created", "at": TIME, "task_id": TASK_ID}
VOLUME: Json = {
    "id": VOLUME_ID,
    "project": "default",
    "size_gb": 5,
    "interface": "file",
    "region": "local",
    "permission": "rw",
    "cloneable": False,
    "access": "rw",
    "created_at": TIME,
}
GRANT: Json = {
    "id": GRANT_ID,
    "volume_id": VOLUME_ID,
    "project": "default",
    "principal": "user:ada",
    "permission": "ro",
    "status": "pending",
    "created_at": TIME,
}
FILE: Json = {
    "path": "a/b",
    "type": "file",
    "size_bytes": 7,
    "mode": 420,
    "modified_at": TIME,
    "etag": '"1-2-7"',
}
UPLOAD: Json = {
    "id": UPLOAD_ID,
    "space": VOLUME_ID,
    "path": "a",
    "size_bytes": 9,
    "offset": 4,
    "created_at": TIME,
}
SNAPSHOT: Json = {
    "id": "snap_01jd2k3m4n5p6q7r8s9t0v1w2x",
    "project": "default",
    "complete": False,
    "file_count": 1,
    "size_bytes": 7,
    "created_at": TIME,
    "missing": ["0" * 64],
}
SECRET: Json = {"name": "TOKEN", "created_at": TIME, "updated_at": TIME}
PROFILE_FILE: Json = {
    "id": "profile_01jd2k3m4n5p6q7r8s9t0v1w2x",
    "path": ".netrc",
    "mode": 384,
    "size_bytes": 7,
    "created_at": TIME,
    "updated_at": TIME,
}
GARBAGE_ITEM: Json = {"kind": "cache", "name": "s3", "size_bytes": 9}
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
