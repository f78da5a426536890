"""Runs many `flowkit` commands in little time: each in a fork of a process that has it imported.

What runs is the real entry point, with descriptors, environment, directory and arguments of its
own; only the interpreter's start and the imports are shared. A row of the tables thus costs
milliseconds, and leaves nothing in any other row's process.
"""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import sys
import time
from importlib import import_module
from typing import Any, NoReturn

_NOBODY = 65534
_PACKAGES = (
    "flowkit",
    "flowkit.cli",
    "flowkit._sync",
    "flowkit.transport",
    "flowkit.transport._sync",
)


def main() -> None:
    """Answer requests, JSON lines, on descriptor 0 until it is closed; answers go to 1."""
    _import_everything()
    with os.fdopen(os.dup(0), encoding="utf-8") as requests, os.fdopen(os.dup(1), "w") as answers:
        for line in requests:
            request = json.loads(line)
            # `exec` in the child must not keep the tests' pipes open.
            child = os.fork()
            if child == 0:
                _be_the_command(request)
            json.dump(_ending(child, request["timeout"]), answers)
            print(file=answers, flush=True)


def _import_everything() -> None:
    # As the command itself does before it imports httpx.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # documented: import then fails
    for package in _PACKAGES:
        for module in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
            if not module.name.endswith(("__main__", "._async", "._sync")):
                import_module(module.name)
    for name in (
        "flowkit_api.models",
        "flowkit_api.api.events",
        "httpx",
        "httpcore",
        "anyio",
        "yaml",
        "tomllib",
        "difflib",
        "getpass",
        "dateutil.parser",
        "encodings.idna",
        "unicodedata",
    ):
        import_module(name)


def _be_the_command(request: dict[str, Any]) -> NoReturn:
    os.setsid()
    for number, path in enumerate((request["stdin"], request["stdout"], request["stderr"])):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.closerange(3, 64)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    if request["cwd_vanishes"]:
        os.rmdir(request["cwd"])
    if request["unprivileged"] and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    for package in request["missing"]:
        sys.modules[package] = None  # type: ignore[assignment]  # documented: import then fails
    sys.argv = ["flowkit", *request["arguments"]]
    from flowkit.cli import main as flowkit

    try:
        flowkit()
    except SystemExit as done:
        os._exit(done.code if isinstance(done.code, int) else 0)
    os._exit(99)


def _ending(child: int, timeout: float) -> int:
    """Return the exit code, or -1 when it had to be killed because it did not end."""
    deadline = time.monotonic() + timeout
    pidfd = os.pidfd_open(child)
    try:
        import select

        ready, _, _ = select.select([pidfd], [], [], max(0.0, deadline - time.monotonic()))
    finally:
        os.close(pidfd)
    if not ready:
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if ready else -1


if __name__ == "__main__":
    main()
