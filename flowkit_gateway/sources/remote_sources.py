"""Data of object stores and web servers that tasks mount: fetched once, shared, read-only."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

from flowkit_gateway.disk import has_room
from flowkit_gateway.engines.engine import StartError
from flowkit_gateway.problems import InvalidMount
from flowkit_gateway.sources.cache import Entry, SourceCache
from flowkit_gateway.sources.drivers import SourceError
from flowkit_gateway.sources.reader_process import ReaderProcess
from flowkit_gateway.sources.source_url import SourceURL

_CHECK_SECONDS = 10.0
_MOST_CHECKS = 4
_MOST_FETCHES = 8


class _Fetch:
    """A fetch under way, for all tasks that wait for it."""

    def __init__(self, reader: ReaderProcess, work: asyncio.Task[None]) -> None:
        self.reader = reader
        self.work = work
        self.waiting = 0


class RemoteSources:
    """The remote data that a gateway has fetched.

    Who may list a source is given what others of the same project fetched of it.

    Args:
        cache: Where it is kept.
    """

    def __init__(self, cache: SourceCache) -> None:
        self._cache = cache
        self._fetches: dict[Path, _Fetch] = {}
        self._checks = asyncio.Semaphore(_MOST_CHECKS)
        self._slots = asyncio.Semaphore(_MOST_FETCHES)

    async def check(self, url: str, env: Mapping[str, str]) -> None:
        """See whether a source is there and may be read; takes 10 seconds at most.

        Args:
            url: `s3://`, `gs://`, `az://`, `https://`, or `http://` in a private network.
            env: Variables to sign in with, such as `AWS_ACCESS_KEY_ID`; no others are used.

        Raises:
            InvalidMount: it cannot be mounted; says why, without a value of `env`.
        """
        source = SourceURL.parse(url)
        async with self._checks:
            try:
                async with asyncio.timeout(_CHECK_SECONDS), self._reader(source, env) as reader:
                    await reader.open(fetch=False)
            except SourceError as error:
                raise InvalidMount(str(error), hint=error.hint) from error
            except TimeoutError:
                raise InvalidMount(
                    f"cannot mount {source.shown}: no answer within {_CHECK_SECONDS:g} s",
                    hint="see whether the gateway's machine reaches it",
                ) from None

    async def fetch(self, project: str, url: str, env: Mapping[str, str], *, task_id: str) -> Path:
        """Return a directory or file with what a source holds now, fetching what is not there.

        It stays while the task has not ended. Cancelling leaves nothing half done.

        Args:
            project: Whose task it is; projects share nothing.
            url: As for `check`.
            env: As for `check`.
            task_id: Task that is going to use it.

        Raises:
            StartError: it cannot be had; says why, without a value of `env`.
        """
        try:
            source = SourceURL.parse(url)
            entry = await self._found(project, source, env)
            entry.note_user(task_id)
        except SourceError as error:
            raise StartError(str(error)) from error
        except InvalidMount as error:
            raise StartError(error.detail) from error
        except OSError as error:
            raise StartError(f"cannot keep what {url} has: {error.strerror}") from error
        return entry.data

    async def _found(self, project: str, source: SourceURL, env: Mapping[str, str]) -> Entry:
        async with self._slots:
            reader = self._reader(source, env)
            fetch = None
            try:
                about = await reader.open(fetch=True)
                content = f"{source.text}\n{about['key']}"
                key = hashlib.sha256(content.encode()).hexdigest()[:32]
                entry = self._cache.entry(project, key)
                if entry.is_there():
                    return entry
                fetch = self._fetches.get(entry.directory)
                if fetch is None:
                    work = self._fetch(entry, reader, source, int(str(about["size"])))
                    fetch = _Fetch(reader, asyncio.get_running_loop().create_task(work))
                    self._fetches[entry.directory] = fetch
            finally:
                if fetch is None or fetch.reader is not reader:
                    await reader.close()
            await self._share(fetch, entry)
        return entry

    async def _share(self, fetch: _Fetch, entry: Entry) -> None:
        """Wait for a fetch, which goes on as long as anybody does."""
        fetch.waiting += 1
        try:
            await asyncio.shield(fetch.work)
        finally:
            fetch.waiting -= 1
            if fetch.waiting == 0 and self._fetches.get(entry.directory) is fetch:
                # Whoever comes now must not wait for what is about to be given up.
                del self._fetches[entry.directory]
                fetch.work.cancel()

    async def _fetch(
        self, entry: Entry, reader: ReaderProcess, source: SourceURL, size: int
    ) -> None:
        partial = None
        try:
            if not has_room(self._cache.directory, size):
                raise SourceError(
                    f"cannot mount {source.shown}: the gateway's disk has no room for its"
                    f" {size / 1e9:.1f} GB"
                )
            partial = entry.partial()
            await reader.fetch(partial.data)
            entry.publish(partial, source.shown, size)
        finally:
            await reader.close()
            if partial is not None:
                self._cache.throw_away(partial)

    def _reader(self, source: SourceURL, env: Mapping[str, str]) -> ReaderProcess:
        return ReaderProcess(source, env, self._cache.directory / ".home")
