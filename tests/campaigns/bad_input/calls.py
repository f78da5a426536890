"""One wrong call of the SDK, and what it raises, from both of its twins."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flowkit import AsyncClient, AsyncFlow, Client, Flow, FlowError


class Call(NamedTuple):
    """A call, and the error that it raises; `{cwd}` stands for the working directory."""

    text: str
    """As text, because a type checker refuses most of them."""
    error: type[FlowError]
    message: str
    hint: str | re.Pattern[str]

    @property
    def needs_client(self) -> bool:
        """Whether there is another one that is awaited."""
        return re.search("[fF]low|Client", self.text) is not None


class Odd:
    """Has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def check_call(call: Call, directory: Path, names: Mapping[str, object]) -> None:
    """Make a call in a directory, and hold its error to what is said of it."""
    with Flow() as flow:
        known = dict(names) | {"Flow": Flow, "Client": Client, "flow": flow, "drain": list}
        with pytest.raises(FlowError) as caught:
            eval(call.text, known)
    _check(call, caught.value, directory)


async def check_awaited(call: Call, directory: Path, names: Mapping[str, object]) -> None:
    """Make a call of the asynchronous twin, and hold its error to the same."""
    async with AsyncFlow() as flow:
        twins = {"Flow": AsyncFlow, "Client": AsyncClient, "flow": flow, "drain": _drain}
        with pytest.raises(FlowError) as caught:
            await _awaited(call.text, dict(names) | twins)
    _check(call, caught.value, directory)


def _check(call: Call, error: FlowError, cwd: Path) -> None:
    assert type(error) is call.error
    assert error.code == call.error.code
    assert error.message.replace(str(cwd), "{cwd}") == call.message
    assert error.hint is not None
    hint = call.hint if isinstance(call.hint, re.Pattern) else re.compile(re.escape(call.hint))
    assert hint.fullmatch(error.hint)
    assert str(error) == f"{error.message}\nhint: {error.hint}"


async def _awaited(text: str, names: dict[str, object]) -> None:
    called = eval(text, names)
    if inspect.isawaitable(called):
        await called


async def _drain(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]
