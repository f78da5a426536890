"""The command line: `main` is what the `flowkit` command calls."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line of this process and exit with its code."""
    try:
        _answer(sys.argv[1:])
    except KeyboardInterrupt:
        # Only while the first modules load: from there on `process` takes care of it.
        os._exit(130)


def _answer(arguments: list[str]) -> None:
    # Answered before click is imported: that import alone takes longer than either answer.
    if arguments == ["--version"]:
        from flowkit._version import __version__

        _exit_with(f"flowkit {__version__}\n")
    if arguments in ([], ["--help"], ["-h"]) and "_FLOWKIT_COMPLETE" not in os.environ:
        from flowkit.cli.overview import overview

        _exit_with(overview())
    from flowkit.cli.process import run_and_exit

    run_and_exit(arguments)


def _exit_with(text: str) -> None:
    try:
        os.write(1, text.encode("ascii"))
    except OSError as error:
        from flowkit.cli.output import STDOUT, OutputError
        from flowkit.cli.process import fail

        fail(error if isinstance(error, BrokenPipeError) else OutputError(STDOUT, error))
    sys.exit(0)
