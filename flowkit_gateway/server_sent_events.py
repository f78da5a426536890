"""Server-sent events as the gateway writes them.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import msgspec

from flowkit_gateway.call import Call

_encode = msgspec.json.Encoder().encode


def event(kind: str, number: int | str, document: object) -> bytes:
    r"""Return one event; JSON has no line feed outside of its strings' escapes.

    Example:
        >>> event("log", 7, {"text": "a\nb"})
        b'event: log\nid: 7\ndata: {"text":"a\\nb"}\n\n'
    """
    place = str(number).encode()
    return b"event: %b\nid: %b\ndata: %b\n\n" % (kind.encode(), place, _encode(document))


def mark(number: int | str) -> bytes:
    r"""Return what sets the id to resume from and dispatches no event.

    Example:
        >>> mark(7)
        b'id: 7\n\n'
    """
    return b"id: %b\n\n" % str(number).encode()


def resume_from(call: Call, parameter: str) -> int | None:
    """Return where a stream is to begin, or None when the client did not say.

    `Last-Event-ID` goes before the parameter, as it names what was received since.
    """
    last = call.header("Last-Event-ID")
    return int(last) if last is not None else call.integer(parameter)
