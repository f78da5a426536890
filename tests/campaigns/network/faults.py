"""What can happen to a call on its way, each as a function of the fault proxy."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress

from tests.campaigns.network.fault_proxy import Exchange, Fault

HTML = b"<html><head><title>Sign in to the hotel's network</title></head><body>hi</body></html>"


async def passed(exchange: Exchange) -> None:
    """Nothing goes wrong."""
    await exchange.relay()


async def reset_before(exchange: Exchange) -> None:
    """The connection is reset, and the gateway never sees the request."""
    exchange.reset()


async def reset_after(exchange: Exchange) -> None:
    """The gateway does what it is asked, and its answer is lost."""
    await exchange.fetch()
    exchange.reset()


async def closed_after(exchange: Exchange) -> None:
    """As `reset_after`, but the connection ends in order."""
    await exchange.fetch()
    exchange.close()


async def cut_in_the_head(exchange: Exchange) -> None:
    """The connection ends within the answer's header fields."""
    await exchange.send((await exchange.fetch()).framed()[:40])
    exchange.close()


async def cut_in_the_body(exchange: Exchange) -> None:
    """The connection ends within the answer's body."""
    await exchange.send((await exchange.fetch()).framed()[:-7])
    exchange.reset()


async def truncated(exchange: Exchange) -> None:
    """Half of the answer's JSON, with a length that says so."""
    answer = await exchange.fetch()
    await exchange.send(answer._replace(body=answer.body[: len(answer.body) // 2]).framed())


async def truncated_without_length(exchange: Exchange) -> None:
    """Half of the answer's JSON, ended by the end of the connection."""
    answer = await exchange.fetch()
    await exchange.send(answer.head(b"connection: close") + answer.body[: len(answer.body) // 2])
    exchange.close()


async def length_too_short(exchange: Exchange) -> None:
    """The whole answer, with a length that leaves its end over for the next one."""
    answer = await exchange.fetch()
    await exchange.send(answer.head(b"content-length: %d" % (len(answer.body) // 2)) + answer.body)


async def twice(exchange: Exchange) -> None:
    """The answer comes two times, at once."""
    await exchange.send(2 * (await exchange.fetch()).framed())


async def twice_with_a_pause(exchange: Exchange) -> None:
    """The answer comes again when it has been read."""
    answer = (await exchange.fetch()).framed()
    await exchange.send(answer)
    await asyncio.sleep(0.05)
    await exchange.send(answer)


async def empty(exchange: Exchange) -> None:
    """A success without a body."""
    await exchange.fetch()
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


async def html_success(exchange: Exchange) -> None:
    """A page of somebody else's, as if it were the answer."""
    await exchange.send(_answer("200 OK", HTML, "content-type: text/html"))


async def dribbled(exchange: Exchange) -> None:
    """The answer comes in small pieces."""
    answer = (await exchange.fetch()).framed()
    for start in range(0, len(answer), 50):
        await exchange.send(answer[start : start + 50])
        await asyncio.sleep(0.01)


async def dribbled_fast(exchange: Exchange) -> None:
    """The answer comes as it does on a slow line."""
    await exchange.relay(piece=1000)


async def opened(exchange: Exchange) -> None:
    """What has come after a moment is all that comes."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await exchange.relay()
    exchange.reset()


async def stalled(exchange: Exchange) -> None:
    """The request is taken, and nothing comes."""
    await asyncio.Event().wait()


async def stalled_in_the_body(exchange: Exchange) -> None:
    """Half of the answer, and nothing more."""
    answer = (await exchange.fetch()).framed()
    await exchange.send(answer[: len(answer) - 20])
    await asyncio.Event().wait()


async def trickled(exchange: Exchange) -> None:
    """The answer's head, and then a byte now and then, for ever."""
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        await exchange.send(b" ")
        await asyncio.sleep(0.05)


async def informed(exchange: Exchange) -> None:
    """Interim answers come before the real one (RFC 9110, 15.2)."""
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n"
    await exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n" + 3 * hints)
    await exchange.relay()


async def switched(exchange: Exchange) -> None:
    """Another protocol is spoken, which nobody asked for."""
    await exchange.send(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n\x00\x00\x00")


async def huge_headers(exchange: Exchange) -> None:
    """More header bytes than any client takes."""
    await exchange.send(b"HTTP/1.1 200 OK\r\nx-filler: " + 400_000 * b"x" + b"\r\n\r\n")
    exchange.close()


async def garbage(exchange: Exchange) -> None:
    """What is no HTTP."""
    await exchange.send(b"\x16\x03\x01\x02\x00SSH-2.0-what\r\n\r\n")
    exchange.close()


def status(code: int, *headers: str, body: bytes = HTML) -> Fault:
    """Something on the way answers in the gateway's place."""

    async def refused(exchange: Exchange) -> None:
        await exchange.send(_answer(f"{code} No", body, "content-type: text/html", *headers))

    refused.__name__ = f"status_{code}"
    return refused


def problem(code: int, name: str, *headers: str) -> Fault:
    """The gateway itself refuses."""

    async def refused(exchange: Exchange) -> None:
        document = {"type": "about:blank", "title": name, "status": code, "code": name}
        body = json.dumps({**document, "correlation_id": "c-1"}).encode()
        head = ("content-type: application/problem+json", *headers)
        await exchange.send(_answer(f"{code} No", body, *head))

    refused.__name__ = name
    return refused


def cut(where: Callable[[], int], *, orderly: bool = False) -> Fault:
    """The answer ends after so many bytes, wherever that is."""

    async def cut(exchange: Exchange) -> None:
        left = where()

        def until(data: bytes) -> int | None:
            nonlocal left
            left -= len(data)
            return len(data) + left if left < 0 else None

        if not await exchange.relay(until):
            exchange.close() if orderly else exchange.reset()

    return cut


def cut_within(mark: bytes, keep: int) -> Fault:
    """The answer ends so many bytes after the beginning of the first `mark`."""

    async def cut_within(exchange: Exchange) -> None:
        def until(data: bytes) -> int | None:
            found = data.find(mark)
            return None if found < 0 else found + keep

        if not await exchange.relay(until):
            exchange.reset()

    return cut_within


def random_faults(seed: int, share: float, faults: list[Fault]) -> Callable[[object], Fault]:
    """Return a plan by which a share of the requests has a fault."""
    chance = random.Random(seed)

    def plan(_: object) -> Fault:
        return chance.choice(faults) if chance.random() < share else passed

    return plan


def _answer(status_line: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status_line}", *headers, f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
