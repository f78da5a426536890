"""`flowkit mkdir`: make directories in volumes and tasks."""

from __future__ import annotations

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.remote import remote


@options.command()
@click.argument("paths", nargs=-1, required=True, type=options.TEXT, metavar="PATH...")
@options.output_option()
def command(paths: tuple[str, ...], json: bool) -> None:
    """Make each PATH a directory, and those above it; one that is there stays as it is."""
    places = [str(remote(path)) for path in paths]
    with open_flow() as flow:
        made = [flow.storage.mkdir(place).path for place in places]
    if json:
        output.result_json(made)
    else:
        output.result("\n".join(output.escape(path) for path in made))
