"""With what a task's mounts sign in to where their data is: the caller's own environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from flowkit.errors import InvalidMount
from flowkit.mount_specs import MountSpec
from flowkit.mounts import CREDENTIAL_VARIABLES

_LARGEST_KEY_FILE = 65_536


def mount_credentials(
    mounts: Iterable[MountSpec], environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the variables that mounts without a secret sign in with.

    Of `GOOGLE_APPLICATION_CREDENTIALS`, which names a file, the file's content is returned: the
    gateway may be another machine. AWS's files and profiles are not read.

    Args:
        mounts: Mounts of a task.
        environment: Where the variables are.

    Raises:
        InvalidMount: the file of credentials cannot be read.

    Example:
        >>> mount = MountSpec(source="s3://bucket")
        >>> mount_credentials([mount], {"AWS_REGION": "eu-central-1", "PATH": "/bin"})
        {'AWS_REGION': 'eu-central-1'}
    """
    schemes = {
        mount.source.partition("://")[0] for mount in mounts if mount.secret is None
    } & CREDENTIAL_VARIABLES.keys()
    found = {
        name: environment[name]
        for scheme in sorted(schemes)
        for name in CREDENTIAL_VARIABLES[scheme]
        if environment.get(name)
    }
    if path := found.get("GOOGLE_APPLICATION_CREDENTIALS"):
        found["GOOGLE_APPLICATION_CREDENTIALS"] = _key_file(path)
    return found


def _key_file(path: str) -> str:
    if path.lstrip().startswith("{"):
        return path
    try:
        with open(path, encoding="utf-8") as file:
            content = file.read(_LARGEST_KEY_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InvalidMount(
            f"cannot read {path}, which GOOGLE_APPLICATION_CREDENTIALS names: {reason}",
            hint="name a key file that you may read, or give the mount a secret",
        ) from error
    if len(content) > _LARGEST_KEY_FILE:
        raise InvalidMount(
            f"{path}, which GOOGLE_APPLICATION_CREDENTIALS names, is no key file: it is too large",
            hint="name a key file, or give the mount a secret",
        )
    return content
