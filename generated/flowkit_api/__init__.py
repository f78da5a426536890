"""The client that is generated from flowkit's contract: one function an operation.

    from flowkit_api import Client
    from flowkit_api.api.tasks import list_tasks

    with Client("http://127.0.0.1:8765", token="...") as client:
        page = list_tasks.sync(client=client, page_size=10)

Nothing heavy is imported before it is used: neither httpx nor attrs nor msgspec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import AsyncClient as AsyncClient
    from .client import Client as Client
    from .errors import ApiError as ApiError
    from .errors import InvalidBody as InvalidBody

__all__ = ["ApiError", "AsyncClient", "Client", "InvalidBody"]

_MODULES = {
    "ApiError": "errors",
    "AsyncClient": "client",
    "Client": "client",
    "InvalidBody": "errors",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
