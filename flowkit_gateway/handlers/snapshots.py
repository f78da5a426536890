"""Source trees, sent once and kept by what they consist of."""

from __future__ import annotations

import re

from flowkit_gateway.call import Answer, Call
from flowkit_gateway.documents import timestamp
from flowkit_gateway.pages import last_seen, page_document, page_size
from flowkit_gateway.snapshots.snapshots import Described
from flowkit_gateway.store.snapshots import SnapshotRow

_PLACE = re.compile(r"[0-9.e+-]{1,32} snap_[0-9a-z]{26}")


async def create_snapshot(call: Call) -> Answer:
    """Take what a tree consists of, and answer what is missing."""
    body = call.body
    found = await call.gateway.snapshots.describe(
        call.project,
        body["entries"],
        removed=body.get("removed", ()),
        base=body.get("base_snapshot_id"),
    )
    return _answer(201, found)


async def get_snapshot(call: Call) -> Answer:
    """Answer a snapshot and what is missing of it."""
    snapshot_id = call.path["snapshot_id"]
    return _answer(200, await call.gateway.snapshots.described(call.project, snapshot_id))


async def list_snapshots(call: Call) -> Answer:
    """Answer a page of snapshots, newest first."""
    size = page_size(call)
    before = None
    if (place := last_seen(call, _PLACE)) is not None:
        created_at, _, snapshot_id = place.partition(" ")
        before = (float(created_at), snapshot_id)
    rows = call.gateway.snapshots.newest(call.project, before=before, limit=size + 1)
    return Answer(200, page_document(rows, size, _document, _place))


async def upload_snapshot_objects(call: Call) -> Answer:
    """Take contents that are missing of a snapshot."""
    snapshot_id = call.path["snapshot_id"]
    found = await call.gateway.snapshots.upload(call.project, snapshot_id, call.parts())
    return _answer(200, found)


async def apply_snapshot(call: Call) -> Answer:
    """Update the workspace of a task."""
    body = call.body
    applied = await call.gateway.code_updates.apply(
        call.task(), body["snapshot_id"], target=body.get("target_dir")
    )
    return Answer(200, applied._asdict())


def _answer(status: int, found: Described) -> Answer:
    document = _document(found.row)
    if found.missing:
        document["missing"] = found.missing
    return Answer(status, document)


def _document(row: SnapshotRow) -> dict[str, object]:
    document: dict[str, object] = {
        "id": row.id,
        "project": row.project,
        "complete": row.complete,
        "file_count": row.file_count,
        "size_bytes": row.size_bytes,
        "created_at": timestamp(row.created_at),
    }
    if row.started_at is not None:
        document["used_at"] = timestamp(row.started_at)
    return document


def _place(row: SnapshotRow) -> str:
    return f"{row.created_at!r} {row.id}"
