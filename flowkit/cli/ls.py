"""`flowkit ls`: list files of volumes and tasks."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.remote import remote
from flowkit.cli.task_view import local_time

if TYPE_CHECKING:
    from flowkit.remote_file import RemoteFile

_KINDS = {"directory": stat.S_IFDIR, "file": stat.S_IFREG, "symlink": stat.S_IFLNK}


@options.command()
@click.argument("path", required=False, default="/", type=options.TEXT)
@click.option("-R", "--recursive", is_flag=True, help="Also list what is in directories below.")
@click.option("-n", "--limit", type=options.COUNT, metavar="N", help="List at most N.")
@options.output_option()
def command(path: str, recursive: bool, limit: int | None, json: bool) -> None:
    """List what is in PATH: VOLUME:PATH, TASK_ID:PATH, or /PATH in the volume `storage`."""
    place = remote(path)
    with open_flow() as flow:
        files = list(flow.storage.list(str(place), recursive=recursive, limit=limit))
    if json:
        output.result_json([file.to_dict() for file in files])
        return
    columns = ("MODE", "SIZE", "MODIFIED", "PATH")
    output.table(columns, [_row(file) for file in files], empty="no files")


def _row(file: RemoteFile) -> tuple[str, ...]:
    shown = file.path + ("/" if file.is_directory else "")
    return (
        stat.filemode(_KINDS.get(file.type, 0) | file.mode),
        "" if file.is_directory else str(file.size_bytes),
        local_time(file.modified_at),
        f"{shown} -> {file.target}" if file.target else shown,
    )
