# Written by `make regen` from flowkit/_async/storage.py: edit that file.
"""`flow.storage`: files of volumes and of tasks' workspaces."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from flowkit_api.api.files import (
    delete_file,
    list_files,
    make_directory,
    move_file,
    stat_file,
    write_file,
)
from flowkit_api.models import DirectoryRequest, FileType, MoveRequest

from flowkit._sync.downloads import Downloads, local_target
from flowkit._sync.paging import listed
from flowkit._sync.uploads import upload_file
from flowkit.errors import (
    AlreadyExists,
    FileNotFound,
    InvalidPath,
    InvalidRequest,
    VolumeNotFound,
)
from flowkit.local_files import LocalEntry, local_tree, survey
from flowkit.remote_file import RemoteFile
from flowkit.remote_paths import DEFAULT_VOLUME, RemotePath
from flowkit.transfers import Meter, Transfer, TransferProgress
from flowkit.workers import Workers

if TYPE_CHECKING:
    from flowkit._sync.volumes import Volumes
    from flowkit.transport._sync.transport import Transport

DEFAULT_VOLUME_GB = 1000


class Storage:
    """Files of volumes and of tasks' workspaces.

    A remote path is `VOLUME:PATH` with a volume's name or id, `TASK_ID:PATH`, or `/PATH` for the
    project's volume `storage`, which is created by the first write.

    Args:
        api: What to send with.
        volumes: Knows the volumes by name.
    """

    def __init__(self, api: Transport, volumes: Volumes) -> None:
        self._api = api
        self._volumes = volumes

    def upload(
        self,
        local_path: str | os.PathLike[str],
        remote_path: str,
        *,
        overwrite: bool = True,
        progress: Callable[[TransferProgress], object] | None = None,
    ) -> Transfer:
        """Send a file, or what is in a directory, with modes and times.

        Each file appears when it is whole. In a directory a link is followed to a file of the
        same directory; other links and special files are left out, as the result says.

        Args:
            local_path: The file or directory.
            remote_path: Where it is to be; a file keeps its name where this ends in a slash.
            overwrite: Replace files that are there.
            progress: Called as bytes are sent, by one thread at a time.

        Returns:
            How much was sent, and what was left out.

        Raises:
            AlreadyExists: there is a file that is not to be replaced, or a directory.
            FileNotFound: there is no such local file.
            FileChanged: a file was written to meanwhile.
            QuotaExceeded: the volume has no room for it.
            InvalidPath: the remote path cannot be one.

        Example:
            >>> from pathlib import Path
            >>> Path("train.csv").write_text("1,2")
            3
            >>> with Flow() as flow:
            ...     flow.storage.upload("train.csv", "/datasets/train.csv")
            ...     [(f.path, f.size_bytes) for f in flow.storage.list("/datasets")]
            Transfer(files=1, size_bytes=3, skipped=())
            [('/datasets/train.csv', 3)]
        """
        local, place = os.fspath(local_path), RemotePath.parse(remote_path)
        found = survey(local)
        meter = Meter(progress)
        meter.expect(found.files, found.size_bytes)
        meter.skipped.extend(found.skipped)
        space = self._writable(place)
        if found.is_directory:
            self._upload_tree(local, space, place, overwrite, meter)
            return meter.result()
        if not place.path or remote_path.endswith("/"):
            place = place.below(os.path.basename(local))
        track = meter.track(os.path.basename(local))
        upload_file(self._api, local, space, place.path, overwrite=overwrite, track=track)
        return meter.result()

    def download(
        self,
        remote_path: str,
        local_path: str | os.PathLike[str] = ".",
        *,
        progress: Callable[[TransferProgress], object] | None = None,
    ) -> Transfer:
        """Receive a file, or what is in a directory, with modes and times.

        A file that is there is replaced once the new one is whole. Links in a directory are left
        out, as the result says.

        Args:
            remote_path: The file or directory.
            local_path: Where it is to be; a file goes into a directory that is there.
            progress: Called as bytes arrive, by one thread at a time.

        Returns:
            How much was received, and what was left out.

        Raises:
            FileNotFound: there is no such file.
            FileChanged: a file was written to all the time.
            FlowError: a local file cannot be written.
        """
        local, place = os.fspath(local_path), RemotePath.parse(remote_path)
        meter = Meter(progress)
        downloads = Downloads(self._api, self._readable(place), None, meter)
        entry = downloads.stat(place.path)
        if entry.type == FileType.DIRECTORY:
            downloads.tree(place.path, local)
        else:
            meter.expect(1, entry.size_bytes)
            downloads.file(entry, local_target(local, place.name))
        return meter.result()

    def list(
        self, prefix: str = "/", *, recursive: bool = False, limit: int | None = None
    ) -> Iterator[RemoteFile]:
        """Yield what is in a directory, each page fetched when it is needed.

        Args:
            prefix: The directory.
            recursive: Also what is in directories below.
            limit: Most files; None for all.

        Raises:
            FileNotFound: there is no such directory.
        """
        place = RemotePath.parse(prefix)
        try:
            space = self._readable(place)
        except FileNotFound:
            if place.path:
                raise
            return
        request = partial(
            list_files.request, space=space, path=place.path or None, recursive=recursive or None
        )
        for file in listed(self._api, request, list_files.parse, limit=limit):
            yield RemoteFile.of(file, place)

    def stat(self, path: str, *, checksum: bool = False) -> RemoteFile:
        """Describe a file, a directory or a link.

        Args:
            path: The file.
            checksum: Also compute the SHA-256 of its content.

        Raises:
            FileNotFound: there is nothing.
        """
        place = RemotePath.parse(path)
        space = self._readable(place)
        request = stat_file.request(space=space, path=place.path or None, checksum=checksum or None)
        return RemoteFile.of(self._api.call(request, stat_file.parse), place)

    def read(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file as they arrive.

        Args:
            path: The file.

        Raises:
            FileNotFound: there is none.
            FileChanged: it was written to meanwhile.
        """
        place = _below_root(path)
        space = self._readable(place)
        for chunk in Downloads(self._api, space, None, Meter()).content(place.path):
            yield chunk

    def write(self, path: str, content: bytes | Iterable[bytes]) -> RemoteFile:
        """Write a file; it appears when it is whole.

        Args:
            path: The file.
            content: Its bytes, at once or in parts. What comes in parts is sent once: after a cut
                it is up to the caller to begin again.

        Raises:
            AlreadyExists: there is a directory.
            QuotaExceeded: the volume has no room for it.
            InvalidRequest: the content is something else.
        """
        if isinstance(content, str) or not isinstance(content, bytes | Iterable):
            raise InvalidRequest(
                f"invalid content of type {type(content).__name__}",
                hint="bytes, or an iterable of them, which is asynchronous where the call is",
            )
        place = _below_root(path)
        space = self._writable(place)
        request = write_file.request(space=space, path=place.path, body=content)
        return RemoteFile.of(self._api.call(request, write_file.parse), place)

    def mkdir(self, path: str) -> RemoteFile:
        """Make a directory, and those above it; one that is there stays as it is.

        Raises:
            AlreadyExists: there is a file.
        """
        place = _below_root(path)
        body = DirectoryRequest(space=self._writable(place), path=place.path)
        made = self._api.call(make_directory.request(body=body), make_directory.parse)
        return RemoteFile.of(made, place)

    def rename(self, path: str, new_path: str, *, overwrite: bool = False) -> RemoteFile:
        """Move or rename a file or a directory within one volume or workspace.

        Args:
            path: The file.
            new_path: Where it is to be.
            overwrite: Replace a file that is there.

        Raises:
            AlreadyExists: there is something.
            FileNotFound: there is no such file.
            InvalidRequest: the paths are in two volumes.
        """
        source, target = _below_root(path), _below_root(new_path)
        if source.space != target.space:
            raise InvalidRequest(
                f"{path} and {new_path} are not in one volume",
                hint="download the file and upload it, or mount both in a task",
            )
        body = MoveRequest(
            space=self._readable(source),
            source=source.path,
            target=target.path,
            overwrite=overwrite or None,
        )
        moved = self._api.call(move_file.request(body=body), move_file.parse)
        return RemoteFile.of(moved, target)

    def delete(self, path: str, *, recursive: bool = False) -> None:
        """Delete a file or a directory.

        Args:
            path: The file.
            recursive: Also a directory that is not empty.

        Raises:
            FileNotFound: there is no such file.
            Conflict: the directory is not empty.
        """
        place = _below_root(path)
        space = self._readable(place)
        self._api.send(
            delete_file.request(space=space, path=place.path, recursive=recursive or None)
        )

    def _upload_tree(
        self, local: str, space: str, place: RemotePath, overwrite: bool, meter: Meter
    ) -> None:
        def send(entry: LocalEntry) -> None:
            target = place.below(entry.relative).path
            if entry.size is None:
                body = DirectoryRequest(space=space, path=target)
                self._api.call(make_directory.request(body=body), make_directory.parse)
                return
            track = meter.track(entry.relative)
            upload_file(self._api, entry.path, space, target, overwrite=overwrite, track=track)

        Workers.run(send, _entries(local), stop=meter.stop)

    def _readable(self, place: RemotePath) -> str:
        """Return the id of the volume or task that a path is in.

        Raises:
            FileNotFound: it is in the volume `storage`, which there is not yet.
            VolumeNotFound: there is no such volume.
        """
        if place.is_task:
            return place.space
        try:
            return self._volumes.id_of(place.space)
        except VolumeNotFound as error:
            if not place.is_plain:
                raise
            raise FileNotFound(
                f"there is no file {place}", status=404, hint="nothing has been uploaded yet"
            ) from error

    def _writable(self, place: RemotePath) -> str:
        """Return the id of the volume or task that a path is in, after creating `storage`."""
        try:
            return self._readable(place)
        except FileNotFound:
            try:
                made = self._volumes.create(
                    DEFAULT_VOLUME_GB, name=DEFAULT_VOLUME, interface="file"
                )
            except AlreadyExists:  # another client was as fast
                return self._volumes.id_of(DEFAULT_VOLUME)
            return made.id


def _entries(local: str) -> Iterator[LocalEntry]:
    for entry in local_tree(local, []):
        yield entry


def _below_root(path: str) -> RemotePath:
    place = RemotePath.parse(path)
    if not place.path:
        raise InvalidPath(f"{path} names no file in it", hint=f"as in {place.below('data.csv')}")
    return place
