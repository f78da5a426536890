"""How connections are set up, and who shares them."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading

import httpx
import pytest

from flowkit.errors import ConfigError
from flowkit.transport import clients
from flowkit.transport._async.transport import AsyncTransport
from flowkit.transport._sync.transport import Transport
from flowkit.transport.clients import Link, client_options
from flowkit.transport.endpoint import Endpoint, FixedGateway
from tests.unit.twins import URL, request

PLAIN, REMOTE = Endpoint("http://127.0.0.1:8765"), Endpoint("https://gpu.example.org")


@pytest.mark.parametrize(
    ("url", "is_loopback"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9/path", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("http://10.0.0.1", False),
        ("http://127.evil.example", False),
        ("https://gpu.example.org", False),
    ],
)
def test_only_calls_that_leave_the_machine_may_pass_a_proxy(url: str, is_loopback: bool) -> None:
    endpoint = Endpoint(url)
    assert endpoint.is_loopback == is_loopback
    assert client_options(endpoint, held=False)["trust_env"] != is_loopback


def test_no_trust_store_is_loaded_where_nothing_is_encrypted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: pytest.fail("loaded"))
    context = client_options(PLAIN, held=False)["verify"]
    assert context.get_ca_certs() == []
    # Should it ever be asked, it trusts nobody.
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_the_trust_store_is_loaded_once_a_process() -> None:
    first = client_options(REMOTE, held=False)["verify"]
    assert client_options(REMOTE, held=True)["verify"] is first
    assert first.verify_mode == ssl.CERT_REQUIRED


def test_a_proxy_over_tls_is_verified_for_plain_urls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "https://proxy.example.org")
    plain = Endpoint("http://10.0.0.1")
    assert (
        client_options(plain, held=False)["verify"] is client_options(REMOTE, held=False)["verify"]
    )


def test_connections_outlive_the_pauses_between_calls() -> None:
    limits = client_options(PLAIN, held=False)["limits"]
    assert limits.keepalive_expiry == 60


def test_there_are_as_many_long_calls_as_are_made() -> None:
    assert client_options(PLAIN, held=True)["limits"].max_connections is None


def test_a_stream_is_not_compressed() -> None:
    follow = request("follow_task_logs", accept="text/event-stream")
    sent = Link(REMOTE).build(follow, read_timeout=1)
    assert sent.headers["Accept-Encoding"] == "identity"
    assert Link(REMOTE).build(request(), read_timeout=1).headers["Accept-Encoding"] != "identity"


def test_a_path_before_v1_is_kept() -> None:
    link = Link(Endpoint("https://gpu.example.org:8443/flow"))
    sent = link.build(request(), read_timeout=1)
    assert str(sent.url).startswith("https://gpu.example.org:8443/flow/v1/tasks/")
    assert sent.headers["Host"] == "gpu.example.org:8443"


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(Endpoint(URL, "secret"))


class Counted(httpx.MockTransport):
    """Counts how often a client was made."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        super().__init__(lambda _: httpx.Response(200, json={}))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    monkeypatch.setattr(Counted, "made", 0)
    return Counted


def test_threads_share_one_client(counted: type[Counted]) -> None:
    transport = Transport(FixedGateway(Endpoint(URL)), connect=counted)
    start = threading.Barrier(8)

    def call() -> None:
        start.wait()
        for _ in range(5):
            transport.send(request())

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    transport.close()
    assert counted.made == 1


def test_waits_have_a_client_of_their_own(counted: type[Counted]) -> None:
    transport = Transport(FixedGateway(Endpoint(URL)), connect=counted)
    for operation in ("get_task", "wait_task", "get_task", "wait_task"):
        transport.send(request(operation))
    transport.close()
    assert counted.made == 2


def test_a_forked_child_does_not_use_its_parents_connections(
    counted: type[Counted], monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = Transport(FixedGateway(Endpoint(URL)), connect=counted)
    transport.send(request())
    monkeypatch.setattr(os, "getpid", lambda: -1)
    transport.send(request())
    transport.send(request())
    assert counted.made == 2


def test_a_second_event_loop_does_not_use_the_first_ones_connections(
    counted: type[Counted],
) -> None:
    transport = AsyncTransport(FixedGateway(Endpoint(URL)), connect=counted)

    async def call() -> None:
        await transport.send(request())
        await transport.send(request())

    asyncio.run(call())
    asyncio.run(call())
    assert counted.made == 2


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("HTTPS_PROXY", "gopher://127.0.0.1:9"),
        ("SSL_CERT_FILE", "/nowhere"),
    ],
)
def test_an_environment_that_httpx_cannot_use_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(clients, "_trust_store", httpx.create_ssl_context)
    with pytest.raises(ConfigError, match="connections cannot be set up") as caught:
        Transport(FixedGateway(REMOTE)).send(request())
    assert variable in str(caught.value.hint)
    with pytest.raises(ConfigError, match="connections cannot be set up"):
        asyncio.run(AsyncTransport(FixedGateway(REMOTE)).send(request()))
