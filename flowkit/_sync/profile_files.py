# Written by `make regen` from flowkit/_async/profile_files.py: edit that file.
"""`flow.profile_files`: files that the tasks of their user find in their homes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowkit_api.api.profile_files import (
    create_profile_file,
    delete_profile_file,
    get_profile_file,
    list_profile_files,
    update_profile_file,
)
from flowkit_api.models import ProfileFile, ProfileFileCreate, ProfileFileUpdate

from flowkit._sync.paging import listed
from flowkit.errors import AlreadyExists, NotFound
from flowkit.profile_values import read_content, read_mode, read_path

if TYPE_CHECKING:
    from flowkit.transport._sync.transport import Transport


class ProfileFiles:
    """The caller's own files, such as `.netrc`, by their paths in the home.

    Tasks that run with their caller's own home, as those of an embedded gateway do, find the files
    that are there instead.

    Args:
        api: What to send with.

    Example:
        >>> with Flow() as flow:
        ...     file = flow.profile_files.put(".aws/config", "[default]", mode=0o640)
        ...     print(file.path, oct(file.mode), file.size_bytes)
        .aws/config 0o640 9
    """

    def __init__(self, api: Transport) -> None:
        self._api = api

    def put(self, path: str, content: str | bytes, *, mode: int | None = None) -> ProfileFile:
        """Keep a file at a path; one that is there is replaced.

        Args:
            path: Relative to the home.
            content: UTF-8 text of at most 64 KiB.
            mode: Permissions; 0o600 for a new file unless given.

        Returns:
            The file, without its content.

        Raises:
            InvalidPath: the path leaves the home, or is none.
            InvalidRequest: the content or the mode cannot be one.
            Conflict: another file stands where this one needs a directory.
            QuotaExceeded: there are 100 files already.
        """
        path, text = read_path(path), read_content(content)
        mode = None if mode is None else read_mode(mode)
        try:
            body = ProfileFileCreate(path=path, content=text, mode=mode)
            return self._api.call(create_profile_file.request(body=body), create_profile_file.parse)
        except AlreadyExists:
            update = ProfileFileUpdate(content=text, mode=mode)
            request = update_profile_file.request(profile_file_id=self._id(path), body=update)
            return self._api.call(request, update_profile_file.parse)

    def list(self, *, limit: int | None = None) -> Iterator[ProfileFile]:
        """Yield the files by path, without their contents.

        Args:
            limit: Most files; None for all.

        Raises:
            InvalidRequest: the limit is wrong.
        """
        for file in listed(
            self._api, list_profile_files.request, list_profile_files.parse, limit=limit
        ):
            yield file

    def get(self, path: str) -> ProfileFile:
        """Return a file with its `content`.

        Args:
            path: Relative to the home.

        Raises:
            NotFound: there is none.
        """
        request = get_profile_file.request(profile_file_id=self._id(read_path(path)))
        return self._api.call(request, get_profile_file.parse)

    def delete(self, path: str) -> None:
        """Forget a file; the tasks that have it keep it.

        Args:
            path: Relative to the home.

        Raises:
            NotFound: there is none.
        """
        request = delete_profile_file.request(profile_file_id=self._id(read_path(path)))
        self._api.send(request)

    def _id(self, path: str) -> str:
        for file in self.list():
            if file.path == path:
                return file.id
        raise NotFound(
            f"there is no profile file {path}",
            status=404,
            hint="`flowkit profile-file ls` lists them",
        )
