"""Mounts where no task may have a view of its own: links, whose paths the task is told."""

from __future__ import annotations

import os
from pathlib import Path

from flowkit_gateway.engines.engine import BindMount, Launch, StartError
from flowkit_gateway.engines.local.mount_namespace import on_the_machine

_ANNOUNCED = "FLOWKIT_MOUNT_"
"""Begins the variables that tell a task where each of its mounts is."""


def with_links(launch: Launch) -> Launch:
    """Make a link for each mount below the attempt's `mounts`, and name it in the environment.

    In the attempt's own workspace the target itself becomes a link too.

    Returns the launch as it is without mounts.

    Raises:
        StartError: a mount cannot be had like this; says why.
    """
    env = dict(launch.env)
    try:
        for mount in launch.mounts:
            link = _link(mount, launch.run_dir)
            for name, value in launch.env.items():
                if name.startswith(_ANNOUNCED) and value == mount.target:
                    env[name] = str(link)
    except OSError as error:
        raise StartError(f"cannot link to a mount: {error.strerror}") from error
    working_dir = launch.working_dir
    if working_dir is not None:
        working_dir = on_the_machine(
            working_dir, {mount.target: str(mount.source) for mount in launch.mounts}
        )
    return launch._replace(env=env, mounts=(), working_dir=working_dir)


def _link(mount: BindMount, run_dir: Path) -> Path:
    if not mount.source.exists():
        raise StartError(f"cannot mount {mount.source}: it is not there")
    if mount.read_only and _is_writable(mount.source):
        raise StartError(
            f"cannot mount {mount.source} read-only at {mount.target}: this machine allows no"
            " mount namespaces, and through a link it could be written"
        )
    link = Path(f"{run_dir}/mounts{mount.target}")
    link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    link.symlink_to(mount.source)
    workspace = run_dir / "workspace"
    target = Path(mount.target)
    if target.is_relative_to(workspace) and target != workspace:
        if os.path.lexists(target):
            raise StartError(f"cannot link to a mount at {target}: something is there already")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.symlink_to(mount.source)
    return link


def _is_writable(source: Path) -> bool:
    # Root may write whatever the mode says; what is meant to be read only says so all the same.
    return bool(source.stat().st_mode & 0o222) and os.access(source, os.W_OK)
