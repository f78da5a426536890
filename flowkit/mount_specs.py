"""Volumes and other data of a task, spelled out: `VolumeSpec` and `MountSpec`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import attrs

from flowkit.errors import InvalidMount
from flowkit.mounts import MountSource, parse_mounts, parse_target
from flowkit.suggestions import did_you_mean
from flowkit.volume_values import (
    VOLUME_ID,
    VOLUME_NAME,
    Interface,
    read_interface,
    read_name,
    read_size_gb,
)

if TYPE_CHECKING:
    from flowkit_api.models import Mount

MOST_MOUNTS = 64
_SECRET_NAME = "[A-Za-z_][A-Za-z0-9_.-]{0,127}"


@runtime_checkable
class HasVolumeId(Protocol):
    """A volume as `flow.volumes` returns it."""

    @property
    def volume_id(self) -> str:
        """The id."""


@attrs.define(kw_only=True)
class MountSpec:
    """Data that a task sees at a path.

    Args:
        source: A volume's name, `volume://`, `task://`, `snapshot://`, `s3://`, `gs://`, `az://`,
            `https://`, or a local path.
        target: Absolute path at which the task sees it; unless given `/volumes/NAME` for a volume,
            `/data` for a bucket, `/mnt/NAME` for the rest.
        read_only: Whether what is in a volume cannot be changed through it; everything else never
            can.
        secret: Name of the secret with variables to sign in with, a `NAME=VALUE` a line.

    Raises:
        InvalidMount: an argument cannot be read.

    Example:
        >>> MountSpec(source="s3://bucket/train", secret="S3").target
        '/data'
    """

    source: str
    target: str = ""
    read_only: bool | None = None
    secret: str | None = None
    create_size_gb: int | None = attrs.field(default=None, init=False)
    create_interface: Interface | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        source = MountSource.parse(self.source)
        self.source = str(source)
        self.target = parse_target(self.target or source.default_target)
        if self.read_only not in (None, True, False):
            raise InvalidMount("read_only of a mount is not true or false", hint="leave it out")
        if self.read_only is False and source.scheme != "volume":
            raise InvalidMount(
                f"{self.source} can be mounted read-only alone",
                hint="leave out read_only: only what is in a volume can be written",
            )
        if self.secret is not None and not (
            isinstance(self.secret, str) and re.fullmatch(_SECRET_NAME, self.secret)
        ):
            raise InvalidMount(
                "the secret of a mount is not a secret's name", hint="as in secret='S3_KEYS'"
            )

    def to_wire(self, here: str | None) -> Mount:
        """Return the mount as the contract has it.

        Args:
            here: What a local path is relative to; the working directory unless given.

        Raises:
            InvalidMount: there is no such local path.
        """
        from flowkit_api.models import Mount, VolumeInterface

        source = MountSource.parse(self.source)
        if source.scheme == "file":
            source = source._replace(path=_local_path(source.path, here))
        interface = self.create_interface
        return Mount(
            target=self.target,
            source=str(source),
            read_only=self.read_only,
            secret=self.secret,
            create_size_gb=self.create_size_gb,
            create_interface=None if interface is None else VolumeInterface(interface),
        )

    def to_dict(self) -> dict[str, object]:
        """Return the fields that are given, as `mounts=` reads them back."""
        return {name: value for name, value in attrs.asdict(self).items() if value is not None}


@attrs.define(kw_only=True)
class VolumeSpec:
    """A volume of a task.

    Args:
        name: The volume's name.
        size_gb: Create the volume with this size when there is none of its name.
        mount_path: Absolute path at which the task sees it; `/volumes/NAME` unless given.
        volume_id: The volume's id, in place of its name.
        interface: How a volume that is created may be used: `block` by one task at a time, `file`
            by many.
        read_only: Whether the task cannot change what is in it.

    Raises:
        InvalidMount: an argument cannot be read, or none names a volume.
        InvalidRequest: a value is out of range.

    Example:
        >>> VolumeSpec(size_gb=200, mount_path="/data", name="train-data").to_mount().source
        'volume://train-data'
    """

    name: str | None = None
    size_gb: int | None = None
    mount_path: str | None = None
    volume_id: str | None = None
    interface: Interface | None = None
    read_only: bool | None = None

    def __attrs_post_init__(self) -> None:
        if (self.name is None) == (self.volume_id is None):
            raise InvalidMount(
                "a volume of a task has either a name or a volume_id",
                hint="as in VolumeSpec(name='data', size_gb=100, mount_path='/data')",
            )
        if self.name is not None:
            read_name(self.name)
        elif not isinstance(self.volume_id, str) or not re.fullmatch(VOLUME_ID, self.volume_id):
            raise InvalidMount(
                f"invalid volume_id {str(self.volume_id)[:60]!r}",
                hint="an id is vol_ and 26 letters or digits; a name is given as name=",
            )
        if self.size_gb is not None:
            read_size_gb(self.size_gb)
        if self.interface is not None:
            read_interface(self.interface)
        if self.volume_id is not None and (self.size_gb or self.interface):
            raise InvalidMount(
                "size_gb and interface are for a volume that may have to be created",
                hint="leave them out, or give a name in place of volume_id",
            )
        self.to_mount()

    def to_mount(self) -> MountSpec:
        """Return how the task sees the volume."""
        mount = MountSpec(
            source=f"volume://{self.name or self.volume_id}",
            target=self.mount_path or "",
            read_only=self.read_only,
        )
        mount.create_size_gb = self.size_gb
        mount.create_interface = self.interface if self.size_gb is not None else None
        return mount

    def to_dict(self) -> dict[str, object]:
        """Return the fields that are given, as `volumes=` reads them back."""
        return {name: value for name, value in attrs.asdict(self).items() if value is not None}


VolumeLike: TypeAlias = VolumeSpec | HasVolumeId | Mapping[str, object] | str
"""A volume of a task: spelled out, a handle, a dict of the fields, or `NAME[:/PATH[:ro]]`."""

MountLike: TypeAlias = MountSpec | Mapping[str, object] | str
"""Data of a task: spelled out, a dict of the fields or of targets to sources, or text."""


def read_volumes(value: object) -> list[MountSpec]:
    """Return what `volumes=` says as mounts.

    Args:
        value: A list of `VolumeLike`, or a dict of paths to volumes' names.

    Raises:
        InvalidMount: a volume cannot be read.

    Example:
        >>> [mount.target for mount in read_volumes(["datasets:/data:ro", "results"])]
        ['/data', '/volumes/results']
    """
    if isinstance(value, Mapping):
        items = [f"{name}:{target}" for target, name in value.items()]
        return _bounded([_volume(item) for item in items])
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidMount(
            f"volumes of type {type(value).__name__} are not a list",
            hint="as in [VolumeSpec(name='data', mount_path='/data')], or ['data:/data']",
        )
    return _bounded([_volume(item) for item in value])


def read_mounts(value: object) -> list[MountSpec]:
    """Return what `mounts=` says.

    Args:
        value: A source, `TARGET=SOURCE`, a dict of targets to sources, a `MountSpec` or a dict of
            its fields; or a list of these.

    Raises:
        InvalidMount: a mount cannot be read.

    Example:
        >>> [(mount.target, mount.source) for mount in read_mounts({"/data": "datasets"})]
        [('/data', 'volume://datasets')]
    """
    items = [value] if isinstance(value, str | Mapping | MountSpec) else value
    if not isinstance(items, Iterable) or isinstance(items, bytes):
        raise InvalidMount(
            f"mounts of type {type(value).__name__} cannot be read",
            hint="as in {'/data': 'volume://datasets'}",
        )
    return _bounded([mount for item in items for mount in _mounts(item)])


def _volume(item: object) -> MountSpec:
    if isinstance(item, VolumeSpec):
        return item.to_mount()
    if isinstance(item, Mapping):
        return VolumeSpec(**_fields(item, VolumeSpec, "volume")).to_mount()
    if isinstance(item, str):
        return _volume_of_text(item)
    if isinstance(item, HasVolumeId) and isinstance(item.volume_id, str):
        name = getattr(item, "name", None)
        return VolumeSpec(
            volume_id=item.volume_id, mount_path=f"/volumes/{name}" if name else None
        ).to_mount()
    raise InvalidMount(
        f"a volume of type {type(item).__name__} cannot be read",
        hint="as in VolumeSpec(name='data', mount_path='/data')",
    )


def _volume_of_text(text: str) -> MountSpec:
    match = re.fullmatch(f"(?:volume://)?({VOLUME_NAME})(?::(/[^:]*))?(?::(ro|rw))?", text)
    if match is None:
        raise InvalidMount(
            f"invalid volume {text[:80]!r}",
            hint="as in datasets, datasets:/data or datasets:/data:ro",
        )
    name, path, permission = match.groups()
    is_id = re.fullmatch(VOLUME_ID, name) is not None
    return VolumeSpec(
        name=None if is_id else name,
        volume_id=name if is_id else None,
        mount_path=path,
        read_only=True if permission == "ro" else None,
    ).to_mount()


def _mounts(item: object) -> list[MountSpec]:
    if isinstance(item, MountSpec):
        return [item]
    if isinstance(item, Mapping) and "source" in item:
        return [MountSpec(**_fields(item, MountSpec, "mount"))]
    if isinstance(item, Mapping):
        return [
            spec
            for target, source in item.items()
            for spec in _mounts(
                {"target": target, **source}
                if isinstance(source, Mapping)
                else MountSpec(source=source, target=parse_target(target))
            )
        ]
    # What is no text is told so by the grammar.
    return [
        MountSpec(source=str(mount.source), target=mount.target)
        for mount in parse_mounts([item])  # type: ignore[list-item]  # it refuses other types
    ]


def _fields(item: Mapping[Any, Any], spec: type[object], what: str) -> dict[str, Any]:
    known = [field.name for field in attrs.fields(spec) if field.init]  # type: ignore[arg-type]  # both are attrs classes
    for name in item:
        if name not in known:
            raise InvalidMount(
                f"a {what} of a task has no field {str(name)[:60]!r}",
                hint=did_you_mean(str(name), known) or f"fields: {', '.join(known)}",
            )
    return {str(name): value for name, value in item.items()}


def _local_path(path: str, here: str | None) -> str:
    whole = os.path.expanduser(path)
    if not os.path.isabs(whole) and here is not None:
        whole = os.path.join(here, whole)
    whole = os.path.abspath(whole)
    if not os.path.exists(whole):
        raise InvalidMount(
            f"the mount source {whole} does not exist",
            hint="name a file or directory of this machine, or a volume as volume://NAME",
        )
    return whole


def _bounded(mounts: list[MountSpec]) -> list[MountSpec]:
    if len(mounts) > MOST_MOUNTS:
        raise InvalidMount(
            f"there are {len(mounts)} mounts", hint=f"a task has up to {MOST_MOUNTS}"
        )
    return mounts
