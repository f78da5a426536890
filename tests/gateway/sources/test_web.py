"""Mount sources on a web server, and whom a gateway does not ask."""

from __future__ import annotations

import os
import socket

import pytest

from flowkit_gateway.engines.engine import StartError
from flowkit_gateway.problems import InvalidMount
from tests.gateway.sources.conftest import Fetching, WebServer

REFUSED = r"does not connect to 169\.254\.169\.254"


async def test_a_file_is_fetched(fetching: Fetching, web: WebServer) -> None:
    body = os.urandom(3_000_000)
    (web.directory / "data.bin").write_bytes(body)

    path = await fetching.sources.fetch("vision", f"{web.url}/data.bin", {}, task_id="task_1")

    assert path.read_bytes() == body


async def test_it_is_fetched_anew_once_it_changed(fetching: Fetching, web: WebServer) -> None:
    url = f"{web.url}/data.bin"
    file = web.directory / "data.bin"
    file.write_bytes(b"old")
    os.utime(file, (10**9, 10**9))
    first = await fetching.sources.fetch("vision", url, {}, task_id="task_1")
    again = await fetching.sources.fetch("vision", url, {}, task_id="task_2")
    file.write_bytes(b"new")

    second = await fetching.sources.fetch("vision", url, {}, task_id="task_3")

    assert first == again
    assert (first.read_bytes(), second.read_bytes()) == (b"old", b"new")


async def test_what_is_not_there_is_refused(fetching: Fetching, web: WebServer) -> None:
    with pytest.raises(InvalidMount) as refused:
        await fetching.sources.check(f"{web.url}/nothing?signature=secret", {})

    assert refused.value.detail == (
        f"cannot mount {web.url}/nothing: there is nothing at this address"
    )


@pytest.mark.parametrize("kind", ["web", "s3"])
async def test_a_server_that_is_not_there_is_said_to_be_so(fetching: Fetching, kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{taken.getsockname()[1]}"
        url, env = ("s3://bucket/x", {"AWS_ENDPOINT_URL": server})
        if kind == "web":
            url, env = (f"{server}/x", {})

        with pytest.raises(InvalidMount, match="its server cannot be reached"):
            await fetching.sources.check(url, env)


@pytest.mark.parametrize("path", ["/latest/meta-data/", ""])
async def test_what_hands_out_the_machines_credentials_is_not_asked(
    fetching: Fetching, path: str
) -> None:
    with pytest.raises(InvalidMount, match=REFUSED):
        await fetching.sources.check(f"https://169.254.169.254{path}", {})


async def test_nor_where_a_server_sends_one_there(fetching: Fetching, web: WebServer) -> None:
    with pytest.raises(InvalidMount, match=REFUSED):
        await fetching.sources.check(f"{web.url}/away", {})
    with pytest.raises(StartError, match=REFUSED):
        await fetching.sources.fetch("vision", f"{web.url}/away", {}, task_id="task_1")


async def test_nor_as_an_object_store(fetching: Fetching) -> None:
    env = {
        "AWS_ENDPOINT_URL": "https://169.254.169.254",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "not a secret",
    }

    with pytest.raises(InvalidMount, match=REFUSED):
        await fetching.sources.check("s3://bucket/x", env)


@pytest.mark.parametrize(
    ("url", "env"),
    [
        ("http://198.51.100.7/data", {}),
        ("s3://bucket/x", {"AWS_ENDPOINT_URL": "http://198.51.100.7"}),
    ],
)
async def test_what_others_could_read_on_the_way_is_refused(
    fetching: Fetching, url: str, env: dict[str, str]
) -> None:
    with pytest.raises(InvalidMount, match="http:// could be read on the way") as refused:
        await fetching.sources.check(url, env)

    assert refused.value.hint == "use https://"


@pytest.mark.parametrize("extra", [("s3", "s3fs"), ("gs", "gcsfs"), ("az", "adlfs")])
async def test_a_driver_that_is_not_installed_is_named(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch, extra: tuple[str, str]
) -> None:
    scheme, module = extra
    monkeypatch.setattr(
        "flowkit_gateway.sources.drivers.importlib.util.find_spec",
        lambda name: name != module or None,
    )

    with pytest.raises(InvalidMount, match=f"has no driver for {scheme}://") as refused:
        await fetching.sources.check(f"{scheme}://bucket/x", {})

    assert "pip install 'flowkit-gpu[" in (refused.value.hint or "")
