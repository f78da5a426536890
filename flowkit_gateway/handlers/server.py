"""The gateway itself."""

from __future__ import annotations

import os
import time

from flowkit._version import __version__
from flowkit_gateway.call import Answer, Call
from flowkit_gateway.documents import timestamp
from flowkit_gateway.problems import Unavailable

MAX_BATCH_TASKS = 10_000
MAX_WAIT_SECONDS = 60


async def get_health(_: Call) -> Answer:
    """Answer that the gateway accepts work."""
    return Answer(200, {"status": "ok"})


async def collect_garbage(call: Call) -> Answer:
    """Remove the project's garbage, or answer what would go."""
    dry_run = call.body.get("dry_run", False)
    collected = await call.hold(
        call.gateway.collector.collect(
            call.project,
            kinds=call.body.get("kinds", ()),
            older_than=call.body.get("older_than"),
            dry_run=dry_run,
        )
    )
    if collected is None:
        raise Unavailable("the gateway is stopping", retry_after=1.0)
    items = [
        {
            "kind": item.kind,
            "name": item.name,
            "size_bytes": item.size_bytes,
            "used_at": timestamp(item.used_at),
        }
        for item in collected
    ]
    size = sum(item.size_bytes for item in collected)
    return Answer(200, {"dry_run": dry_run, "items": items, "size_bytes": size})


async def get_server(call: Call) -> Answer:
    """Answer what this gateway is and what it bounds."""
    gateway = call.gateway
    capacity = gateway.engine.capacity()
    return Answer(
        200,
        {
            "version": __version__,
            "contract_version": gateway.contract_version,
            "engine": gateway.engine.name,
            "embedded": gateway.embedded,
            "simulated": any(device.simulated for device in capacity.devices),
            "pid": os.getpid(),
            "started_at": timestamp(gateway.started_at),
            "uptime_seconds": round(time.time() - gateway.started_at, 3),
            "project": call.project,
            "user": call.principal.user,
            "limits": {
                "max_body_bytes": gateway.max_body_bytes,
                "max_batch_tasks": MAX_BATCH_TASKS,
                "max_wait_seconds": MAX_WAIT_SECONDS,
                "max_output_bytes": gateway.max_output_bytes,
                "max_num_instances": gateway.engine.capabilities().max_num_instances,
                "cpus": capacity.cpus,
                "memory_gb": round(capacity.memory_bytes / 10**9, 3),
                "gpus": sum(not device.simulated for device in capacity.devices),
            },
        },
    )
