"""A call of each operation on volumes, their grants and their files."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from flowkit_api.models import (
    DirectoryRequest,
    FileArea,
    GrantCreate,
    GrantDirection,
    GrantStatus,
    MoveRequest,
    UploadCompletion,
    UploadCreate,
    VolumeClearField,
    VolumeClone,
    VolumeCreate,
    VolumeInterface,
    VolumePermission,
    VolumeUpdate,
)

from . import samples
from .call import Call
from .samples import GRANT_ID, TASK_ID, UPLOAD_ID, VOLUME_ID

_MODIFIED_AT = datetime(2026, 11, 21, 3, 0, tzinfo=timezone(timedelta(hours=2)))
_SHA256 = "0" * 64

_VOLUME_CALLS = {
    "create_volume": Call(
        {"body": VolumeCreate(size_gb=5, name="data", interface=VolumeInterface.FILE)},
        "POST /v1/volumes",
        samples.VOLUME,
        body={"size_gb": 5, "name": "data", "interface": "file"},
    ),
    "list_volumes": Call(
        {"name": "data"}, "GET /v1/volumes?name=data", samples.page(samples.VOLUME)
    ),
    "get_volume": Call({"volume_id": VOLUME_ID}, f"GET /v1/volumes/{VOLUME_ID}", samples.VOLUME),
    "update_volume": Call(
        {
            "volume_id": VOLUME_ID,
            "body": VolumeUpdate(
                permission=VolumePermission.RO, cloneable=False, clear=[VolumeClearField.NAME]
            ),
        },
        f"PATCH /v1/volumes/{VOLUME_ID}",
        samples.VOLUME,
        body={"permission": "ro", "cloneable": False, "clear": ["name"]},
    ),
    "delete_volume": Call({"volume_id": VOLUME_ID}, f"DELETE /v1/volumes/{VOLUME_ID}", None),
    "create_volume_clone": Call(
        {"volume_id": VOLUME_ID, "body": VolumeClone(name="copy"), "idempotency_key": "k3"},
        f"POST /v1/volumes/{VOLUME_ID}:clone",
        samples.VOLUME,
        body={"name": "copy"},
        headers=(("idempotency-key", "k3"),),
    ),
    "get_volume_usage": Call(
        {"volume_id": VOLUME_ID},
        f"GET /v1/volumes/{VOLUME_ID}:usage",
        {"used_bytes": 1, "file_count": 2, "quota_bytes": 5_000_000_000},
    ),
}

_GRANT_CALLS = {
    "create_grant": Call(
        {"body": GrantCreate(volume_id=VOLUME_ID, principal="user:ada")},
        "POST /v1/grants",
        samples.GRANT,
        body={"volume_id": VOLUME_ID, "principal": "user:ada"},
    ),
    "list_grants": Call(
        {"status": GrantStatus.PENDING, "direction": GrantDirection.RECEIVED},
        "GET /v1/grants?status=pending&direction=received",
        samples.page(samples.GRANT),
    ),
    "delete_grant": Call({"grant_id": GRANT_ID}, f"DELETE /v1/grants/{GRANT_ID}", None),
    "accept_grant": Call(
        {"grant_id": GRANT_ID}, f"POST /v1/grants/{GRANT_ID}:accept", samples.GRANT
    ),
    "decline_grant": Call(
        {"grant_id": GRANT_ID}, f"POST /v1/grants/{GRANT_ID}:decline", samples.GRANT
    ),
}

_FILE_CALLS = {
    "list_files": Call(
        {"space": TASK_ID, "area": FileArea.OUTPUTS, "path": "a b", "recursive": True},
        f"GET /v1/files?space={TASK_ID}&area=outputs&path=a+b&recursive=true",
        samples.page(samples.FILE),
    ),
    "delete_file": Call(
        {"space": VOLUME_ID, "path": "a/b"}, f"DELETE /v1/files?space={VOLUME_ID}&path=a%2Fb", None
    ),
    "stat_file": Call(
        {"space": VOLUME_ID, "path": "a", "checksum": True},
        f"GET /v1/files:stat?space={VOLUME_ID}&path=a&checksum=true",
        samples.FILE,
    ),
    "read_file": Call(
        {"space": VOLUME_ID, "path": "a", "range_": "bytes=5-", "if_match": '"e"'},
        f"GET /v1/files:read?space={VOLUME_ID}&path=a",
        None,
        headers=(("range", "bytes=5-"), ("if-match", '"e"')),
    ),
    "write_file": Call(
        {
            "space": VOLUME_ID,
            "path": "a",
            "mode": 0o640,
            "modified_at": _MODIFIED_AT,
            "sha256": _SHA256,
            "body": b"content",
        },
        f"POST /v1/files:write?space={VOLUME_ID}&path=a&mode=416"
        f"&modified_at=2026-11-21T01%3A00%3A00Z&sha256={_SHA256}",
        samples.FILE,
        body=b"content",
    ),
    "make_directory": Call(
        {"body": DirectoryRequest(space=VOLUME_ID, path="a/b")},
        "POST /v1/files:mkdir",
        samples.FILE,
        body={"space": VOLUME_ID, "path": "a/b"},
    ),
    "move_file": Call(
        {"body": MoveRequest(space=VOLUME_ID, source="a", target="b", overwrite=False)},
        "POST /v1/files:move",
        samples.FILE,
        body={"space": VOLUME_ID, "source": "a", "target": "b", "overwrite": False},
    ),
    "create_upload": Call(
        {"body": UploadCreate(space=VOLUME_ID, path="a", size_bytes=9, modified_at=_MODIFIED_AT)},
        "POST /v1/uploads",
        samples.UPLOAD,
        body={
            "space": VOLUME_ID,
            "path": "a",
            "size_bytes": 9,
            "modified_at": "2026-11-21T03:00:00+02:00",
        },
    ),
    "get_upload": Call({"upload_id": UPLOAD_ID}, f"GET /v1/uploads/{UPLOAD_ID}", samples.UPLOAD),
    "delete_upload": Call({"upload_id": UPLOAD_ID}, f"DELETE /v1/uploads/{UPLOAD_ID}", None),
    "append_upload": Call(
        {"upload_id": UPLOAD_ID, "upload_offset": 4, "body": b"bytes"},
        f"POST /v1/uploads/{UPLOAD_ID}:append",
        samples.UPLOAD,
        body=b"bytes",
        headers=(("upload-offset", "4"),),
    ),
    "complete_upload": Call(
        {"upload_id": UPLOAD_ID, "body": UploadCompletion(sha256=_SHA256)},
        f"POST /v1/uploads/{UPLOAD_ID}:complete",
        samples.FILE,
        body={"sha256": _SHA256},
    ),
}

STORAGE_CALLS = _VOLUME_CALLS | _GRANT_CALLS | _FILE_CALLS
