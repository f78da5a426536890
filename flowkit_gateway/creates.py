"""Creates that are safe to repeat: the key of the call, and the answer to it."""

from __future__ import annotations

import hashlib

import msgspec

from flowkit_gateway import strict_json
from flowkit_gateway.call import Answer, Call
from flowkit_gateway.store.rows import Created, IdempotencyKey

_REPLAYED = ((b"idempotent-replayed", b"true"),)
_encode = msgspec.json.Encoder().encode


def idempotency_key(call: Call) -> IdempotencyKey | None:
    """Return what makes the call safe to repeat, if its caller gave anything.

    The path counts too: one key on two paths is two requests.
    """
    key = call.header("Idempotency-Key")
    if key is None:
        return None
    # Two texts of one document are one request; a retry need not repeat them byte by byte.
    request = strict_json.canonical([call.path, call.body] if call.path else call.body)
    return IdempotencyKey(key, call.operation.id, hashlib.sha256(request).digest())


def secret_idempotency_key(call: Call) -> IdempotencyKey | None:
    """Return the same of a call whose body nobody may guess from what is kept of it.

    Raises:
        VaultClosed: the gateway's key cannot be used.
    """
    key = idempotency_key(call)
    if key is None:
        return None
    return key._replace(body_hash=call.gateway.vault.fingerprint(key.body_hash))


def created_answer(created: Created) -> Answer:
    """Return the answer to a create, the first one or once more."""
    return Answer(201, headers=_REPLAYED if created.replayed else (), body=created.answer)


def encoded(document: object) -> bytes:
    """Return a document as the body of an answer."""
    return _encode(document)
