"""`flowkit gateway`: serve one in the foreground; start, stop and look at the embedded one."""

from __future__ import annotations

import os
import sys
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowkit.cli import options, output
from flowkit.cli.commands import CONTEXT_SETTINGS, Command, Group
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import NOT_FOUND, BadInput, Failure
from flowkit.cli.task_view import age
from flowkit.durations import format_duration
from flowkit.sizes import format_bytes

if TYPE_CHECKING:
    from flowkit import Flow

_DIRECTORY = click.option(
    "--data-dir",
    type=options.FileName(Path),
    metavar="DIR",
    help="The gateway with this data directory instead of the embedded one.",
)


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Serve a gateway, or look after the embedded one.

    The embedded gateway starts by itself when a command needs it and stops when it is idle;
    tasks survive it.
    """


@click.command(cls=Command, context_settings=CONTEXT_SETTINGS)
@click.option(
    "--host",
    type=options.TEXT,
    metavar="HOST",
    help="Address to listen on; 127.0.0.1 unless given.",
)
@click.option("--port", type=options.Number(most=65535), metavar="PORT", help="8765 unless given.")
@click.option(
    "--api-key-file",
    type=options.FileName(),
    metavar="FILE",
    help="Keys to let in, one a line: KEY [PROJECT [USER]].",
)
@click.option(
    "--data-dir",
    type=options.FileName(Path),
    metavar="DIR",
    help="Where tasks are kept; a directory beside the embedded gateway's unless given.",
)
@click.option(
    "--database",
    type=options.TEXT,
    metavar="URL",
    help="PostgreSQL database in place of a file, as in postgresql://user@host/flowkit.",
)
@click.option(
    "--lease",
    type=options.Number(least=1),
    metavar="SECONDS",
    help="How long others on that database wait for one that is gone; 10 unless given.",
)
@click.option(
    "--engine",
    type=options.Choice(["local", "slurm", "null"]),
    default="local",
    help="What runs tasks.",
)
@click.option(
    "--slurm",
    type=options.TEXT,
    multiple=True,
    metavar="NAME=VALUE",
    help="How the slurm engine uses its cluster, as in partition=gpu. Repeatable.",
)
@click.option(
    "--allowed-host",
    type=options.TEXT,
    multiple=True,
    metavar="NAME",
    help="Name that clients reach this gateway by. Repeatable.",
)
@click.option(
    "--gc-age",
    "gc_ages",
    type=options.TEXT,
    multiple=True,
    metavar="KIND=AGE",
    help="When unused things go, as in workspace=2d; see `flowkit gateway gc`. Repeatable.",
)
def serve(
    host: str | None,
    port: int | None,
    api_key_file: str | None,
    data_dir: Path | None,
    database: str | None,
    lease: float | None,
    engine: str,
    slurm: tuple[str, ...],
    allowed_host: tuple[str, ...],
    gc_ages: tuple[str, ...],
) -> None:
    """Serve a gateway in the foreground until Ctrl-C."""
    from flowkit.config import check_gateway_environment, gateway_dir
    from flowkit.embedded import check_installed
    from flowkit.engine_options import engine_options

    check_installed()
    check_gateway_environment()
    directory = data_dir or gateway_dir().with_name("server")
    arguments = ["serve", "--data-dir", str(directory), "--engine", engine]
    arguments += ["--host", host] if host is not None else []
    arguments += ["--port", str(port)] if port is not None else []
    arguments += ["--api-key-file", api_key_file] if api_key_file is not None else []
    arguments += ["--database", database] if database is not None else []
    arguments += ["--lease", str(lease)] if lease is not None else []
    said = engine_options("slurm") if engine == "slurm" else []
    for option in (*said, *slurm):
        arguments += ["--slurm", option]
    for name in allowed_host:
        arguments += ["--allowed-host", name]
    for age_of_kind in gc_ages:
        arguments += ["--gc-age", age_of_kind]
    # -P keeps the working directory off the gateway's path: its files are not to be imported.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "flowkit_gateway", *arguments])


@options.command()
@options.output_option()
def start(json: bool) -> None:
    """Start the embedded gateway.

    Prints what `status` prints; a gateway that runs stays as it is.
    """
    from flowkit import embedded

    record = embedded.start()
    with _flow_of(record.url, record.token) as flow:
        _show(flow, record.url, json)


@options.command()
@_DIRECTORY
def stop(data_dir: Path | None) -> None:
    """Stop the embedded gateway; its tasks go on."""
    from flowkit import embedded

    if not embedded.stop(data_dir):
        raise _none_runs()
    output.notice("the gateway has stopped")


@options.command()
@_DIRECTORY
@options.output_option()
def status(data_dir: Path | None, json: bool) -> None:
    """Show the gateway in use.

    Exits with 3 when it is the embedded one and does not run; this starts none.
    """
    from flowkit import embedded
    from flowkit.config import resolve_settings

    settings = resolve_settings(**options.connection())
    if settings.api_url is not None and data_dir is None:
        with open_flow() as flow:
            _show(flow, settings.api_url, json)
        return
    record = embedded.status(data_dir)
    if record is None:
        raise _none_runs()
    with _flow_of(record.url, record.token) as flow:
        _show(flow, record.url, json)


@options.command()
@_DIRECTORY
@click.option("--tail", type=options.Number(), metavar="N", help="Only the last N lines.")
def logs(data_dir: Path | None, tail: int | None) -> None:
    """Print the embedded gateway's own log."""
    from flowkit.config import gateway_dir

    path = (data_dir or gateway_dir()) / "gateway.log"
    try:
        with path.open("rb") as file:
            for line in file if tail is None else deque(file, maxlen=tail):
                output.result(output.escape(line.rstrip(b"\n").decode("utf-8", "replace")))
    except FileNotFoundError as error:
        raise Failure(
            f"there is no log yet: {path}",
            hint="the gateway starts with the first command that needs it",
            exit_code=NOT_FOUND,
        ) from error
    except OSError as error:
        raise BadInput(
            f"cannot read {path}: {error.strerror}",
            hint="--data-dir names the directory of a gateway",
        ) from error


@options.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.option(
    "--older-than",
    type=options.DURATION,
    metavar="AGE",
    help="Unused for so long, as in 7d; workspaces and caches 14d, snapshots 30d, uploads 1d"
    " unless given.",
)
@click.option(
    "--kind",
    "kinds",
    type=options.Choice(["workspace", "snapshot", "cache", "upload"]),
    multiple=True,
    help="Only these. Repeatable.",
)
@options.output_option()
def gc(dry_run: bool, older_than: float | None, kinds: tuple[str, ...], json: bool) -> None:
    """Remove what is old and used by no task: workspaces, code, cached data, broken uploads.

    A gateway does so by itself every hour. What a task that has not ended uses stays, and so do
    logs and outputs.
    """
    from flowkit_api.api.server import collect_garbage
    from flowkit_api.models import GarbageCollection, GarbageKind

    body = GarbageCollection(
        dry_run=dry_run or None,
        older_than=older_than,
        kinds=[GarbageKind(kind) for kind in kinds] or None,
    )
    with open_flow() as flow:
        report = flow.api.call(collect_garbage.request(body=body), collect_garbage.parse)
    if json:
        output.result_json(report)
        return
    rows = [
        (str(item.kind), item.name, format_bytes(item.size_bytes), _age(item.used_at))
        for item in report.items
    ]
    output.table(("KIND", "NAME", "SIZE", "UNUSED FOR"), rows, empty="nothing is old")
    if rows:
        done = "would go" if report.dry_run else "gone"
        output.notice(f"{done}: {len(rows)}, {format_bytes(report.size_bytes)} in all")


def _age(moment: datetime | None) -> str:
    return "" if moment is None else age(moment)


def _flow_of(url: str, key: str | None) -> Flow:
    from flowkit import Flow

    return Flow(api_url=url, api_key=key)


def _none_runs() -> Failure:
    return Failure(
        "no gateway is running",
        hint="the first command that needs one starts it; so does `flowkit gateway start`",
        exit_code=NOT_FOUND,
    )


def _show(flow: Flow, url: str, json: bool) -> None:
    server = flow.server()
    running = sum(1 for _ in flow.tasks.list(status=["starting", "running"]))
    if json:
        output.result_json({"url": url, **server.to_dict(), "tasks_running": running})
        return
    output.fields(
        [
            ("url", url),
            ("pid", str(server.pid)),
            ("version", server.version),
            ("engine", str(server.engine) + (" (simulated GPUs)" if server.simulated else "")),
            ("uptime", format_duration(round(server.uptime_seconds))),
            ("project", server.project),
            ("tasks running", str(running)),
        ]
    )


for _subcommand in (serve, start, stop, status, logs, gc):
    command.add_command(_subcommand)
