"""The gateway's command: `python -m flowkit_gateway serve`."""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

DEFAULT_PORT = 8765
_EMBEDDED_IDLE_SECONDS = 900.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 1 cannot start, 2 something given is wrong."""
    options = _parser().parse_args(arguments)
    _log_to_stderr()
    # Imported late, so that a mistake on the command line is told at once.
    from flowkit_gateway.serve import serve
    from flowkit_gateway.settings import Settings, StartError

    port = options.port
    if port is None:
        port = 0 if options.embedded else DEFAULT_PORT
    try:
        serve(
            Settings(
                # Absolute, because each task has a working directory of its own.
                data_dir=_absolute(options.data_dir or _default_data_dir()),
                host=options.host,
                port=port,
                engine=options.engine,
                slurm=tuple(options.slurm),
                embedded=options.embedded,
                api_key_file=options.api_key_file,
                allowed_hosts=tuple(options.allowed_host),
                idle_timeout=_idle_timeout(options.idle_timeout, embedded=options.embedded),
                max_output_bytes=options.max_output_bytes,
                database=options.database,
                lease=options.lease,
                garbage_ages=dict(map(_garbage_age, options.gc_age)),
                null_duration=options.null_duration,
                check_answers=options.check_answers,
            )
        )
    except StartError as error:
        if options.embedded:
            # Into the log, where the client that started this finds it.
            logging.error("%s", f"{error} ({error.hint})" if error.hint else error)
        else:
            _complain(str(error), error.hint)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flowkit_gateway")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the contract", description="Run a gateway.")
    option = serve.add_argument
    option("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    option("--port", type=_port, help=f"port, 0 for any ({DEFAULT_PORT}; 0 when embedded)")
    option("--data-dir", type=Path, help="directory of the database and of task output")
    option("--database", metavar="URL", help="PostgreSQL database in place of a file of its own")
    option(
        "--lease",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long other gateways of that database wait for one that is gone (%(default)g)",
    )
    option("--engine", choices=("local", "slurm", "null"), default="local", help="what runs tasks")
    option(
        "--slurm",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="how the slurm engine uses its cluster, as in partition=gpu",
    )
    option("--embedded", action="store_true", help="serve the client that started this")
    option("--api-key-file", type=Path, help="file of keys: KEY [PROJECT [USER]] a line")
    option(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that clients reach this gateway by",
    )
    option(
        "--idle-timeout",
        type=_seconds,
        metavar="SECONDS",
        help=f"stop when idle for so long, 0 for never (0; {_EMBEDDED_IDLE_SECONDS:g} embedded)",
    )
    option(
        "--max-output-bytes",
        type=int,
        default=1024 * 1024 * 1024,
        metavar="BYTES",
        help="most output to keep of one task (%(default)s)",
    )
    option(
        "--gc-age",
        action="append",
        default=[],
        metavar="KIND=AGE",
        help="age at which unused workspaces (14d), snapshots (30d), caches (14d) and uploads (1d)"
        " go, as in workspace=2d",
    )
    option(
        "--null-duration",
        type=_seconds,
        default=0.01,
        metavar="SECONDS",
        help="how long a task of the null engine takes (%(default)s)",
    )
    option("--check-answers", action="store_true", help="check answers against the contract")
    return parser


def _complain(message: str, hint: str | None) -> None:
    """Say what is wrong as the command line does, which runs this in its place."""
    from flowkit.errors import one_line

    text = f"flowkit: error: {one_line(message)}\n"
    sys.stderr.write(text + (f"hint: {one_line(hint)}\n" if hint else ""))


def _absolute(path: Path) -> Path:
    from flowkit_gateway.settings import StartError

    try:
        return path.absolute()
    except FileNotFoundError:
        raise StartError(
            f"{path} is relative to a directory that does not exist any more",
            hint="give an absolute --data-dir",
        ) from None


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is between 0 and 65535")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not (math.isfinite(seconds) and seconds >= 0):
        raise argparse.ArgumentTypeError("seconds are 0 or more")
    return seconds


def _garbage_age(text: str) -> tuple[str, float]:
    from flowkit.durations import parse_duration
    from flowkit.errors import FlowError
    from flowkit_gateway.garbage import DEFAULT_AGES
    from flowkit_gateway.settings import StartError

    kind, _, age = text.partition("=")
    if kind not in DEFAULT_AGES:
        raise StartError(
            f"--gc-age: {text[:60]!r} is not KIND=AGE",
            hint=f"KIND is {', '.join(DEFAULT_AGES)}; as in workspace=2d",
            exit_code=2,
        )
    try:
        return kind, parse_duration(age)
    except FlowError as error:
        raise StartError(f"--gc-age: {error.message}", hint=error.hint, exit_code=2) from error


def _idle_timeout(given: float | None, *, embedded: bool) -> float:
    if given is not None or not embedded:
        return given or 0.0
    text = os.environ.get("FLOWKIT_GATEWAY_IDLE_TIMEOUT")
    try:
        return _EMBEDDED_IDLE_SECONDS if text is None else _seconds(text)
    except (ValueError, argparse.ArgumentTypeError):
        logging.warning("FLOWKIT_GATEWAY_IDLE_TIMEOUT is not a number of seconds: %r", text)
        return _EMBEDDED_IDLE_SECONDS


def _default_data_dir() -> Path:
    home = os.environ.get("FLOWKIT_HOME")
    if home:
        return Path(home) / "gateway"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "flowkit" / "gateway"


def _log_to_stderr() -> None:
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s")
    formatter.datefmt = "%Y-%m-%dT%H:%M:%S"
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # The application logs its mistakes once, under their correlation ids; uvicorn would repeat
    # them, and tell of each client that it stops waiting for.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    sys.exit(main())
