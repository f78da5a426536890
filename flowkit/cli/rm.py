"""`flowkit rm`: delete files of volumes and tasks."""

from __future__ import annotations

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.remote import remote


@options.command()
@click.argument("paths", nargs=-1, required=True, type=options.TEXT, metavar="PATH...")
@click.option("-r", "--recursive", is_flag=True, help="Delete a directory with what is in it.")
@options.output_option()
def command(paths: tuple[str, ...], recursive: bool, json: bool) -> None:
    """Delete each PATH, such as datasets:old/a.csv; nothing brings it back."""
    places = [str(remote(path)) for path in paths]
    with open_flow() as flow:
        for place in places:
            flow.storage.delete(place, recursive=recursive)
            if not json:
                output.result(output.escape(place))
    if json:
        output.result_json(places)
