"""Named values that go in and never come out, but into tasks."""

from __future__ import annotations

import re
import time

from flowkit_gateway.call import Answer, Call
from flowkit_gateway.creates import created_answer, encoded, secret_idempotency_key
from flowkit_gateway.documents import timestamp
from flowkit_gateway.pages import last_seen, page_document, page_size
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.secrets import SecretRow

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")


async def create_secret(call: Call) -> Answer:
    """Keep a value under a new name."""
    gateway, project = call.gateway, call.project
    now = time.time()
    row = SecretRow(call.body["name"], call.principal.user, now, now)

    def insert(connection: Transaction) -> None:
        gateway.secrets.insert(connection, project, row, call.body["value"])

    key = secret_idempotency_key(call)
    answer = encoded(_document(row))
    return created_answer(await gateway.store.answers.create(project, key, answer, insert))


async def list_secrets(call: Call) -> Answer:
    """Answer a page of secrets by name."""
    size = page_size(call)
    rows = call.gateway.secrets.list(call.project, after=last_seen(call, _NAME), limit=size + 1)
    return Answer(200, page_document(rows, size, _document, lambda row: row.name))


async def update_secret(call: Call) -> Answer:
    """Replace a secret's value."""
    name, value = call.path["secret_name"], call.body["value"]
    return Answer(200, _document(await call.gateway.secrets.update(call.project, name, value)))


async def delete_secret(call: Call) -> Answer:
    """Delete a secret."""
    await call.gateway.secrets.delete(call.project, call.path["secret_name"])
    return Answer(204)


def _document(row: SecretRow) -> dict[str, object]:
    return {
        "name": row.name,
        "created_by": row.created_by,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
    }
