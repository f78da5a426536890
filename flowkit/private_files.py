"""Files that nobody but their user may have a hand in."""

from __future__ import annotations

import os
from pathlib import Path

from flowkit.errors import ConfigError

_ROOT = 0


def make_directory(path: Path) -> None:
    """Make a directory, with what is missing above it, that its owner alone can enter.

    `Path.mkdir` gives its mode to the last directory only; with a umask of 0 everybody could put
    files into the others.
    """
    missing = [path] if not path.exists() else []
    while missing and not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)


def check_owner(path: Path, status: os.stat_result | None = None) -> None:
    """Refuse what another user may have put there to be believed.

    Args:
        path: A file or directory that exists.
        status: Of the file, where it is open.

    Raises:
        ConfigError: it belongs neither to this user nor to root.
    """
    status = status or path.stat()
    if status.st_uid not in (os.geteuid(), _ROOT):
        raise ConfigError(
            f"{path} belongs to another user (uid {status.st_uid}) and is not trusted",
            hint="make it yours with chown, or use another directory",
        )
