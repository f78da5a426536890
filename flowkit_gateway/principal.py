"""Who calls: keys, users and projects."""

from __future__ import annotations

import hmac
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from flowkit_gateway.problems import Detail, InvalidRequest, PermissionDenied, Unauthenticated

DEFAULT_PROJECT = "default"
_PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_KEY = re.compile(r"[!-~]{16,512}")
_LINE = "a line is KEY [PROJECT [USER]]"
_USER = re.compile(r"[!-~]{1,128}")


class Principal(NamedTuple):
    """The caller of an operation."""

    user: str
    project: str
    """The project of this call; every row that it sees belongs to it or is shared with it."""

    @property
    def names(self) -> tuple[str, str]:
        """What grants call this caller."""
        return f"user:{self.user}", f"project:{self.project}"


class Key(NamedTuple):
    """What a key gives access to."""

    secret: bytes
    user: str
    project: str | None
    """The only project of this key, or None for any."""

    def __repr__(self) -> str:
        return f"Key(user={self.user!r}, project={self.project!r})"


class KeyFileError(Exception):
    """The key file cannot be used; its text says why.

    Attributes:
        hint: What to do about it.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class KeyRing:
    """The keys that a gateway accepts.

    Args:
        keys: all of them.

    Example:
        >>> ring = KeyRing([Key(b"k" * 16, "ada", None)])
        >>> ring.authenticate(b"Bearer " + b"k" * 16, None)
        Principal(user='ada', project='default')
    """

    def __init__(self, keys: list[Key]) -> None:
        self._keys = keys

    @classmethod
    def single(cls, token: str) -> KeyRing:
        """Return the ring of a gateway that serves the user who started it, in any project."""
        return cls([Key(token.encode(), current_user(), None)])

    @classmethod
    def read(cls, path: Path) -> KeyRing:
        """Return the keys of a file: `KEY [PROJECT [USER]]` a line, `#` begins a comment.

        A key without a project gives access to the project `default`; without a user it acts
        as `key-N`, N being its line.

        Raises:
            KeyFileError: the file cannot be read, others may read it, or a line is wrong.
        """
        try:
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                # It is read again on SIGHUP, which no pipe can be.
                raise KeyFileError(f"the key file {path} is not a file", "write the keys to a file")
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            reason = error.strerror or error
            raise KeyFileError(f"cannot read the key file {path}: {reason}", _LINE) from None
        except UnicodeDecodeError:
            raise KeyFileError(f"the key file {path} is not UTF-8 text", _LINE) from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileError(f"others may read the key file {path}", f"chmod 600 {path}")
        keys = [
            _read_line(path, number, line.split("#", 1)[0].split())
            for number, line in enumerate(lines, 1)
            if line.split("#", 1)[0].strip()
        ]
        if not keys:
            raise KeyFileError(f"the key file {path} has no key", _LINE)
        if len({key.secret for key in keys}) != len(keys):
            raise KeyFileError(f"the key file {path} has a key twice", "keep one of the lines")
        return cls(keys)

    def authenticate(self, authorization: bytes | None, project: bytes | None) -> Principal:
        """Return who calls.

        Args:
            authorization: value of the `Authorization` header.
            project: value of the `Flowkit-Project` header.

        Raises:
            Unauthenticated: there is no key or it is not accepted.
            InvalidRequest: the project's name cannot be one.
            PermissionDenied: the key gives no access to the project.
        """
        key = self._find(_bearer(authorization))
        if project is None:
            return Principal(key.user, key.project or DEFAULT_PROJECT)
        name = project.decode("latin-1")
        if not _PROJECT.fullmatch(name):
            message = "must be 1 to 63 lower-case letters, digits and hyphens"
            raise InvalidRequest(
                f"the project's name {message}",
                details=[Detail("/header/Flowkit-Project", message)],
            )
        if key.project is not None and key.project != name:
            raise PermissionDenied(
                f"this key gives no access to the project {name}",
                hint=f"Use the project {key.project}, or another key.",
            )
        return Principal(key.user, name)

    def _find(self, secret: bytes) -> Key:
        found = None
        # Every key is compared, so that the time taken tells nothing about any of them.
        for key in self._keys:
            if hmac.compare_digest(key.secret, secret):
                found = key
        if found is None:
            raise Unauthenticated(
                "the key is not accepted", hint="Check FLOWKIT_API_KEY or the profile in use."
            )
        return found


def current_user() -> str:
    """Return the name of the user that this process belongs to."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _bearer(authorization: bytes | None) -> bytes:
    scheme, _, secret = (authorization or b"").partition(b" ")
    if scheme.lower() != b"bearer" or not secret:
        raise Unauthenticated(
            "the request has no key",
            hint="Set FLOWKIT_API_KEY, or send `Authorization: Bearer KEY`.",
        )
    return secret.strip()


def _read_line(path: Path, number: int, fields: list[str]) -> Key:
    where = f"{path}, line {number}"
    secret, project, user = (*fields, None, None)[:3]
    if len(fields) > 3:
        raise KeyFileError(f"{where}: more than a key, a project and a user", _LINE)
    if secret is None or not _KEY.fullmatch(secret):
        raise KeyFileError(
            f"{where}: a key has at least 16 printable ASCII characters",
            "python -c 'import secrets; print(secrets.token_urlsafe(32))' makes one",
        )
    if project is not None and not _PROJECT.fullmatch(project):
        raise KeyFileError(
            f"{where}: a project has 1 to 63 lower-case letters, digits and hyphens", _LINE
        )
    if user is not None and not _USER.fullmatch(user):
        raise KeyFileError(f"{where}: a user has printable ASCII characters", _LINE)
    return Key(secret.encode(), user or f"key-{number}", project or DEFAULT_PROJECT)
