"""What a task can run on."""

from __future__ import annotations

import re

from flowkit_gateway.call import Answer, Call
from flowkit_gateway.pages import last_seen, page_document, page_size

_POSITION = re.compile(r"[0-9]{1,9}")


async def list_instance_types(call: Call) -> Answer:
    """Answer a page of the catalogue, cheapest first."""
    most = call.integer("max_price_per_hour")
    documents = [
        document
        for document in call.gateway.scheduler.catalogue.instance_types(
            gpu_type=call.text("gpu_type"),
            min_gpu_memory_gb=call.number("min_gpu_memory_gb"),
            region=call.text("region"),
        )
        if most is None or _price(document) <= most
    ]
    size = page_size(call)
    # The catalogue is constant while a gateway runs, so that a position stays what it was.
    begin = int(last_seen(call, _POSITION) or 0)
    rows = list(enumerate(documents))[begin : begin + size + 1]
    return Answer(200, page_document(rows, size, lambda row: row[1], lambda row: str(row[0] + 1)))


async def normalize_instance_type(call: Call) -> Answer:
    """Answer an instance type and a number of instances for a number of GPUs."""
    catalogue = call.gateway.scheduler.catalogue
    return Answer(200, catalogue.normalize(call.body["gpu_count"], call.body.get("gpu_type")))


def _price(document: dict[str, object]) -> int:
    price = document.get("price_per_hour")
    return int(price["amount_minor"]) if isinstance(price, dict) else 0
