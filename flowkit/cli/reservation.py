"""`flowkit reservation`: machines that are kept free for the project's tasks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from flowkit.cli import options, output
from flowkit.cli.commands import CONTEXT_SETTINGS, Group
from flowkit.cli.connection import open_flow
from flowkit.cli.task_view import local_time

if TYPE_CHECKING:
    from flowkit import Reservation

_MOMENT = options.Parsed("time", "flowkit.reservation_values:read_moment")


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Reserve machines, and look after reservations.

    A reservation is given by its name or its id; tasks run in it with `--reservation`.
    """


@options.command()
@click.argument("instance_type", type=options.TEXT)
@click.option("--duration", type=options.DURATION, metavar="DURATION", help="How long, as in 2h.")
@click.option("--start-at", type=_MOMENT, metavar="TIME", help="Its begin; now unless given.")
@click.option("--end-at", type=_MOMENT, metavar="TIME", help="Its end, in place of --duration.")
@click.option("--quantity", type=options.COUNT, default=1, metavar="N", help="How many of them.")
@click.option("--name", type=options.TEXT, metavar="NAME", help="Name to find it by.")
@click.option("--region", type=options.TEXT, metavar="NAME", help="Where.")
@click.option("--auto-renew", is_flag=True, help="Extend it by its length when it ends.")
@options.output_option()
def create(
    instance_type: str,
    duration: float | None,
    start_at: datetime | None,
    end_at: datetime | None,
    quantity: int,
    name: str | None,
    region: str | None,
    auto_renew: bool,
    json: bool,
) -> None:
    """Keep machines of INSTANCE_TYPE free for the project's tasks, and print the id.

    TIME is such as `2026-11-20 10:00`, or `2h` for in two hours.
    """
    with open_flow() as flow:
        made = flow.reserve(
            instance_type,
            duration,
            quantity=quantity,
            name=name,
            region=region,
            start_at=start_at,
            end_at=end_at,
            auto_renew=auto_renew,
        )
    if json:
        output.result_json(made.data)
    else:
        output.result(made.id)


@options.command()
@click.option(
    "--status",
    type=options.Choice(["scheduled", "active", "expired", "cancelled"]),
    help="Only those in this state.",
)
@click.option("-n", "--limit", type=options.COUNT, metavar="N", help="List at most N.")
@options.output_option()
def ls(status: str | None, limit: int | None, json: bool) -> None:
    """List the project's reservations, newest first."""
    with open_flow() as flow:
        found = flow.list_reservations(status, limit)
    if json:
        output.result_json([reservation.data for reservation in found])
        return
    columns = ("ID", "NAME", "INSTANCES", "STATUS", "START", "END", "RENEWED")
    output.table(columns, [_row(reservation) for reservation in found], empty="no reservations")


@options.command()
@click.argument("reservation", type=options.TEXT)
@options.output_option()
def show(reservation: str, json: bool) -> None:
    """Show RESERVATION."""
    with open_flow() as flow:
        found = flow.get_reservation(reservation)
    if json:
        output.result_json(found.data)
        return
    simulated = " (simulated)" if found.simulated else ""
    lines = [
        ("id", found.id),
        ("name", found.name or ""),
        ("project", found.project),
        ("instances", f"{found.quantity} {found.instance_type}{simulated}"),
        ("region", found.region),
        ("status", str(found.status)),
        ("message", found.message or ""),
        ("start", local_time(found.start_at)),
        ("end", local_time(found.end_at)),
        ("renewed", "yes" if found.auto_renew else "no"),
        ("created", local_time(found.created_at)),
        ("ended", local_time(found.ended_at) if found.ended_at else ""),
    ]
    output.fields([(name, value) for name, value in lines if value])


@options.command()
@click.argument("instance_type", type=options.TEXT)
@click.option("--quantity", type=options.COUNT, default=1, metavar="N", help="How many at a time.")
@click.option("--region", type=options.TEXT, metavar="NAME", help="Where.")
@click.option("--earliest-start-at", type=_MOMENT, metavar="TIME", help="Now unless given.")
@click.option("--latest-end-at", type=_MOMENT, metavar="TIME", help="A week later unless given.")
@options.output_option()
def availability(
    instance_type: str,
    quantity: int,
    region: str | None,
    earliest_start_at: datetime | None,
    latest_end_at: datetime | None,
    json: bool,
) -> None:
    """Say when machines of INSTANCE_TYPE can be reserved."""
    with open_flow() as flow:
        slots = flow.reservation_availability(
            instance_type,
            region,
            quantity=quantity,
            earliest_start_at=earliest_start_at,
            latest_end_at=latest_end_at,
        )
    if json:
        output.result_json(slots)
        return
    rows = [
        (local_time(slot.start_at), local_time(slot.end_at), str(slot.quantity)) for slot in slots
    ]
    output.table(("FROM", "UNTIL", "FREE"), rows, empty="never in this time")


@options.command()
@click.argument("reservation", type=options.TEXT)
@click.option("--on/--off", "auto_renew", default=True, help="Whether it is to be renewed.")
@options.output_option()
def renew(reservation: str, auto_renew: bool, json: bool) -> None:
    """Extend RESERVATION by its length when it ends, or with --off do not."""
    with open_flow() as flow:
        _print(flow.reservations.update(reservation, auto_renew=auto_renew), json)


@options.command()
@click.argument(
    "reservations", nargs=-1, required=True, type=options.TEXT, metavar="RESERVATION..."
)
@options.output_option()
def cancel(reservations: tuple[str, ...], json: bool) -> None:
    """End each RESERVATION now, and its tasks."""
    with open_flow() as flow:
        found = [flow.reservations.id_of(reservation) for reservation in reservations]
        ended = [flow.cancel_reservation(reservation_id) for reservation_id in found]
    if json:
        output.result_json([reservation.data for reservation in ended])
        return
    for reservation in ended:
        _print(reservation, json=False)


def _print(reservation: Reservation, json: bool) -> None:
    if json:
        output.result_json(reservation.data)
    else:
        output.result(f"{reservation.id} {reservation.status}")


def _row(reservation: Reservation) -> tuple[str, ...]:
    return (
        reservation.id,
        reservation.name or "",
        f"{reservation.quantity} {reservation.instance_type}",
        str(reservation.status),
        local_time(reservation.start_at),
        local_time(reservation.end_at),
        "yes" if reservation.auto_renew else "no",
    )


for _subcommand in (create, ls, show, availability, renew, cancel):
    command.add_command(_subcommand)
