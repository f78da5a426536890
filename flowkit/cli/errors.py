"""What an error says and which exit code it has: the one place where the CLI maps errors.

    0    done                                   5    the gateway is unreachable or overloaded
    1    the operation failed                   124  a wait timed out
    2    usage or bad input                     125  flowkit failed: no exit code of the task
    3    not found                              130  Ctrl-C
    4    not allowed or not signed in           141  the reader of the output is gone
                                                143  SIGTERM

`run` and `wait` exit with the task's own code instead of 0.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import click

from flowkit import errors
from flowkit.cli import output
from flowkit.suggestions import did_you_mean

OK = 0
FAILED = 1
USAGE = 2
NOT_FOUND = 3
NOT_ALLOWED = 4
UNREACHABLE = 5
TIMEOUT = 124
NO_EXIT_CODE = 125
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143

# Looked up along the class's ancestors, so a more special class goes before its base.
_EXIT_CODES: dict[type[BaseException], int] = {
    errors.ConfigError: USAGE,
    errors.InvalidRequest: USAGE,
    errors.MethodNotAllowed: USAGE,
    errors.PayloadTooLarge: USAGE,
    errors.UnsupportedMediaType: USAGE,
    errors.NotFound: NOT_FOUND,
    errors.Unauthenticated: NOT_ALLOWED,
    errors.PermissionDenied: NOT_ALLOWED,
    errors.HostNotAllowed: NOT_ALLOWED,
    errors.APIConnectionError: UNREACHABLE,
    errors.GatewayStartError: UNREACHABLE,
    errors.Unavailable: UNREACHABLE,
    errors.RateLimited: UNREACHABLE,
    errors.WaitTimeout: TIMEOUT,
    errors.FlowError: FAILED,
}

# What to do about errors of which the gateway says no more than what is wrong.
_HINTS: dict[type[BaseException], str] = {
    errors.TaskNotFound: "`flowkit ps` lists the tasks of this project",
}


class Terminated(BaseException):
    """SIGTERM arrived. Not an Exception, as KeyboardInterrupt is none."""


class Failure(Exception):
    """A command cannot go on.

    Args:
        message: What went wrong, in one line.
        hint: What to do about it.
        exit_code: The exit code of the process.
    """

    def __init__(self, message: str, *, hint: str | None = None, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


class BadInput(Failure):
    """An argument, option or file is wrong."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint, exit_code=USAGE)


class Report(NamedTuple):
    """What the process says about an error, and its exit code."""

    exit_code: int
    message: str
    hint: str | None = None


def report_of(error: BaseException) -> Report:
    """Return what to say about any error that ended a command."""
    if isinstance(error, Failure):
        # What the user typed may hold a line end; the message is one line all the same.
        return Report(error.exit_code, output.escape(error.message), error.hint)
    if isinstance(error, errors.FlowError):
        # The hint is the last line of an error's text; here it has its own place.
        text = str(error).removesuffix(f"\nhint: {error.hint}")
        return Report(_exit_code(error), text, error.hint or _HINTS.get(type(error)))
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, output.OutputError):
        return Report(FAILED, f"{error}: {error.cause.strerror}")
    if isinstance(error, OSError):
        # The machine's refusal (a full disk, no permission), not a bug.
        where = f"{error.filename}: " if error.filename is not None else ""
        return Report(FAILED, output.escape(f"{where}{error.strerror or error}"))
    return Report(
        NO_EXIT_CODE,
        f"internal error: {type(error).__name__}: {error}",
        "this is a bug in flowkit; FLOWKIT_DEBUG=1 shows where it happened",
    )


def _exit_code(error: errors.FlowError) -> int:
    return next(_EXIT_CODES[cls] for cls in type(error).__mro__ if cls in _EXIT_CODES)


def _usage(error: click.ClickException) -> Report:
    context = getattr(error, "ctx", None)
    hint = f"see `{context.command_path} --help`" if context is not None else None
    if isinstance(error, click.NoSuchOption):
        hint = did_you_mean(error.option_name, error.possibilities or ()) or hint
        return Report(USAGE, output.escape(f"no such option: {error.option_name}"), hint)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        # Click's own words take a line for each value that is possible.
        is_option = isinstance(error.param, click.Option)
        missing = error.param.opts[-1] if is_option else error.param.human_readable_name
        message = f"missing {'option' if is_option else 'argument'} {missing}"
    else:
        message = error.format_message().rstrip(".")
    return Report(USAGE, output.escape(message[:1].lower() + message[1:]), hint)


def show(report: Report) -> None:
    """Write an error to stderr: one line, what is wrong with each field, and the hint."""
    first, *rest = report.message.split("\n")
    lines = [f"error: {output.escape(first)}", *map(output.escape, rest)]
    if report.hint:
        lines.append(f"hint: {output.escape(report.hint)}")
    output.notice("\n".join(lines))


def debugging() -> bool:
    """Whether tracebacks are asked for (`FLOWKIT_DEBUG=1`)."""
    return os.environ.get("FLOWKIT_DEBUG", "") not in ("", "0")


def show_traceback(error: BaseException) -> None:
    """Write an error's traceback to stderr."""
    import traceback

    traceback.print_exception(error, file=sys.stderr)


@contextmanager
def after_submission(task_id: str) -> Iterator[None]:
    """Let no failure of flowkit pass for an exit code of the task, which exists from here on.

    Args:
        task_id: The task whose exit code the command waits for.

    Raises:
        Failure: Anything that went wrong, with exit code 125 and how to go on; a `WaitTimeout`
            is passed on.
    """
    try:
        yield
    except errors.WaitTimeout:
        raise
    except (errors.FlowError, output.OutputError) as error:
        raise Failure(
            report_of(error).message,
            hint=f"the task may go on: `flowkit wait {task_id}` waits for its exit code",
            exit_code=NO_EXIT_CODE,
        ) from error
