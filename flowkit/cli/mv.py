"""`flowkit mv`: move or rename files of a volume or task."""

from __future__ import annotations

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.remote import into_directory, remote


@options.command()
@click.argument("source", type=options.TEXT, metavar="SOURCE")
@click.argument("target", type=options.TEXT, metavar="TARGET")
@click.option("-f", "--force", is_flag=True, help="Replace a file that is there.")
@options.output_option()
def command(source: str, target: str, force: bool, json: bool) -> None:
    """Move SOURCE to TARGET within one volume, as in datasets:a.csv datasets:old/.

    A target that is a directory is moved into.
    """
    origin, place = remote(source, "SOURCE"), remote(target, "TARGET")
    with open_flow() as flow:
        if origin.path and origin.space == place.space:
            place = into_directory(flow, place, origin.name, asked=target.endswith("/"))
        moved = flow.storage.rename(str(origin), str(place), overwrite=force)
    if json:
        output.result_json(moved.to_dict())
    else:
        output.result(output.escape(moved.path))
