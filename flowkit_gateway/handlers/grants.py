"""Who else may use a volume."""

from __future__ import annotations

import re

from flowkit_gateway.call import Answer, Call
from flowkit_gateway.creates import created_answer, encoded, idempotency_key
from flowkit_gateway.documents import timestamp
from flowkit_gateway.pages import last_seen, page_document, page_size
from flowkit_gateway.store.grants import GrantRow

_GRANT_ID = re.compile(r"grant_[0-9a-z]{26}")


async def create_grant(call: Call) -> Answer:
    """Invite a user or a project."""
    created = await call.gateway.grants.create(
        call.principal, call.body, idempotency_key(call), lambda row: encoded(_document(call, row))
    )
    return created_answer(created)


async def list_grants(call: Call) -> Answer:
    """Answer a page of the grants that were given or received, newest first."""
    size = page_size(call)
    rows = call.gateway.grants.table.visible(
        call.project,
        call.principal.names,
        direction=call.text("direction"),
        volume_id=call.text("volume_id"),
        status=call.text("status"),
        before=last_seen(call, _GRANT_ID),
        limit=size + 1,
    )
    return Answer(
        200, page_document(rows, size, lambda row: _document(call, row), lambda row: row.id)
    )


async def accept_grant(call: Call) -> Answer:
    """Accept an invitation."""
    row = await call.gateway.grants.accept(call.principal, call.path["grant_id"])
    return Answer(200, _document(call, row))


async def decline_grant(call: Call) -> Answer:
    """Decline an invitation."""
    row = await call.gateway.grants.decline(call.principal, call.path["grant_id"])
    return Answer(200, _document(call, row))


async def delete_grant(call: Call) -> Answer:
    """Take a grant back, or leave what was shared."""
    await call.gateway.grants.delete(call.principal, call.path["grant_id"])
    return Answer(204)


def _document(call: Call, row: GrantRow) -> dict[str, object]:
    document: dict[str, object] = {
        "id": row.id,
        "volume_id": row.volume_id,
        "volume_name": call.gateway.grants.volume_name(row),
        "project": row.project,
        "principal": row.principal,
        "permission": row.permission,
        "status": row.status,
        "created_by": row.created_by,
        "created_at": timestamp(row.created_at),
        "decided_at": None if row.decided_at is None else timestamp(row.decided_at),
    }
    return {key: value for key, value in document.items() if value is not None}
