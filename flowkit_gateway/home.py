"""The homes of tasks: private ones, in which files are placed, and those of the tasks' callers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import cast

from flowkit_gateway.task_parts import HOME, Prepared, StartError

_LONGEST_NAME = 255
"""Bytes; NAME_MAX of the file systems of Linux."""


def is_private(settings: Mapping[str, object]) -> bool:
    """Say whether a task gets a home of its own when something is placed in it.

    One whose environment, its caller's or its own, names a home has that one: it is somebody's,
    and nothing is written into it.
    """
    named = (settings.get("env"), settings.get("caller_env"))
    return not any("HOME" in cast("Mapping[str, str]", env or {}) for env in named)


def why_no_path(path: str) -> str | None:
    """Return what is wrong with a path in a home, None when it is one.

    Example:
        >>> why_no_path(".aws/config"), why_no_path("../config")
        (None, 'leaves the home by `..`')
    """
    names = path.split("/")
    if ".." in names:
        return "leaves the home by `..`"
    if "" in names or "." in names:
        return "has an empty name or `.` in it"
    if not path.isprintable():
        return "has a character in it that cannot be printed"
    if any(len(name.encode()) > _LONGEST_NAME for name in names):
        return f"has a name of more than {_LONGEST_NAME} bytes in it"
    return None


def collide(path: str, other: str) -> bool:
    """Say whether two files cannot both be in a home, being one, or one within the other."""
    return f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/")


def place(prepared: Prepared, path: str, content: bytes, mode: int) -> None:
    """Write a file into the private home of an attempt, which is made with its first file.

    A file that is there is replaced.

    Args:
        prepared: the attempt; `HOME` becomes part of its environment.
        path: relative to the home, without `..`.
        content: what is written.
        mode: permissions of the file; directories are its owner's alone.

    Raises:
        StartError: it cannot be written.
    """
    home = prepared.run_dir / HOME
    prepared.env["HOME"] = str(home)
    *directories, _ = path.split("/")
    try:
        directory = home
        directory.mkdir(mode=0o700, exist_ok=True)
        for name in directories:
            directory /= name
            directory.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(home / path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(descriptor, mode)
    except OSError as error:
        raise StartError(f"cannot place {path} in the task's home: {error.strerror}") from error
