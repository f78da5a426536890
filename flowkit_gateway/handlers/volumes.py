"""Directories that outlive tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from flowkit_gateway.call import Answer, Call
from flowkit_gateway.creates import created_answer, encoded, idempotency_key
from flowkit_gateway.documents import timestamp
from flowkit_gateway.pages import last_seen, page_document, page_size
from flowkit_gateway.patches import changes_of
from flowkit_gateway.placement import GB
from flowkit_gateway.store.volumes import VolumeRow
from flowkit_gateway.volumes import VisibleVolume

_VOLUME_ID = re.compile(r"vol_[0-9a-z]{26}")


async def create_volume(call: Call) -> Answer:
    """Create an empty volume."""
    created = await call.gateway.volumes.create(
        call.principal, call.body, idempotency_key(call), _created
    )
    return created_answer(created)


async def create_volume_clone(call: Call) -> Answer:
    """Copy a volume."""
    created = await call.gateway.volume_clones.create(
        call.principal, call.path["volume_id"], call.body, idempotency_key(call), _created
    )
    return created_answer(created)


async def list_volumes(call: Call) -> Answer:
    """Answer a page of the volumes that the caller may use, newest first."""
    size = page_size(call)
    volumes = call.gateway.volumes
    rows = volumes.table.visible(
        call.project,
        call.principal.names,
        name=call.text("name"),
        before=last_seen(call, _VOLUME_ID),
        limit=size + 1,
    )

    # A grant may have been taken back since the rows were read.
    found = [each for row in rows if (each := volumes.seen_by(call.principal, row))]
    return Answer(
        200,
        page_document(found, size, lambda each: _document(call, each), lambda each: each.row.id),
    )


async def get_volume(call: Call) -> Answer:
    """Answer one volume."""
    found = call.gateway.volumes.find(call.principal, call.path["volume_id"])
    return Answer(200, _document(call, found))


async def update_volume(call: Call) -> Answer:
    """Change what the body names, and clear what its `clear` names."""
    changes = cast("Mapping[str, str | int | None]", changes_of(call.body, cleared={"name": None}))
    row = await call.gateway.volumes.update(call.principal, call.path["volume_id"], changes)
    return Answer(200, _document(call, VisibleVolume(row, None)))


async def delete_volume(call: Call) -> Answer:
    """Delete a volume with everything in it."""
    await call.gateway.volumes.delete(call.principal, call.path["volume_id"])
    return Answer(204)


async def get_volume_usage(call: Call) -> Answer:
    """Count what is in a volume."""
    row = call.gateway.volumes.find(call.principal, call.path["volume_id"]).row
    usage = await call.gateway.volumes.usage(row.id)
    return Answer(200, {**usage._asdict(), "quota_bytes": row.size_gb * GB})


def _created(row: VolumeRow) -> bytes:
    return encoded(_fields(VisibleVolume(row, None)))


def _document(call: Call, volume: VisibleVolume) -> dict[str, object]:
    users = call.gateway.volumes.table.users(volume.row.id)
    task_ids = [user.task_id for user in users if user.project == call.project]
    return {**_fields(volume), **({"task_ids": task_ids} if task_ids else {})}


def _fields(volume: VisibleVolume) -> dict[str, object]:
    row, grant = volume
    document: dict[str, object] = {
        "id": row.id,
        "name": row.name,
        "project": row.project,
        "created_by": row.created_by,
        "size_gb": row.size_gb,
        "interface": row.interface,
        "region": row.region,
        "permission": row.permission,
        "cloneable": row.cloneable,
        "access": "rw" if volume.writable else "ro",
        "grant_id": grant.id if grant else None,
        "created_at": timestamp(row.created_at),
    }
    return {key: value for key, value in document.items() if value is not None}
