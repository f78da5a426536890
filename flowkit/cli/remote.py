"""Remote paths on the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flowkit.cli.errors import BadInput
from flowkit.cli.options import utf8
from flowkit.errors import FlowError

if TYPE_CHECKING:
    from flowkit import Flow
    from flowkit.remote_paths import RemotePath


def is_remote(text: str) -> bool:
    """Say whether a path names a volume or a task, as `data:a/b` does and `./data:a` does not."""
    return re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*:", text) is not None


def remote(text: str, name: str = "PATH") -> RemotePath:
    """Return the place that an argument names.

    Args:
        text: What the user typed.
        name: What to call it in an error.

    Raises:
        BadInput: It names none.
    """
    from flowkit.remote_paths import RemotePath

    try:
        return RemotePath.parse(utf8(text, name))
    except FlowError as error:
        raise BadInput(f"{name}: {error.message}", hint=error.hint) from error


def into_directory(flow: Flow, target: RemotePath, name: str, *, asked: bool) -> RemotePath:
    """Return where something goes: into the target if that is a directory, else to it.

    Args:
        flow: Where the target is.
        target: What the user typed.
        name: How the thing is called.
        asked: Whether the user typed a slash at the end, and so means a directory.
    """
    if asked or not target.path or _is_directory(flow, target):
        return target.below(name)
    return target


def _is_directory(flow: Flow, place: RemotePath) -> bool:
    from flowkit import FileNotFound

    try:
        return flow.storage.stat(str(place)).is_directory
    except FileNotFound:
        return False
