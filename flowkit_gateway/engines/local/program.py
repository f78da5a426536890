"""Finding the program of a command, and why it cannot be run. Standard library only."""

from __future__ import annotations

import errno
import os


class NotStarted(Exception):
    """The command could not be started.

    Args:
        message: Why.
        exit_code: What a shell would have answered; None where there is no such answer.
    """

    def __init__(self, message: str, exit_code: int | None) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def find_program(name: str, env: dict[str, str]) -> str:
    """Find a program as execvp(3) would in the command's own environment and directory.

    Raises:
        NotStarted: there is none.
    """
    if "/" in name:
        return name
    refused = None
    for directory in env.get("PATH", os.defpath).split(":"):
        candidate = os.path.join(directory or ".", name)
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
        if refused is None and os.path.isfile(candidate):
            refused = candidate
    if refused is not None:
        raise NotStarted(f"cannot run {name}: {refused} is not executable", 126)
    raise NotStarted(f"command not found: {name}", 127)


def not_run(program: str, error: OSError) -> NotStarted:
    """Say why a program that was found could not be run."""
    if error.errno != errno.ENOENT:
        return NotStarted(f"cannot run {program}: {error.strerror}", 126)
    if os.path.exists(program):
        return NotStarted(f"cannot run {program}: its interpreter is missing", 127)
    return NotStarted(f"command not found: {program}", 127)
