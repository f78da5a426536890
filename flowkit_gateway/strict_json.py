"""JSON as the gateway accepts it: one meaning for each text, or an error."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from flowkit_gateway.problems import MalformedRequest

_MOST_LEVELS = 64
"""Deeper than any document of the contract, and less deep than what any checker can take."""
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def loads(body: bytes) -> object:
    """Return the value of a JSON text.

    A member whose value is null is left out of its object: in this contract absent and null
    mean the same.

    Raises:
        MalformedRequest: the text is not JSON in UTF-8, names a member of an object twice, has
            NaN, Infinity or half a surrogate pair, or nests too deep.

    Example:
        >>> loads(b'{"name": null, "cpus": 2}')
        {'cpus': 2}
    """
    try:
        value: object = _decode(body)
        # The decoder keeps the last of two members of one name. Text in the encoder's own form,
        # as flowkit's clients send it, cannot have two; any other text is looked at again.
        if _encode(value) != body:
            json.loads(body, object_pairs_hook=_refuse_repeated_names)
        if body.count(b"[") + body.count(b"{") > _MOST_LEVELS:
            _refuse_deep(value)
        return _without_null(value) if b"null" in body else value
    except RecursionError:
        raise MalformedRequest("the body is nested too deep") from None
    except MalformedRequest:
        raise
    except UnicodeDecodeError:
        raise MalformedRequest("the body is not UTF-8") from None
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise MalformedRequest(
            f"the body is not JSON: {_reason(error)}", hint="Send one JSON document in UTF-8."
        ) from None


def canonical(value: object) -> bytes:
    """Return one text for each value, whatever the order of its members was.

    Example:
        >>> canonical({"b": 1, "a": 2})
        b'{"a":2,"b":1}'
    """
    return msgspec.json.encode(value, order="deterministic")


def _refuse_repeated_names(pairs: list[tuple[str, object]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) != len(pairs):
        raise MalformedRequest("the body names a member of an object twice")


def _refuse_deep(value: object) -> None:
    level = [value]
    for _ in range(_MOST_LEVELS):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return
    raise MalformedRequest("the body is nested too deep")


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _without_null(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_null(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_null(item) for item in value]
    return value


def _reason(error: Exception) -> str:
    text = str(error).removeprefix("JSON is malformed: ")
    return text[:1].lower() + text[1:120]
