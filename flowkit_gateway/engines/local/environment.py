"""The environment that the local engine adds to a task's own."""

from __future__ import annotations

from flowkit_gateway.engines.engine import Device, Launch
from flowkit_gateway.engines.ports import free_port

TASK_ID = "FLOWKIT_TASK_ID"
ATTEMPT = "FLOWKIT_ATTEMPT"


def task_environment(launch: Launch) -> dict[str, str]:
    """Return the environment that all nodes of an attempt share."""
    addresses = _addresses(launch.num_instances)
    master = {"MASTER_ADDR": addresses[0], "MASTER_PORT": str(free_port(addresses[0]))}
    return {
        **master,
        **launch.env,
        TASK_ID: launch.task_id,
        ATTEMPT: str(launch.attempt),
        "FLOWKIT_NUM_NODES": str(launch.num_instances),
        "FLOWKIT_NODE_IPS": ",".join(addresses),
        "FLOWKIT_GPUS_PER_NODE": str(len(launch.devices) // launch.num_instances),
    }


def node_environments(launch: Launch, *, real_devices: bool) -> list[dict[str, str]]:
    """Return by rank what each node of an attempt finds in its environment besides.

    Args:
        launch: The attempt.
        real_devices: The machine has real GPUs, which a task must not see unless it holds them.
    """
    each = len(launch.devices) // launch.num_instances
    held = (launch.devices[rank * each :][:each] for rank in range(launch.num_instances))
    return [
        {"FLOWKIT_NODE_RANK": str(rank), **_gpus(devices, real_devices=real_devices)}
        for rank, devices in enumerate(held)
    ]


def is_of(environment: bytes, task_id: str, attempt: int) -> bool:
    """Say whether a process's environment block was given to this attempt."""
    variables = environment.split(b"\0")
    return (
        f"{TASK_ID}={task_id}".encode() in variables
        and f"{ATTEMPT}={attempt}".encode() in variables
    )


def _gpus(devices: tuple[Device, ...], *, real_devices: bool) -> dict[str, str]:
    env = {}
    simulated = sum(device.simulated for device in devices)
    if simulated:
        env["FLOWKIT_SIMULATED_GPUS"] = str(simulated)
    if real_devices:
        # Identifiers keep their meaning whatever CUDA_DEVICE_ORDER says; indices do not.
        uuids = (device.uuid for device in devices if not device.simulated)
        env["CUDA_VISIBLE_DEVICES"] = ",".join(uuids)
    return env


def _addresses(nodes: int) -> list[str]:
    """Return an address for each node: all of 127.0.0.0/8 is this machine (RFC 1122, 3.2.1.3).

    Programs that take an address for the name of a node can tell them apart.
    """
    return [f"127.0.0.{number}" for number in range(1, nodes + 1)]
