"""`flowkit volume`: directories that outlive tasks, and who may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowkit.cli import options, output
from flowkit.cli.commands import CONTEXT_SETTINGS, Group
from flowkit.cli.connection import open_flow
from flowkit.cli.task_view import age, local_time
from flowkit.volume_values import Interface, Permission

if TYPE_CHECKING:
    from flowkit_api.models import Grant

    from flowkit import Volume

_PERMISSION = options.Choice(["rw", "ro"])


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Create volumes, share them, and look after them.

    A volume is given by its name or its id.
    """


@options.command()
@click.argument("name", type=options.TEXT)
@click.option(
    "--size-gb",
    type=options.COUNT,
    required=True,
    metavar="N",
    help="Most GB that uploads may fill it with.",
)
@click.option(
    "--interface",
    type=options.Choice(["block", "file"]),
    default="block",
    help="block is used by one task at a time, file by many.",
)
@click.option("--region", type=options.TEXT, metavar="NAME", help="Where it is to be.")
@click.option("--permission", type=_PERMISSION, default="rw", help="ro lets nobody write to it.")
@click.option("--cloneable", is_flag=True, help="Those it is shared with may copy it.")
@options.output_option()
def create(
    name: str,
    size_gb: int,
    interface: Interface,
    region: str | None,
    permission: Permission,
    cloneable: bool,
    json: bool,
) -> None:
    """Create the volume NAME and print its id."""
    with open_flow() as flow:
        made = flow.volumes.create(
            size_gb,
            name=name,
            interface=interface,
            region=region,
            permission=permission,
            cloneable=cloneable,
        )
    _print(made, json)


@options.command()
@click.option("-n", "--limit", type=options.COUNT, metavar="N", help="List at most N.")
@options.output_option()
def ls(limit: int | None, json: bool) -> None:
    """List the project's volumes and those shared with you, newest first."""
    with open_flow() as flow:
        volumes = flow.list_volumes(limit)
    if json:
        output.result_json([volume.data for volume in volumes])
        return
    columns = ("ID", "NAME", "SIZE", "INTERFACE", "ACCESS", "PROJECT", "TASKS", "AGE")
    output.table(columns, [_row(volume) for volume in volumes], empty="no volumes")


@options.command()
@click.argument("volume", type=options.TEXT)
@options.output_option()
def show(volume: str, json: bool) -> None:
    """Show VOLUME, with whom it is shared, and which tasks use it."""
    with open_flow() as flow:
        found = flow.volumes.get(volume)
        grants = flow.volumes.grants(found) if found.grant_id is None else []
    if json:
        output.result_json({"volume": found.data, "grants": grants})
        return
    lines = [
        ("id", found.id),
        ("name", found.name or ""),
        ("project", found.project),
        ("size", f"{found.size_gb} GB"),
        ("interface", str(found.interface)),
        ("permission", str(found.permission)),
        ("access", str(found.access)),
        ("cloneable", "yes" if found.cloneable else "no"),
        ("region", found.region),
        ("created", local_time(found.created_at)),
        ("tasks", ", ".join(found.task_ids)),
        *(("shared", f"{grant.principal} {grant.permission} {grant.status}") for grant in grants),
    ]
    output.fields([(name, value) for name, value in lines if value])


@options.command()
@click.argument("volume", type=options.TEXT)
@click.argument("name", type=options.TEXT)
@options.output_option()
def rename(volume: str, name: str, json: bool) -> None:
    """Give VOLUME another NAME; tasks that use it keep it."""
    with open_flow() as flow:
        _print(flow.volumes.update(volume, name=name), json)


@options.command()
@click.argument("volume", type=options.TEXT)
@click.argument("size_gb", type=options.COUNT)
@options.output_option()
def resize(volume: str, size_gb: int, json: bool) -> None:
    """Let uploads fill VOLUME with at most SIZE_GB."""
    with open_flow() as flow:
        _print(flow.volumes.update(volume, size_gb=size_gb), json)


@options.command()
@click.argument("volumes", nargs=-1, required=True, type=options.TEXT, metavar="VOLUME...")
@options.output_option()
def rm(volumes: tuple[str, ...], json: bool) -> None:
    """Delete each VOLUME with everything in it; nothing brings it back."""
    with open_flow() as flow:
        found = [flow.volumes.id_of(volume) for volume in volumes]
        for volume_id in found:
            flow.volumes.delete(volume_id)
            if not json:
                output.result(volume_id)
    if json:
        output.result_json(found)


@options.command()
@click.argument("volume", type=options.TEXT)
@click.argument("name", type=options.TEXT, required=False)
@click.option("--size-gb", type=options.COUNT, metavar="N", help="Its size; the same unless given.")
@options.output_option()
def clone(volume: str, name: str | None, size_gb: int | None, json: bool) -> None:
    """Copy VOLUME with everything in it into a new one called NAME, and print its id."""
    with open_flow() as flow:
        _print(flow.volumes.clone(volume, name=name, size_gb=size_gb), json)


@options.command()
@click.argument("volume", type=options.TEXT)
@options.output_option()
def usage(volume: str, json: bool) -> None:
    """Count what is in VOLUME."""
    with open_flow() as flow:
        counted = flow.volumes.usage(volume)
    if json:
        output.result_json(counted)
        return
    output.fields(
        [
            ("files", str(counted.file_count)),
            ("used bytes", str(counted.used_bytes)),
            ("quota bytes", str(counted.quota_bytes)),
        ]
    )


@options.command()
@click.argument("volume", type=options.TEXT)
@click.argument("principal", type=options.TEXT)
@click.option("--permission", type=_PERMISSION, default="ro", help="rw to write to it, too.")
@options.output_option()
def share(volume: str, principal: str, permission: Permission, json: bool) -> None:
    """Invite PRINCIPAL, which is user:NAME or project:NAME, to use VOLUME."""
    with open_flow() as flow:
        _print_grant(flow.volumes.share(volume, principal, permission), json)


@options.command()
@click.argument("volume", type=options.TEXT)
@click.argument("principal", type=options.TEXT)
def unshare(volume: str, principal: str) -> None:
    """Take back from PRINCIPAL the use of VOLUME; tasks that run keep it."""
    with open_flow() as flow:
        flow.volumes.unshare(volume, principal)


@options.command()
@options.output_option()
def invitations(json: bool) -> None:
    """List the invitations that wait for your answer."""
    with open_flow() as flow:
        grants = flow.volumes.invitations()
    if json:
        output.result_json(grants)
        return
    columns = ("ID", "VOLUME", "PROJECT", "PERMISSION", "FOR", "AGE")
    rows = [
        (
            grant.id,
            grant.volume_name or grant.volume_id,
            grant.project,
            str(grant.permission),
            grant.principal,
            age(grant.created_at),
        )
        for grant in grants
    ]
    output.table(columns, rows, empty="no invitations")


@options.command()
@click.argument("grant", type=options.TEXT)
@options.output_option()
def accept(grant: str, json: bool) -> None:
    """Accept an invitation; GRANT is its id."""
    with open_flow() as flow:
        _print_grant(flow.volumes.accept(grant), json)


@options.command()
@click.argument("grant", type=options.TEXT)
@options.output_option()
def decline(grant: str, json: bool) -> None:
    """Decline an invitation; GRANT is its id."""
    with open_flow() as flow:
        _print_grant(flow.volumes.decline(grant), json)


@options.command()
@click.argument("volume", type=options.TEXT)
def leave(volume: str) -> None:
    """Give up the use of another project's VOLUME."""
    with open_flow() as flow:
        flow.volumes.leave(volume)


def _print(volume: Volume, json: bool) -> None:
    if json:
        output.result_json(volume.data)
    else:
        output.result(volume.id)


def _print_grant(grant: Grant, json: bool) -> None:
    if json:
        output.result_json(grant)
    else:
        output.result(f"{grant.id} {grant.status}")


def _row(volume: Volume) -> tuple[str, ...]:
    return (
        volume.id,
        volume.name or "",
        f"{volume.size_gb} GB",
        str(volume.interface),
        str(volume.access),
        volume.project,
        str(len(volume.task_ids)),
        age(volume.created_at),
    )


for _subcommand in (
    create,
    ls,
    show,
    rename,
    resize,
    rm,
    clone,
    usage,
    share,
    unshare,
    invitations,
    accept,
    decline,
    leave,
):
    command.add_command(_subcommand)
