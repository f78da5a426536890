"""Calls about sweeps, as most of these tests make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

Document = dict[str, Any]


def sweep_body(
    command: Sequence[str] = ("true",), task: Document | None = None, **settings: Any
) -> Document:
    """Return a `SweepCreate` document; capital keywords are parameters, the others its fields."""
    parameters = [
        {"name": name, "values": [str(value) for value in values]}
        for name, values in settings.items()
        if name.isupper()
    ]
    fields = {name: value for name, value in settings.items() if not name.isupper()}
    return {"task": {"command": list(command), **(task or {})}, "parameters": parameters, **fields}


def create(client: httpx.Client, command: Sequence[str] = ("true",), **settings: Any) -> Document:
    """Create a sweep."""
    response = client.post("/v1/sweeps", json=sweep_body(command, **settings))
    assert response.status_code == 201, response.text
    return document(response)


def shell(line: str) -> list[str]:
    """Return a command that bash runs."""
    return ["bash", "-c", line]


def get(client: httpx.Client, sweep: Document, what: str = "", **query: Any) -> Document:
    """Get a sweep or something of it."""
    response = client.get(f"/v1/sweeps/{sweep['id']}{what}", params=query)
    assert response.status_code == 200, response.text
    return document(response)


def post(client: httpx.Client, sweep: Document, verb: str) -> Document:
    """Do something to a sweep."""
    response = client.post(f"/v1/sweeps/{sweep['id']}:{verb}")
    assert response.status_code == 200, response.text
    return document(response)


def ended(client: httpx.Client, sweep: Document) -> Document:
    """Wait until a sweep has ended, and return it."""
    for _ in range(6):
        seen = get(client, sweep, ":wait", timeout=10)
        if seen["status"] not in ("running", "stopping"):
            return seen
    raise AssertionError(f"the sweep does not end: {seen}")


def cases(client: httpx.Client, sweep: Document, **query: Any) -> list[Document]:
    """Return the cases of a sweep, all pages."""
    found: list[Document] = []
    while True:
        page = get(client, sweep, "/cases", **query)
        found += page["items"]
        if "next_page_token" not in page:
            return found
        query["page_token"] = page["next_page_token"]


def document(response: httpx.Response) -> Document:
    """Return the JSON object of an answer."""
    value: Document = response.json()
    return value
