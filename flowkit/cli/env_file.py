"""Files of `NAME=VALUE` lines, as Docker and shells have them."""

from __future__ import annotations

import os
import re

from flowkit.cli.errors import BadInput
from flowkit.cli.input_file import read_input
from flowkit.cli.options import utf8

_OPTION = "--env-file"
_LARGEST = 1024 * 1024


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
    name = utf8(path, _OPTION)
    try:
        content = read_input(path, option=_OPTION, largest=_LARGEST)
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadInput(f"{_OPTION}: {name} is not UTF-8", hint="save it as UTF-8 text") from error
    variables: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = re.fullmatch(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)(?:(=)(.*))?", text)
        if match is None:
            raise BadInput(
                f"{_OPTION}: {name}, line {number}: not NAME=VALUE",
                hint="a name is letters, digits and _, and does not begin with a digit",
            )
        variable, equals, value = match.groups()
        if "\0" in text:
            raise BadInput(f"{_OPTION}: {name}, line {number}: a NUL character in the value")
        if equals:
            variables[variable] = _unquoted(value.strip())
        elif variable in os.environ:
            variables[variable] = utf8(os.environ[variable], variable)
    return variables


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
