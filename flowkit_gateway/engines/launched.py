"""What a supervisor is asked for, of what the scheduler has the engine launch."""

from __future__ import annotations

from collections.abc import Mapping

from flowkit_gateway.engines.engine import Launch
from flowkit_gateway.engines.local.command import Job


def job_of(launch: Launch, env: Mapping[str, str]) -> Job:
    """Return the job of an attempt, whose memory is watched without cgroups.

    Args:
        launch: The attempt.
        env: The environment of its command.
    """
    return {
        "run_dir": str(launch.run_dir),
        "workspace": str(launch.run_dir / "workspace"),
        "num_instances": launch.num_instances,
        "command": list(launch.command),
        "env": dict(env),
        "working_dir": launch.working_dir,
        "mounts": [
            {"target": each.target, "source": str(each.source), "read_only": each.read_only}
            for each in launch.mounts
        ],
        "outputs": list(launch.outputs),
        "max_run_time": launch.max_run_time,
        "grace_period": launch.grace_period,
        "max_output_bytes": launch.max_output_bytes,
        "memory_bytes": launch.memory_bytes,
        "memory_root": None,
    }
