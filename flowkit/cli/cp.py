"""`flowkit cp`: copy files to and from volumes and tasks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import BadInput
from flowkit.cli.progress import skipped_notice, transfer_progress
from flowkit.cli.remote import into_directory, is_remote, remote

if TYPE_CHECKING:
    from flowkit import Flow
    from flowkit.transfers import Transfer

_STANDARD = "-"
_CHUNK = 1024 * 1024


@options.command()
@click.argument("source", type=options.FileName(), metavar="SOURCE")
@click.argument("target", type=options.FileName(), metavar="TARGET")
@click.option("-r", "--recursive", is_flag=True, help="Copy a directory with what is in it.")
@click.option("--no-overwrite", is_flag=True, help="Replace no file that is there.")
@options.output_option("text", "With json, say on stdout how much was copied.")
def command(source: str, target: str, recursive: bool, no_overwrite: bool, json: bool) -> None:
    """Copy SOURCE to TARGET, one of which is remote: VOLUME:PATH or TASK_ID:PATH.

    `-` is stdin or stdout. A target that is a directory is copied into; the directory `.` is
    copied as what is in it.

    \b
      flowkit cp train.csv datasets:2026/
      flowkit cp -r datasets:2026 ./data
      flowkit cp datasets:a.csv - | head
    """
    sides = is_remote(source), is_remote(target)
    if sides == (False, False):
        raise BadInput(
            "neither SOURCE nor TARGET is remote",
            hint="write VOLUME:PATH or TASK_ID:PATH for one of them",
        )
    if json and target == _STANDARD:
        raise BadInput(
            "the file and the JSON would both go to stdout",
            hint="leave out -o json, or name a file",
        )
    with open_flow() as flow:
        if sides == (True, True):
            copied = _between(flow, source, target)
        elif sides[0]:
            copied = _from_remote(flow, source, target, recursive)
        else:
            copied = _to_remote(flow, source, target, recursive, overwrite=not no_overwrite)
    if json:
        output.result_json(copied._asdict())
    else:
        skipped_notice(copied)


def _to_remote(
    flow: Flow, source: str, target: str, recursive: bool, *, overwrite: bool
) -> Transfer:
    place = remote(target, "TARGET")
    if source == _STANDARD:
        if not place.path or target.endswith("/"):
            raise BadInput("TARGET: stdin has no name", hint=f"as in {place.below('data.csv')}")
        return _written(flow, str(place), _standard_input())
    from flowkit.local_files import is_directory

    if is_directory(source) and not recursive:
        raise BadInput(f"{source} is a directory", hint="copy it with -r")
    name = os.path.basename(source.rstrip("/"))
    if name not in ("", ".", ".."):
        place = into_directory(flow, place, name, asked=target.endswith("/"))
    with transfer_progress() as progress:
        return flow.storage.upload(source, str(place), overwrite=overwrite, progress=progress)


def _from_remote(flow: Flow, source: str, target: str, recursive: bool) -> Transfer:
    from flowkit.transfers import Transfer

    place = remote(source, "SOURCE")
    if target == _STANDARD:
        size = 0
        for chunk in flow.storage.read(str(place)):
            output.write(output.STDOUT, chunk)
            size += len(chunk)
        return Transfer(1, size)
    if not place.path or flow.storage.stat(str(place)).is_directory:
        if not recursive:
            raise BadInput(f"{source} is a directory", hint="copy it with -r")
        if os.path.isdir(target) and place.name:
            target = os.path.join(target, place.name)
    with transfer_progress() as progress:
        return flow.storage.download(str(place), target, progress=progress)


def _between(flow: Flow, source: str, target: str) -> Transfer:
    origin, place = remote(source, "SOURCE"), remote(target, "TARGET")
    if not origin.path or flow.storage.stat(str(origin)).is_directory:
        raise BadInput(
            f"{source} is a directory, and both sides are remote",
            hint="`flowkit volume clone` copies a volume; else copy it to this machine first",
        )
    place = into_directory(flow, place, origin.name, asked=target.endswith("/"))
    return _written(flow, str(place), flow.storage.read(str(origin)))


def _written(flow: Flow, path: str, content: Iterator[bytes]) -> Transfer:
    from flowkit.transfers import Transfer

    return Transfer(1, flow.storage.write(path, content).size_bytes)


def _standard_input() -> Iterator[bytes]:
    while chunk := sys.stdin.buffer.read(_CHUNK):
        yield chunk
