"""Mounts as people write them: `volume://datasets`, `/data=s3://bucket/train`. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

from flowkit.errors import InvalidMount
from flowkit.suggestions import did_you_mean

MOST_CHARACTERS = 4096

REMOTE_SCHEMES = ("s3", "gs", "az", "https", "http")
"""Schemes of data that is fetched over a network."""

CREDENTIAL_VARIABLES: Mapping[str, tuple[str, ...]] = {
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
"""What mounts of each scheme sign in with: this is sent of the caller's environment, and taken of
what a task was given, and nothing else."""

SCHEMES = ("volume", "task", "snapshot", "file", *REMOTE_SCHEMES)

# Patterns, not compiled ones: `re` compiles them on first use and keeps them.
_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)"
_VOLUME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_LOCATIONS = {
    "volume": (_VOLUME, "the name or id of a volume", "volume://datasets"),
    "task": (r"task_[0-9a-z]{26}", "the id of a task", "task://task_…/checkpoints"),
    "snapshot": (r"snap_[0-9a-z]{26}", "the id of a snapshot", "snapshot://snap_…"),
    "s3": (r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", "a bucket", "s3://bucket/train"),
    "gs": (r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", "a bucket", "gs://bucket/train"),
    "az": (r"[a-z0-9$][a-z0-9-]{1,62}", "a container", "az://container/train"),
    "https": (r"[^@]+", "a host, and nothing to sign in with", "https://host/data.csv"),
    "http": (r"[^@]+", "a host, and nothing to sign in with", "http://host/data.csv"),
}
_LOCAL = r"(/|~|\.\.?(/|\Z)).*"

_HINT = "write volume://NAME, ./PATH, s3://BUCKET, gs://, az://, https://, task://ID or snapshot://"

_SYSTEM = (
    *("/proc", "/sys", "/dev", "/etc", "/usr", "/bin", "/sbin", "/boot"),
    *("/lib", "/lib32", "/lib64", "/libx32"),
)
"""Directories of the system: nothing is mounted over them or anywhere in them."""

_BUSY = ("/home", "/root", "/run", "/tmp", "/var")
"""Directories that programs count on: something may be mounted in them, but not over them."""


class MountSource(NamedTuple):
    """Where data comes from."""

    scheme: str
    """One of `SCHEMES`."""
    location: str
    """Which volume, task, snapshot, bucket, container or host; empty for `file`."""
    path: str
    """What of it, without a slash at its start; empty for all. For `file` the local path as it
    was written, so that it may be relative or start with `~`."""

    @classmethod
    def parse(cls, text: str) -> MountSource:
        """Return what a source says.

        Args:
            text: A URL with one of `SCHEMES`, a local path that starts with `/`, `./`, `../` or
                `~`, or a bare word, which names a volume.

        Raises:
            InvalidMount: The text cannot be read.

        Example:
            >>> MountSource.parse("volume://datasets/train")
            MountSource(scheme='volume', location='datasets', path='train')
            >>> str(MountSource.parse("datasets")), str(MountSource.parse("/data"))
            ('volume://datasets', 'file:///data')
        """
        _check_text(text, "mount source")
        if match := re.fullmatch(_SCHEME, text):
            return _of_url(text, match[1].lower(), match[2])
        if re.fullmatch(_LOCAL, text):
            return cls("file", "", text)
        if re.fullmatch(_VOLUME, text):
            return cls("volume", text, "")
        raise InvalidMount(
            f"invalid mount source {_shown(text)}: neither a volume's name, a URL nor a path",
            hint=f"write ./{text} for a local path" if re.match(r"\.|[\w.-]+/", text) else _HINT,
        )

    @property
    def default_target(self) -> str:
        """Where it is seen unless the mount says: `/volumes/NAME`, `/data`, `/mnt/BASENAME`.

        Raises:
            InvalidMount: It has no name that could be used.
        """
        if self.scheme == "volume":
            return f"/volumes/{self.location}"
        if self.scheme in ("s3", "gs", "az"):
            return "/data"
        path = self.path.partition("?")[0] if self.scheme in REMOTE_SCHEMES else self.path
        name = path.rstrip("/").rpartition("/")[2]
        if self.scheme in ("task", "snapshot"):
            name = name or self.location
        if name in ("", ".", "..") or name.startswith("~"):
            raise InvalidMount(
                f"the mount of {_shown(str(self))} does not say where it is to be seen",
                hint=f"write /data={self.path or self}",
            )
        return f"/mnt/{name}"

    def __str__(self) -> str:
        if self.scheme == "file":
            if not self.path.startswith("/"):
                return self.path
            from urllib.parse import quote

            return f"file://{quote(self.path)}"
        return f"{self.scheme}://{self.location}" + (f"/{self.path}" if self.path else "")


class Mount(NamedTuple):
    """Data that a task sees at a path."""

    target: str
    """Absolute path, normalised."""
    source: MountSource


def parse_mounts(value: str | Mapping[str, str] | Iterable[str | Mapping[str, str]]) -> list[Mount]:
    """Return the mounts that a text, a mapping or a list of these says.

    Args:
        value: `SOURCE` or `TARGET=SOURCE`; a mapping of target to source; or a list. A text that
            starts with `/` and has a `=` is `TARGET=SOURCE`.

    Raises:
        InvalidMount: A mount cannot be read, or two of them cannot be together.

    Example:
        >>> [str(mount.source) for mount in parse_mounts("/data=datasets")]
        ['volume://datasets']
        >>> [mount.target for mount in parse_mounts({"/in": "s3://bucket", "/out": "results"})]
        ['/in', '/out']
        >>> [mount.target for mount in parse_mounts(["datasets", "s3://bucket/train"])]
        ['/volumes/datasets', '/data']
    """
    if not isinstance(value, Iterable) or isinstance(value, bytes):
        raise InvalidMount(f"a mount is text or a mapping, not {type(value).__name__}", hint=_HINT)
    items = [value] if isinstance(value, str | Mapping) else value
    mounts = [mount for item in items for mount in _parse_item(item)]
    check_apart([mount.target for mount in mounts])
    return mounts


def parse_target(text: str) -> str:
    """Return the path at which something is to be seen, normalised.

    Raises:
        InvalidMount: It is not absolute, or is a place where nothing may be mounted.

    Example:
        >>> parse_target("//data/./train/")
        '/data/train'
    """
    _check_text(text, "mount target")
    if not text.startswith("/"):
        raise _bad_target(text, "is not an absolute path", "write it from the root, as in /data")
    names = [name for name in text.split("/") if name not in ("", ".")]
    if ".." in names:
        raise _bad_target(text, "has `..` in it", "write the path that is meant")
    if any(len(name.encode()) > 255 for name in names):
        raise _bad_target(text, "has a name of more than 255 bytes", "choose a shorter one")
    target = "/" + "/".join(names)
    if target == "/" or target in _BUSY:
        raise _bad_target(
            text, "would hide what programs need", f"choose {target.rstrip('/')}/data"
        )
    system = next((each for each in _SYSTEM if target == each or _is_in(target, each)), None)
    if system is not None:
        raise _bad_target(text, f"is in {system}, which is the system's", "choose /data or /mnt/…")
    return target


def check_apart(targets: Iterable[str]) -> None:
    """Raise InvalidMount if two targets are one, or one is inside of another.

    Args:
        targets: as of `parse_target`.

    Example:
        >>> check_apart(["/data", "/database", "/mnt/x"])
    """
    # With the slash first among characters, what is inside of a path comes right behind it.
    order = sorted(targets, key=lambda target: target.split("/"))
    for outer, inner in pairwise(order):
        if outer == inner:
            raise InvalidMount(f"two mounts have the target {_shown(outer)}", hint="change one")
        if _is_in(inner, outer):
            raise InvalidMount(
                f"the mount target {_shown(inner)} is inside of another one, {_shown(outer)}",
                hint="choose targets that are beside each other",
            )


def variable_of(target: str) -> str:
    """Return the name of the variable that tells a task where a mount is.

    Example:
        >>> variable_of("/volumes/my-data")
        'FLOWKIT_MOUNT_VOLUMES_MY_DATA'
    """
    return "FLOWKIT_MOUNT_" + re.sub(r"[^A-Z0-9]", "_", target.strip("/").upper())


def _parse_item(item: str | Mapping[str, str]) -> list[Mount]:
    if isinstance(item, Mapping):
        return [
            Mount(parse_target(target), MountSource.parse(source))
            for target, source in item.items()
        ]
    _check_text(item, "mount")
    # What comes before `://` or starts as a local path does is no target, though a `=` may follow.
    if match := re.match(r"(?![.~])((?:(?!://)[^=])*)=(.*)\Z", item):
        return [Mount(parse_target(match[1]), MountSource.parse(match[2]))]
    source = MountSource.parse(item)
    return [Mount(parse_target(source.default_target), source)]


def _of_url(text: str, scheme: str, rest: str) -> MountSource:
    if scheme not in SCHEMES:
        raise InvalidMount(
            f"invalid mount source {_shown(text)}: flowkit does not know {scheme}://",
            hint=did_you_mean(scheme, SCHEMES) or _HINT,
        )
    if scheme == "file":
        return MountSource("file", "", _path_of_file_url(text, rest))
    location, _, path = rest.partition("/")
    pattern, what, example = _LOCATIONS[scheme]
    if not re.fullmatch(pattern, location):
        raise InvalidMount(
            f"invalid mount source {_without_password(text)}: {scheme}:// is followed by {what}",
            hint=f"write it as {example}",
        )
    if scheme not in REMOTE_SCHEMES:
        names = [name for name in path.split("/") if name not in ("", ".")]
        if ".." in names:
            raise InvalidMount(
                f"invalid mount source {_shown(text)}: it has `..` in its path",
                hint="write the path that is meant",
            )
        path = "/".join(names)
    return MountSource(scheme, location, path)


def _path_of_file_url(text: str, rest: str) -> str:
    from urllib.parse import unquote

    # RFC 8089 section 2: the host is empty or localhost.
    path = unquote(rest.removeprefix("localhost"))
    if not path.startswith("/"):
        raise InvalidMount(
            f"invalid mount source {_shown(text)}: file:// is followed by an absolute path",
            hint="write it with three slashes, as in file:///data",
        )
    _check_text(path, "mount source")
    return path


def _check_text(text: str, what: str) -> None:
    if not isinstance(text, str):
        raise InvalidMount(f"a {what} is text, not {type(text).__name__}", hint=_HINT)
    if not text:
        raise InvalidMount(f"a {what} is empty", hint=_HINT)
    if len(text) > MOST_CHARACTERS:
        raise InvalidMount(f"a {what} has more than {MOST_CHARACTERS} characters", hint=_HINT)
    if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", text):
        raise InvalidMount(
            f"the {what} {_shown(text)} has characters in it that no path should have",
            hint="leave out control characters and line ends",
        )


def _is_in(path: str, directory: str) -> bool:
    return path.startswith(f"{directory}/")


def _bad_target(text: str, problem: str, hint: str) -> InvalidMount:
    return InvalidMount(f"the mount target {_shown(text)} {problem}", hint=hint)


def _without_password(text: str) -> str:
    # What is before `@` may be a password, and errors end up in logs.
    return _shown(re.sub(r"//.*@", "//…@", text))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
