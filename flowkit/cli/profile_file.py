"""`flowkit profile-file`: files that one's tasks find in their homes."""

from __future__ import annotations

import os
import re
import sys

import click

from flowkit.cli import options, output
from flowkit.cli.commands import CONTEXT_SETTINGS, Group
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import BadInput
from flowkit.cli.input_file import read_at_most
from flowkit.cli.task_view import age


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Keep files that each of your tasks finds in its home, such as .netrc.

    They go where tasks have a home of their own. Those that run with yours, as with the embedded
    gateway, find the files that are there.
    """


@options.command()
@click.argument("path", type=options.TEXT)
@click.option(
    "--mode", type=options.TEXT, metavar="MODE", help="Permissions, as in 640; 600 unless given."
)
@options.output_option()
def put(path: str, mode: str | None, json: bool) -> None:
    """Keep what stdin holds at PATH of the home; a file that is there is replaced.

    \b
      flowkit profile-file put .netrc < ~/.netrc
    """
    from flowkit.profile_values import LARGEST_BYTES, read_path

    path = read_path(path)
    if mode is not None and not re.fullmatch("0?[0-7]{3}", mode):
        raise BadInput(f"--mode: {mode[:20]!r} is no mode", hint="three octal digits, as in 640")
    permissions = None if mode is None else int(mode, 8)
    content = _read_stdin(path, LARGEST_BYTES)
    with open_flow() as flow:
        file = flow.profile_files.put(path, content, mode=permissions)
        is_embedded = flow.is_embedded
    if is_embedded:
        output.notice("tasks of the embedded gateway have your own home, and find its files")
    if json:
        output.result_json(file)
    else:
        output.result(file.path)


@options.command()
@options.output_option()
def ls(json: bool) -> None:
    """List the files by path."""
    with open_flow() as flow:
        files = list(flow.profile_files.list())
    if json:
        output.result_json(files)
        return
    rows = [
        (file.path, f"{file.mode:03o}", str(file.size_bytes), age(file.updated_at))
        for file in files
    ]
    output.table(("PATH", "MODE", "BYTES", "CHANGED"), rows, empty="no profile files")


@options.command()
@click.argument("path", type=options.TEXT)
def cat(path: str) -> None:
    """Print the file at PATH as it is."""
    with open_flow() as flow:
        file = flow.profile_files.get(path)
    output.write(output.STDOUT, (file.content or "").encode())


@options.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=options.TEXT)
@options.output_option()
def rm(paths: tuple[str, ...], json: bool) -> None:
    """Forget the file at each PATH; the tasks that have it keep it."""
    with open_flow() as flow:
        for path in paths:
            flow.profile_files.delete(path)
            if not json:
                output.result(path)
    if json:
        output.result_json(list(paths))


def _read_stdin(path: str, largest: int) -> bytes:
    hint = f"flowkit profile-file put {path} < FILE"
    if sys.stdin is None or os.isatty(sys.stdin.fileno()):
        raise BadInput("the content comes from stdin, which is no file", hint=hint)
    try:
        return read_at_most(sys.stdin.fileno(), largest + 1)
    except OSError as error:
        raise BadInput(f"cannot read stdin: {error.strerror}", hint=hint) from error


for _subcommand in (put, ls, cat, rm):
    command.add_command(_subcommand)
