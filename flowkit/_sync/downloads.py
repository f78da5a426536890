# Written by `make regen` from flowkit/_async/downloads.py: edit that file.
"""Receiving files: under another name until they are whole, never outside of their directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from flowkit_api.api.files import list_files, read_file, stat_file
from flowkit_api.models import File, FileArea, FileType

from flowkit._sync.paging import listed
from flowkit.errors import FileChanged
from flowkit.local_files import PartialFile, inside, make_directory
from flowkit.transfers import Meter, Track
from flowkit.workers import Workers

if TYPE_CHECKING:
    from flowkit.transport._sync.transport import Transport

_LINK_MODE = 0o644
"""Permission bits of a file that is reached by a link, which has none of its own."""


class Downloads:
    """Files of one volume or task on their way here.

    Args:
        api: What to send with.
        space: Id of the volume or task.
        area: Which files of a task; its workspace unless given.
        meter: Counts what arrives.
    """

    def __init__(self, api: Transport, space: str, area: FileArea | None, meter: Meter) -> None:
        self._api = api
        self._space = space
        self._area = area
        self._meter = meter

    def stat(self, path: str) -> File:
        """Describe a file, a directory or a link.

        Raises:
            FileNotFound: there is nothing.
        """
        request = stat_file.request(space=self._space, area=self._area, path=path or None)
        return self._api.call(request, stat_file.parse)

    def tree(self, path: str, local_path: str) -> None:
        """Receive what is in a directory, a few files at once.

        Args:
            path: The directory.
            local_path: The local one, which is made.

        Raises:
            FileNotFound: there is no such directory.
            InvalidResponse: the gateway names a file that is not in it.
            FlowError: a file cannot be received or written.
        """
        make_directory(local_path)

        def receive(entry: File) -> None:
            relative = entry.path.removeprefix(f"{path}/") if path else entry.path
            target = inside(local_path, relative)
            if entry.type == FileType.DIRECTORY:
                make_directory(target)
            elif entry.type == FileType.FILE:
                self.file(entry, target)
            else:
                reason = (
                    "a link" if entry.type == FileType.SYMLINK else "neither a file nor a directory"
                )
                self._meter.skipped.append(f"{relative}: {reason}")

        Workers.run(receive, self._below(path), stop=self._meter.stop)

    def file(self, entry: File, local_path: str) -> None:
        """Receive a file with its mode and time.

        Args:
            entry: What the gateway says of it.
            local_path: Where it is to be.

        Raises:
            FileChanged: it changes so often that no state of it could be received.
            FileNotFound: it is gone.
            FlowError: it cannot be received or written.
        """
        track = self._meter.track(entry.path)
        try:
            self._received(entry, local_path, track)
        except FileChanged:
            track.at(0)
            self._received(self.stat(entry.path), local_path, track)
        track.done()

    def content(self, path: str, etag: str | None = None) -> Iterator[bytes]:
        """Yield the bytes of a file.

        Args:
            path: The file.
            etag: What it must still be; whatever it is unless given.

        Raises:
            FileChanged: it is another one, or has changed meanwhile.
            FileNotFound: there is none.
        """
        request = read_file.request(space=self._space, area=self._area, path=path, if_match=etag)
        for chunk in self._api.download(request):
            yield chunk

    def _received(self, entry: File, local_path: str, track: Track) -> None:
        file = PartialFile(local_path)
        try:
            for chunk in self.content(entry.path, entry.etag):
                if file.add(chunk):
                    file.flush()
                track.at(file.size)
            mode = _LINK_MODE if entry.type == FileType.SYMLINK else entry.mode
            file.finish(mode, entry.modified_at)
        finally:
            file.discard()

    def _below(self, path: str) -> Iterator[File]:
        request = partial(
            list_files.request,
            space=self._space,
            area=self._area,
            path=path or None,
            recursive=True,
        )
        files = size = 0
        for entry in listed(self._api, request, list_files.parse, limit=None):
            if entry.type == FileType.FILE:
                files, size = files + 1, size + entry.size_bytes
            yield entry
        self._meter.expect(files, size)


def local_target(local_path: str, name: str) -> str:
    """Return where a file goes: below a directory by its own name, else where it says."""
    if local_path.endswith("/") or os.path.isdir(local_path):
        return os.path.join(local_path, name)
    return local_path
