"""The environment that the local engine adds to a task's own."""

from __future__ import annotations

import socket

from flowkit_gateway.engines.engine import Launch

TASK_ID = "FLOWKIT_TASK_ID"
ATTEMPT = "FLOWKIT_ATTEMPT"


def task_environment(launch: Launch, *, real_devices: bool) -> dict[str, str]:
    """Return the whole environment of a task's command.

    Args:
        launch: The attempt.
        real_devices: The machine has real GPUs, which a task must not see unless it holds them.
    """
    address = "127.0.0.1"
    env = {"MASTER_ADDR": address, "MASTER_PORT": str(_free_port(address)), **launch.env}
    env |= {
        TASK_ID: launch.task_id,
        ATTEMPT: str(launch.attempt),
        "FLOWKIT_NODE_RANK": "0",
        "FLOWKIT_NUM_NODES": "1",
        "FLOWKIT_NODE_IPS": address,
        "FLOWKIT_GPUS_PER_NODE": str(len(launch.devices)),
    }
    simulated = sum(device.simulated for device in launch.devices)
    if simulated:
        env["FLOWKIT_SIMULATED_GPUS"] = str(simulated)
    if real_devices:
        # Identifiers keep their meaning whatever CUDA_DEVICE_ORDER says; indices do not.
        held = (device.uuid for device in launch.devices if not device.simulated)
        env["CUDA_VISIBLE_DEVICES"] = ",".join(held)
    return env


def is_of(environment: bytes, task_id: str, attempt: int) -> bool:
    """Say whether a process's environment block was given to this attempt."""
    variables = environment.split(b"\0")
    return (
        f"{TASK_ID}={task_id}".encode() in variables
        and f"{ATTEMPT}={attempt}".encode() in variables
    )


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port
