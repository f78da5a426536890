"""Files on their way, in parts."""

from __future__ import annotations

import time
from typing import cast

from flowkit_gateway.call import Answer, Call
from flowkit_gateway.creates import created_answer, idempotency_key
from flowkit_gateway.files.paths import parse, text_of
from flowkit_gateway.files.placing import DEFAULT_MODE, modified_ns
from flowkit_gateway.store.uploads import UploadRow


async def create_upload(call: Call) -> Answer:
    """Begin an upload."""
    body = call.body
    upload = UploadRow(
        id=call.gateway.store.new_id("upload"),
        project=call.project,
        created_by=call.principal.user,
        space=body["space"],
        path=text_of(parse(body["path"])),
        size_bytes=body["size_bytes"],
        mode=body.get("mode", DEFAULT_MODE),
        modified_ns=modified_ns(body.get("modified_at"), "/body/modified_at"),
        overwrite=body.get("overwrite", True),
        created_at=time.time(),
    )
    created = await call.gateway.uploads.create(call.principal, upload, idempotency_key(call))
    return created_answer(created)


async def get_upload(call: Call) -> Answer:
    """Answer how much has arrived."""
    return Answer(200, await call.gateway.uploads.describe(call.principal, _upload_id(call)))


async def append_upload(call: Call) -> Answer:
    """Receive the next bytes."""
    offset = cast("int", call.headers["Upload-Offset"])
    document = await call.gateway.uploads.append(
        call.principal, _upload_id(call), offset, call.parts()
    )
    return Answer(200, document)


async def complete_upload(call: Call) -> Answer:
    """Put the file in its place."""
    answer = await call.gateway.uploads.complete(
        call.principal, _upload_id(call), call.body.get("sha256")
    )
    return Answer(200, body=answer)


async def delete_upload(call: Call) -> Answer:
    """Give an upload up."""
    await call.gateway.uploads.delete(call.principal, _upload_id(call))
    return Answer(204)


def _upload_id(call: Call) -> str:
    return call.path["upload_id"]
