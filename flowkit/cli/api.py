"""`flowkit api`: any operation of the contract, signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import BadInput
from flowkit.cli.input_file import read_at_most, read_input

if TYPE_CHECKING:
    from flowkit_api.types import Request

_HEADER_HINT = "as in -H 'Idempotency-Key: 7f3a'"
_LARGEST = 64 * 1024 * 1024
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


@options.command()
@click.argument("method", type=options.Choice(_METHODS, case_sensitive=False), metavar="METHOD")
@click.argument("path", type=options.TEXT)
@click.option(
    "-d",
    "--data",
    type=options.TEXT,
    metavar="JSON",
    help="Body of the request; @FILE reads it from a file, - from stdin.",
)
@click.option(
    "-H",
    "--header",
    "headers",
    type=options.TEXT,
    multiple=True,
    metavar="'NAME: VALUE'",
    help="Header to send. Repeatable.",
)
def command(method: str, path: str, data: str | None, headers: tuple[str, ...]) -> None:
    """Call METHOD on PATH, signed in, and print the answer's body as it comes.

    \b
      flowkit api GET '/v1/tasks?status=running'
      flowkit api POST /v1/tasks -d '{"command": ["echo", "hi"]}'
    """
    request = _request(method, path, data, headers)
    with open_flow() as flow:
        if request.accept == "text/event-stream":
            with flow.api.stream(request) as chunks:
                for chunk in chunks:
                    output.write(output.STDOUT, chunk)
            return
        content = flow.api.send(request).content
    if content:
        ending = b"" if content.endswith(b"\n") else b"\n"
        output.write(output.STDOUT, output.safe_json(content) + ending)


def _request(method: str, path: str, data: str | None, headers: tuple[str, ...]) -> Request:
    from flowkit_api.types import Request

    if not path.startswith("/"):
        raise BadInput(f"not a path: {path[:80]!r}", hint="it starts with a slash, as /v1/tasks")
    location, _, query = path.partition("?")
    given = dict(_header(line) for line in headers)
    kinds = [name for name in given if name.lower() == "content-type"]
    content_type = given.pop(kinds[0]) if kinds else "application/json"
    body = None if data is None else _body(data)
    return Request(
        method=method.upper(),
        path=quote(location, safe="/:%@!$&'()*+,;=~"),
        params=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=given,
        body=body,
        content_type=None if body is None else content_type,
        accept="text/event-stream" if location.endswith(":follow") else "application/json",
        operation=f"{method.upper()} {location}",
    )


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not (colon and name.isascii() and name.replace("-", "").isalnum()):
        raise BadInput(f"--header: {line[:60]!r} is not 'NAME: VALUE'", hint=_HEADER_HINT)
    if not (value.isascii() and value.strip().isprintable()):
        raise BadInput(f"--header: the value of {name} is not printable ASCII", hint=_HEADER_HINT)
    return name, value.strip()


def _body(data: str) -> bytes:
    if data in ("-", "@-"):
        return _standard_input()
    if not data.startswith("@"):
        return data.encode("utf-8")
    if data == "@":
        raise BadInput("--data: @ names no file", hint="as in -d @task.json, or - for stdin")
    return read_input(data[1:], option="--data", largest=_LARGEST)


def _standard_input() -> bytes:
    try:
        content = read_at_most(0, _LARGEST + 1)
    except OSError as error:
        raise BadInput(f"--data: cannot read stdin: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise BadInput(f"--data: stdin is larger than {_LARGEST // 1024} KiB")
    return content
