"""The command line as a process: signals, standard streams, errors and the exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

PROGRAM = "flowkit"
COMPLETE = "_FLOWKIT_COMPLETE"


def run_and_exit(arguments: list[str]) -> NoReturn:
    """Run a command line and exit with its code; nothing ever leaves as a traceback.

    Args:
        arguments: What follows the program's name.
    """
    _open_standard_streams()
    # Imports make no garbage worth collecting, and looking for it takes a tenth of the start.
    # Rarely rather than never: a log may be followed for days.
    gc.set_threshold(100_000)
    # httpx imports its own command line (rich, click, pygments) where those are installed, which
    # takes longer than the rest of httpx. None makes that import fail, as if they were not.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # documented: import then fails
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001  # the last handler of the process
        fail(error)
    _exit(code)


def fail(error: BaseException) -> NoReturn:
    """Say what went wrong and exit with the code for it."""
    # From here on a second Ctrl-C ends the process as it would any other.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    from flowkit.cli import errors

    if isinstance(error, BrokenPipeError):
        _exit(errors.BROKEN_PIPE)
    if isinstance(error, KeyboardInterrupt):
        _exit(errors.INTERRUPTED)
    if isinstance(error, errors.Terminated):
        _exit(errors.TERMINATED)
    report = errors.report_of(error)
    if errors.debugging():
        errors.show_traceback(error)
    errors.show(report)
    _exit(report.exit_code)


def _run(arguments: list[str]) -> int:
    import click

    from flowkit.cli.errors import BadInput, Terminated
    from flowkit.cli.root import root

    def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)
    if instruction := os.environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        code = shell_complete(root, {}, PROGRAM, COMPLETE, instruction)
        if code:
            raise BadInput(f"invalid {COMPLETE} {instruction!r}", hint="flowkit completion --help")
        return code
    # Not root.main(): it takes KeyboardInterrupt and a broken pipe for its own.
    try:
        with root.make_context(PROGRAM, arguments) as context:
            root.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    return 0


def _open_standard_streams() -> None:
    """Occupy standard streams that the caller closed: a socket must not become stdout."""
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # Read-only for stdout too, so that a result which goes nowhere is an error.
            os.open(os.devnull, flags)


def _exit(code: int) -> NoReturn:
    # Everything was written without a buffer, and connections are closed: what the interpreter
    # would do now only takes time.
    os._exit(code)
