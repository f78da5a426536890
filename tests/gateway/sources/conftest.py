"""Remote sources with a cache of their own, and servers to read from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

from flowkit_gateway.disposal import Disposal
from flowkit_gateway.sources.cache import SourceCache
from flowkit_gateway.sources.remote_sources import RemoteSources
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from flowkit_gateway.store.store import Store
from tests.gateway.sources.s3_server import S3Server, s3_server


class Fetching(NamedTuple):
    """Remote sources under test, and where they keep what they fetch."""

    sources: RemoteSources
    cache: SourceCache
    store: Store
    directory: Path

    def kept(self) -> list[str]:
        """Name the files of all that is in the cache, and of what is being fetched."""
        return sorted(
            str(path.relative_to(self.directory))
            for path in self.directory.rglob("*")
            if path.is_file()
        )


@pytest.fixture
async def fetching(tmp_path: Path) -> AsyncIterator[Fetching]:
    store = Store(SQLiteDatabase(tmp_path / "flowkit.db"))
    disposal = Disposal(tmp_path / "trash")
    cache = SourceCache(tmp_path / "cache", disposal, store)
    yield Fetching(RemoteSources(cache), cache, store, tmp_path / "cache")
    disposal.empty_soon()
    await disposal.close()
    store.close()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server that tests share, each with buckets of its own."""
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as server:
        yield server


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.end_headers()
        else:
            super().do_GET()

    do_HEAD = do_GET


class WebServer(NamedTuple):
    """A web server of files."""

    url: str
    directory: Path


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    """A web server that redirects `/away` to where machines get their credentials."""
    directory = tmp_path / "web"
    directory.mkdir()

    def handler(*arguments: object) -> _Files:
        return _Files(*arguments, directory=str(directory))  # type: ignore[arg-type]  # as they come

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield WebServer(f"http://127.0.0.1:{server.server_port}", directory)
        server.shutdown()
        thread.join()
