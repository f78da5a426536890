"""`flowkit gpus`: what tasks can ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.money import price

if TYPE_CHECKING:
    from flowkit_api.models.instance_type import InstanceType


@options.command()
@click.argument("gpu", required=False, type=options.TEXT)
@click.option(
    "--min-gpu-memory", type=options.MEMORY, metavar="SIZE", help="Least memory of each GPU."
)
@click.option("--max-price", type=options.TEXT, metavar="PRICE", help="Most for one hour, as 2.50.")
@click.option("--region", type=options.TEXT, metavar="NAME", help="Only this region.")
@options.output_option()
def command(
    gpu: str | None,
    min_gpu_memory: float | None,
    max_price: str | None,
    region: str | None,
    json: bool,
) -> None:
    """List the machines that tasks can ask for, or those with GPU, such as a100:4."""
    wanted = {
        "gpu_type": gpu,
        "min_gpu_memory_gb": min_gpu_memory,
        "max_price_per_hour": max_price,
        "region": region,
    }
    with open_flow() as flow:
        types = flow.find_instances(
            {name: value for name, value in wanted.items() if value is not None}, limit=None
        )
    if json:
        output.result_json(types)
        return
    columns = ("INSTANCE TYPE", "GPUS", "GPU MEMORY", "CPUS", "MEMORY", "PRICE/H", "FREE", "NOTE")
    output.table(columns, [_row(item) for item in types], empty="no machine matches")


def _row(item: InstanceType) -> tuple[str, ...]:
    return (
        item.name,
        f"{item.gpu_count} x {item.gpu_model}" if item.gpu_model else "",
        f"{item.gpu_memory_gb:g} GB" if item.gpu_memory_gb else "",
        f"{item.cpus:g}",
        f"{item.memory_gb:g} GB",
        price(item.price_per_hour) if item.price_per_hour else "",
        str(item.available),
        "simulated" if item.simulated else "",
    )
