"""A body in parts is sent once, and one that is received goes on where it broke off."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from flowkit.errors import (
    APIConnectionError,
    FileChanged,
    FileNotFound,
    FlowError,
    InvalidResponse,
    Unavailable,
)
from tests.unit.twins import Twin, no_delays, problem, request

CONTENT = bytes(range(256)) * 4
ETAG = '"1-2-3"'
READ = request("read_file", accept="application/octet-stream")


def appending(twin: Twin, *parts: bytes) -> Any:
    """Return a request whose body comes in parts."""
    headers = {"Content-Length": str(sum(map(len, parts)))}
    return request(
        "append_upload",
        "POST",
        body=twin.parts(*parts),
        content_type="application/octet-stream",
        headers=headers,
    )


def test_a_body_is_sent_in_its_parts(twin: Twin) -> None:
    seen: list[httpx.Request] = []

    def answer(sent: httpx.Request) -> httpx.Response:
        seen.append(sent)
        return httpx.Response(200, json={})

    twin.transport(answer).send(appending(twin, b"one ", b"two"))
    assert seen[0].content == b"one two"
    assert seen[0].headers["Content-Length"] == "7"
    assert "Transfer-Encoding" not in seen[0].headers
    assert seen[0].headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (httpx.ReadError("reset"), APIConnectionError),
        (httpx.WriteTimeout("slow"), APIConnectionError),
        (httpx.Response(503), Unavailable),
    ],
    ids=repr,
)
def test_parts_that_may_be_gone_are_not_sent_again(
    twin: Twin, fault: httpx.Response | Exception, error: type[FlowError]
) -> None:
    tries = 0

    def answer(sent: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        if isinstance(fault, Exception):
            raise fault
        return httpx.Response(fault.status_code)

    with pytest.raises(error):
        twin.transport(answer).send(appending(twin, b"part"))
    assert tries == 1


def test_parts_that_were_never_asked_for_are_still_there() -> None:
    """Only a connection that was never made leaves them; the synchronous twin tells it apart."""
    from flowkit.transport._sync.transport import Transport
    from flowkit.transport.endpoint import Endpoint, FixedGateway

    received: list[bytes] = []

    class Refusing(httpx.BaseTransport):
        """Refuses a first connection."""

        tries = 0

        def handle_request(self, sent: httpx.Request) -> httpx.Response:
            Refusing.tries += 1
            if Refusing.tries == 1:
                raise httpx.ConnectError("refused")
            received.append(sent.read())
            return httpx.Response(200, json={})

    gateway = FixedGateway(Endpoint("http://gateway.test", "key"))
    transport = Transport(gateway, policy=no_delays(), connect=Refusing)
    transport.send(
        request("append_upload", "POST", body=iter([b"a", b"b"]), content_type="application/x")
    )
    assert received == [b"ab"]


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The bytes of a file, which may break off."""

    def __init__(self, content: bytes, *, is_cut: bool) -> None:
        self._content = content
        self._is_cut = is_cut

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._content), 100):
            yield self._content[start : start + 100]
        if self._is_cut:
            raise httpx.ReadError("reset")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            await asyncio.sleep(0)
            yield part


class Server:
    """Serves CONTENT, each answer cut after so many bytes; one None is whole."""

    def __init__(self, *cuts: int | None, etag: str | None = ETAG) -> None:
        self.cuts = list(cuts)
        self.etag = etag
        self.asked: list[tuple[str | None, str | None]] = []
        self.headers: list[httpx.Headers] = []

    def __call__(self, sent: httpx.Request) -> httpx.Response:
        wanted = sent.headers.get("Range")
        self.asked.append((wanted, sent.headers.get("If-Match")))
        self.headers.append(sent.headers)
        start = int(re.fullmatch("bytes=([0-9]+)-", wanted)[1]) if wanted else 0  # type: ignore[index]  # it is one
        cut = self.cuts.pop(0)
        rest = CONTENT[start:]
        headers = {"Content-Type": "application/octet-stream"} | (
            {"ETag": self.etag} if self.etag else {}
        )
        body = Body(rest if cut is None else rest[:cut], is_cut=cut is not None)
        return httpx.Response(206 if wanted else 200, headers=headers, stream=body)


def test_a_file_comes_as_it_is(twin: Twin) -> None:
    server = Server(None)
    assert b"".join(twin.transport(server).download(READ)) == CONTENT
    assert server.asked == [(None, None)]
    assert server.headers[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("cuts", [(0,), (1, 1), (500, 0, 300, 0), (1024,)])
def test_a_cut_loses_and_repeats_nothing(twin: Twin, cuts: tuple[int, ...]) -> None:
    server = Server(*cuts, None)
    assert b"".join(twin.transport(server).download(READ)) == CONTENT
    starts = [sum(cuts[:count]) for count in range(1, len(cuts) + 1)]
    assert server.asked == [(None, None), *((f"bytes={start}-", ETAG) for start in starts)]


def test_the_callers_own_etag_is_kept(twin: Twin) -> None:
    server = Server(100, None)
    mine = READ._replace(headers={"If-Match": '"mine"'})
    assert b"".join(twin.transport(server).download(mine)) == CONTENT
    assert [etag for _, etag in server.asked] == ['"mine"', '"mine"']


def test_cuts_that_bring_nothing_new_come_to_an_end(twin: Twin) -> None:
    server = Server(100, 0, 0, 0, 0)
    with pytest.raises(APIConnectionError, match="broke"):
        list(twin.transport(server).download(READ))
    assert len(server.asked) == 4


def test_what_cannot_be_told_from_another_file_is_not_resumed(twin: Twin) -> None:
    server = Server(100, None, etag=None)
    with pytest.raises(APIConnectionError):
        list(twin.transport(server).download(READ))
    assert len(server.asked) == 1


def test_a_file_that_changed_is_not_mixed_with_another(twin: Twin) -> None:
    server = Server(100)

    def answer(sent: httpx.Request) -> httpx.Response:
        return server(sent) if server.cuts else problem(412, "file_changed")

    with pytest.raises(FileChanged):
        list(twin.transport(answer).download(READ))


def test_a_server_that_does_not_know_ranges_is_found_out(twin: Twin) -> None:
    server = Server(100, None)

    def answer(sent: httpx.Request) -> httpx.Response:
        response = server(sent)
        response.status_code = 200
        return response

    with pytest.raises(InvalidResponse, match="does not go on"):
        list(twin.transport(answer).download(READ))


def test_no_file_is_an_error_and_no_bytes(twin: Twin) -> None:
    with pytest.raises(FileNotFound):
        list(twin.transport(lambda _: problem(404, "file_not_found")).download(READ))


def test_a_page_of_a_proxy_is_no_file(twin: Twin) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "text/html"}, content=b"<html>")

    with pytest.raises(InvalidResponse, match="not of the type"):
        list(twin.transport(answer).download(READ))
