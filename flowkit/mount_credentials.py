"""With what a task's mounts sign in to where their data is: the caller's own environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from flowkit.errors import InvalidMount
from flowkit.mount_specs import MountSpec

VARIABLES: Mapping[str, tuple[str, ...]] = {
    # https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
    "s3": (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
    ),
    # https://cloud.google.com/docs/authentication/application-default-credentials
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS",),
    # https://github.com/fsspec/adlfs#setting-credentials
    "az": (
        "AZURE_STORAGE_ACCOUNT_NAME",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_CLIENT_ID",
        "AZURE_STORAGE_CLIENT_SECRET",
        "AZURE_STORAGE_TENANT_ID",
    ),
}
"""What is sent of the caller's environment, and nothing else, for mounts of each scheme."""

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
    } & VARIABLES.keys()
    found = {
        name: environment[name]
        for scheme in sorted(schemes)
        for name in VARIABLES[scheme]
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
