"""`flowkit api`: any operation of the contract, signed in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import BadInput

if TYPE_CHECKING:
    from flowkit_api.types import Request

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


@options.command()
@click.argument("method", type=click.Choice(_METHODS, case_sensitive=False))
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
        raise BadInput(f"not a path: {path[:80]}", hint="it starts with a slash, as /v1/tasks")
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
        raise BadInput(f"--header: {line[:60]!r} is not 'NAME: VALUE'")
    if not (value.isascii() and value.strip().isprintable()):
        raise BadInput(f"--header: the value of {name} is not printable ASCII")
    return name, value.strip()


def _body(data: str) -> bytes:
    if data in ("-", "@-"):
        return sys.stdin.buffer.read()
    if not data.startswith("@"):
        return data.encode("utf-8")
    try:
        with open(data[1:], "rb") as file:
            return file.read()
    except OSError as error:
        raise BadInput(f"--data: cannot read {data[1:]}: {error.strerror}") from error
