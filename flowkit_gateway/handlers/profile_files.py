"""Files that the tasks of their user find in their homes."""

from __future__ import annotations

import time
from urllib.parse import quote, unquote

from flowkit_gateway.call import Answer, Call
from flowkit_gateway.contract import invalid
from flowkit_gateway.creates import created_answer, encoded, secret_idempotency_key
from flowkit_gateway.documents import timestamp
from flowkit_gateway.home import why_no_path
from flowkit_gateway.pages import QUOTED_PATH, last_seen, page_document, page_size
from flowkit_gateway.problems import Detail, InvalidPath
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.profile_files import ProfileFileRow

LARGEST_BYTES = 64 * 1024
DEFAULT_MODE = 0o600


async def create_profile_file(call: Call) -> Answer:
    """Keep a file at a new path."""
    gateway, owner, body = call.gateway, call.principal, call.body
    path, content = body["path"], _content(body["content"])
    why = why_no_path(path)
    if why is not None:
        detail = Detail("/body/path", why, "a path in the home, as in .aws/config")
        raise InvalidPath(f"the path {path[:200]!r} {why}", hint=detail.hint, details=[detail])
    now = time.time()
    file_id = gateway.store.new_id("profile")
    mode = body.get("mode", DEFAULT_MODE)
    row = ProfileFileRow(file_id, path, mode, len(content), now, now)

    def insert(connection: Transaction) -> None:
        gateway.profile_files.insert(connection, owner, row, content)

    key = secret_idempotency_key(call)
    answer = encoded(_document(row))
    return created_answer(await gateway.store.answers.create(call.project, key, answer, insert))


async def list_profile_files(call: Call) -> Answer:
    """Answer a page of the caller's files by path."""
    size = page_size(call)
    token = last_seen(call, QUOTED_PATH)
    after = None if token is None else unquote(token)
    rows = call.gateway.profile_files.list(call.principal, after=after, limit=size + 1)
    return Answer(200, page_document(rows, size, _document, lambda row: quote(row.path)))


async def get_profile_file(call: Call) -> Answer:
    """Answer a file with its content."""
    row, content = call.gateway.profile_files.get(call.principal, call.path["profile_file_id"])
    return Answer(200, {**_document(row), "content": content.decode()})


async def update_profile_file(call: Call) -> Answer:
    """Replace what the body names of a file."""
    content = call.body.get("content")
    row = await call.gateway.profile_files.update(
        call.principal,
        call.path["profile_file_id"],
        content=None if content is None else _content(content),
        mode=call.body.get("mode"),
    )
    return Answer(200, _document(row))


async def delete_profile_file(call: Call) -> Answer:
    """Delete a file."""
    await call.gateway.profile_files.delete(call.principal, call.path["profile_file_id"])
    return Answer(204)


def _content(text: str) -> bytes:
    content = text.encode()
    if len(content) > LARGEST_BYTES:
        message = f"is larger than {LARGEST_BYTES // 1024} KiB"
        raise invalid([Detail("/body/content", message, "keep it in a volume")])
    return content


def _document(row: ProfileFileRow) -> dict[str, object]:
    return {
        "id": row.id,
        "path": row.path,
        "mode": row.mode,
        "size_bytes": row.size_bytes,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
    }
