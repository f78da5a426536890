"""Files of `NAME=VALUE` lines, as Docker and shells have them."""

from __future__ import annotations

import os
import re

from flowkit.cli.errors import BadInput
from flowkit.cli.options import utf8


def read_env_file(path: str) -> dict[str, str]:
    """Return the variables of a file.

    A line is `NAME=VALUE`, `export NAME=VALUE`, or `NAME` for this shell's value (left out where
    it has none, as Docker does); blank lines and those that start with `#` are skipped. A value
    in matching quotes loses them, and nothing in it is expanded.

    Args:
        path: The file.

    Raises:
        BadInput: The file cannot be read, or a line is none of these; the message names it.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            lines = file.read().split("\n")
    except OSError as error:
        raise BadInput(f"--env-file: cannot read {utf8(path)}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"--env-file: {utf8(path)} is not UTF-8") from error
    variables: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = re.fullmatch(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)(?:(=)(.*))?", text)
        if match is None:
            raise BadInput(
                f"--env-file: {utf8(path)}, line {number}: not NAME=VALUE",
                hint="a name is letters, digits and _",
            )
        name, equals, value = match.groups()
        if equals:
            variables[name] = _unquoted(value.strip())
        elif name in os.environ:
            variables[name] = utf8(os.environ[name])
    return variables


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
