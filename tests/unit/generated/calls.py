"""A call of each operation, and what must go over the wire for it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from flowkit_api.models import (
    GarbageCollection,
    GarbageKind,
    InstanceTypeRequest,
    LogStream,
    MountRequest,
    ProfileFileCreate,
    ProfileFileUpdate,
    SecretCreate,
    SecretUpdate,
    SnapshotApplication,
    SnapshotCreate,
    SnapshotEntry,
    SnapshotEntryType,
    TaskBatchCreate,
    TaskClearField,
    TaskCreate,
    TaskStatus,
    TaskUpdate,
    WaitUntil,
)

from . import samples
from .call import Call
from .reservation_calls import RESERVATION_CALLS
from .samples import TASK_ID
from .storage_calls import STORAGE_CALLS
from .sweep_calls import SWEEP_CALLS

BODY = TaskCreate(command=["true"])
SINCE = datetime(2026, 11, 21, 3, 0, tzinfo=timezone(timedelta(hours=2)))


_TASK_CALLS = {
    "get_health": Call({}, "GET /v1/health", samples.HEALTH),
    "get_server": Call({}, "GET /v1/server", samples.SERVER),
    "list_instance_types": Call(
        {"gpu_type": "a100:2", "min_gpu_memory_gb": 40.5, "max_price_per_hour": 500},
        "GET /v1/instance_types?gpu_type=a100%3A2&min_gpu_memory_gb=40.5&max_price_per_hour=500",
        samples.page(samples.INSTANCE_TYPE),
    ),
    "normalize_instance_type": Call(
        {"body": InstanceTypeRequest(gpu_count=12)},
        "POST /v1/instance_types:normalize",
        {"instance_type": "8xa100", "num_instances": 2},
        body={"gpu_count": 12},
    ),
    "create_task": Call(
        {"body": BODY, "idempotency_key": "k1"},
        "POST /v1/tasks",
        samples.TASK,
        body={"command": ["true"]},
        headers=(("idempotency-key", "k1"),),
    ),
    "list_tasks": Call(
        {"status": [TaskStatus.RUNNING, TaskStatus("new")], "label": ["a=b c"], "page_size": 5},
        "GET /v1/tasks?page_size=5&status=running&status=new&label=a%3Db+c",
        samples.page(samples.TASK),
    ),
    "create_tasks": Call(
        {"body": TaskBatchCreate(tasks=[BODY, TaskCreate(command=["a"], env={"B": "c"})])},
        "POST /v1/tasks:batch",
        {"items": [samples.TASK]},
        body={"tasks": [{"command": ["true"]}, {"command": ["a"], "env": {"B": "c"}}]},
    ),
    "plan_task": Call(
        {"body": BODY}, "POST /v1/tasks:plan", samples.PLAN, body={"command": ["true"]}
    ),
    "get_task": Call({"task_id": TASK_ID}, f"GET /v1/tasks/{TASK_ID}", samples.TASK),
    "update_task": Call(
        {"task_id": TASK_ID, "body": TaskUpdate(priority=0, clear=[TaskClearField.NAME])},
        f"PATCH /v1/tasks/{TASK_ID}",
        samples.TASK,
        body={"priority": 0, "clear": ["name"]},
    ),
    "delete_task": Call({"task_id": TASK_ID}, f"DELETE /v1/tasks/{TASK_ID}", None),
    "cancel_task": Call(
        {"task_id": TASK_ID, "force": False},
        f"POST /v1/tasks/{TASK_ID}:cancel?force=false",
        samples.TASK,
    ),
    "hold_task": Call({"task_id": TASK_ID}, f"POST /v1/tasks/{TASK_ID}:hold", samples.TASK),
    "release_task": Call({"task_id": TASK_ID}, f"POST /v1/tasks/{TASK_ID}:release", samples.TASK),
    "list_task_attempts": Call(
        {"task_id": TASK_ID, "page_size": 2},
        f"GET /v1/tasks/{TASK_ID}/attempts?page_size=2",
        samples.page(samples.ATTEMPT),
    ),
    "wait_task": Call(
        {"task_id": TASK_ID, "until": WaitUntil.TERMINAL, "timeout": 30},
        f"GET /v1/tasks/{TASK_ID}:wait?until=terminal&timeout=30",
        samples.TASK,
    ),
    "get_task_logs": Call(
        {"task_id": TASK_ID, "stream": LogStream.STDERR, "offset": 0, "since": SINCE},
        f"GET /v1/tasks/{TASK_ID}/logs?stream=stderr&offset=0&since=2026-11-21T01%3A00%3A00Z",
        samples.LOG_PAGE,
    ),
    "follow_task_logs": Call(
        {"task_id": TASK_ID, "tail": 10, "last_event_id": "9"},
        f"GET /v1/tasks/{TASK_ID}/logs:follow?tail=10",
        None,
        headers=(("last-event-id", "9"),),
    ),
    "list_task_events": Call(
        {"task_id": TASK_ID, "page_token": "x"},
        f"GET /v1/tasks/{TASK_ID}/events?page_token=x",
        samples.page(samples.EVENT),
    ),
    "follow_task_events": Call(
        {"task_id": TASK_ID, "after": 3}, f"GET /v1/tasks/{TASK_ID}/events:follow?after=3", None
    ),
    "list_events": Call({}, "GET /v1/events", samples.page(samples.EVENT)),
    "follow_events": Call({"after": 0}, "GET /v1/events:follow?after=0", None),
    "mount_volume": Call(
        {"task_id": TASK_ID, "body": MountRequest(volume="datasets", target="/data")},
        f"POST /v1/tasks/{TASK_ID}:mount",
        samples.TASK,
        body={"volume": "datasets", "target": "/data"},
    ),
    "collect_garbage": Call(
        {"body": GarbageCollection(dry_run=True, kinds=[GarbageKind.CACHE])},
        "POST /v1/server:collect_garbage",
        {"dry_run": True, "items": [samples.GARBAGE_ITEM], "size_bytes": 9},
        body={"dry_run": True, "kinds": ["cache"]},
    ),
}

_SNAPSHOT = samples.SNAPSHOT["id"]
_PROFILE_FILE = samples.PROFILE_FILE["id"]

_SNAPSHOT_CALLS = {
    "create_snapshot": Call(
        {
            "body": SnapshotCreate(
                entries=[SnapshotEntry(path="a", type=SnapshotEntryType.DIRECTORY)], removed=[]
            )
        },
        "POST /v1/snapshots",
        samples.SNAPSHOT,
        body={"entries": [{"path": "a", "type": "directory"}], "removed": []},
    ),
    "list_snapshots": Call(
        {"page_size": 2}, "GET /v1/snapshots?page_size=2", samples.page(samples.SNAPSHOT)
    ),
    "get_snapshot": Call(
        {"snapshot_id": _SNAPSHOT}, f"GET /v1/snapshots/{_SNAPSHOT}", samples.SNAPSHOT
    ),
    "upload_snapshot_objects": Call(
        {"snapshot_id": _SNAPSHOT, "body": b"\x28\xb5\x2f\xfd"},
        f"POST /v1/snapshots/{_SNAPSHOT}:upload",
        samples.SNAPSHOT,
        body=b"\x28\xb5\x2f\xfd",
    ),
    "apply_snapshot": Call(
        {"task_id": TASK_ID, "body": SnapshotApplication(snapshot_id=_SNAPSHOT)},
        f"POST /v1/tasks/{TASK_ID}:apply_snapshot",
        {"written": 1, "unchanged": 2, "size_bytes": 3},
        body={"snapshot_id": _SNAPSHOT},
    ),
}

_SECRET_CALLS = {
    "create_secret": Call(
        {"body": SecretCreate(name="TOKEN", value="v"), "idempotency_key": "k2"},
        "POST /v1/secrets",
        samples.SECRET,
        body={"name": "TOKEN", "value": "v"},
        headers=(("idempotency-key", "k2"),),
    ),
    "list_secrets": Call({}, "GET /v1/secrets", samples.page(samples.SECRET)),
    "update_secret": Call(
        {"secret_name": "TOKEN", "body": SecretUpdate(value="w")},
        "PATCH /v1/secrets/TOKEN",
        samples.SECRET,
        body={"value": "w"},
    ),
    "delete_secret": Call({"secret_name": "TOKEN"}, "DELETE /v1/secrets/TOKEN", None),
    "create_profile_file": Call(
        {"body": ProfileFileCreate(path=".netrc", content="", mode=0o600)},
        "POST /v1/profile_files",
        samples.PROFILE_FILE,
        body={"path": ".netrc", "content": "", "mode": 384},
    ),
    "list_profile_files": Call({}, "GET /v1/profile_files", samples.page(samples.PROFILE_FILE)),
    "get_profile_file": Call(
        {"profile_file_id": _PROFILE_FILE},
        f"GET /v1/profile_files/{_PROFILE_FILE}",
        samples.PROFILE_FILE | {"content": "machine"},
    ),
    "update_profile_file": Call(
        {"profile_file_id": _PROFILE_FILE, "body": ProfileFileUpdate(content="b")},
        f"PATCH /v1/profile_files/{_PROFILE_FILE}",
        samples.PROFILE_FILE,
        body={"content": "b"},
    ),
    "delete_profile_file": Call(
        {"profile_file_id": _PROFILE_FILE}, f"DELETE /v1/profile_files/{_PROFILE_FILE}", None
    ),
}

CALLS = (
    _TASK_CALLS | STORAGE_CALLS | _SNAPSHOT_CALLS | _SECRET_CALLS | SWEEP_CALLS | RESERVATION_CALLS
)
