"""A stored file as `flow.storage` shows it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flowkit_api.models import File, FileType

from flowkit.remote_paths import RemotePath


class RemoteFile(NamedTuple):
    """A file, a directory or a link in a volume or in the workspace of a task."""

    path: str
    """Where it is, as the methods of `flow.storage` take it."""
    type: FileType
    size_bytes: int
    modified_at: datetime
    mode: int
    """Permission bits."""
    etag: str | None = None
    """Changes with the file."""
    sha256: str | None = None
    """Checksum of the content, where it was asked for."""
    target: str | None = None
    """What a link points to."""

    @classmethod
    def of(cls, file: File, place: RemotePath) -> RemoteFile:
        """Return what the gateway says of a file of the volume or task that a path is in."""
        return cls(
            path=str(place.at(file.path)),
            type=file.type,
            size_bytes=file.size_bytes,
            modified_at=file.modified_at,
            mode=file.mode,
            etag=file.etag,
            sha256=file.sha256,
            target=file.target,
        )

    def to_dict(self) -> dict[str, object]:
        """Return the fields that are present, as JSON has them."""
        return {name: value for name, value in self._asdict().items() if value is not None}

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory, and no link to one."""
        return self.type == FileType.DIRECTORY
