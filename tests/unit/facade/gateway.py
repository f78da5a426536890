"""A gateway that answers by a table, and the documents that it answers with."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.unit.twins import TASK_ID

Answer = Callable[[httpx.Request], httpx.Response]


class Gateway:
    """Answers by operation (`METHOD path`), and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.seen: list[httpx.Request] = []
        self.answers: dict[str, list[Any]] = {}

    def on(self, operation: str, *answers: Any) -> Gateway:
        self.answers[operation] = list(answers)
        return self

    def __call__(self, sent: httpx.Request) -> httpx.Response:
        self.seen.append(sent)
        path = sent.url.path.replace(TASK_ID, "ID").removeprefix("/v1")
        waiting = self.answers[f"{sent.method} {path}"]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if callable(answer):
            answer = answer(sent)
        if isinstance(answer, httpx.Response):
            return answer
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        return httpx.Response(200, json=answer)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(sent.content) for sent in self.seen if sent.content]

    @property
    def queries(self) -> list[dict[str, list[str]]]:
        return [
            {name: sent.url.params.get_list(name) for name in sent.url.params} for sent in self.seen
        ]


def chunk(data: bytes, stream: str = "stdout") -> dict[str, object]:
    document = {"stream": stream, "offset": 0, "time": "2026-11-20T10:00:00Z"}
    try:
        return document | {"text": data.decode()}
    except UnicodeDecodeError:
        return document | {"base64": base64.b64encode(data).decode()}


def sse(event: str, number: int, document: object) -> bytes:
    return f"event: {event}\nid: {number}\ndata: {json.dumps(document)}\n\n".encode()


def event(number: int, kind: str, **fields: object) -> dict[str, object]:
    return {"number": number, "type": kind, "at": "2026-11-20T10:00:00Z", **fields}
