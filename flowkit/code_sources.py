"""Where a task's code is from, as people write it: `code=`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from flowkit.errors import InvalidTaskConfig
from flowkit.suggestions import did_you_mean

AUTO: Literal["auto"] = "auto"
"""In place where client and gateway are one user on one machine, else a snapshot."""
_GIT_FIELDS = ("repository", "ref", "secret")
_HINT = "name a directory, or git+https://HOST/PATH@REF; False (--code none) is for no code"


class CodeDirectory(NamedTuple):
    """A directory of this machine, of which a snapshot is sent."""

    path: str


class GitCode(NamedTuple):
    """A commit of a git repository, which the gateway checks out."""

    repository: str
    ref: str | None = None
    """A branch, a tag or a commit; the default branch unless given."""
    secret: str | None = None
    """Name of the secret to sign in with."""


CodeSource = CodeDirectory | GitCode | Literal["auto"] | None


def read_code(value: object) -> CodeSource:
    """Return where code is from; None for none at all.

    Args:
        value: `auto`; True for the current directory; False for none; the path of a directory;
            `git+https://host/repository@ref`; or a dict of `repository`, `ref` and `secret`.

    Raises:
        InvalidTaskConfig: it cannot be read.

    Example:
        >>> read_code(True)
        CodeDirectory(path='.')
        >>> read_code("git+https://git.example.org/team/train.git@v2").ref
        'v2'
    """
    if value is True:
        return CodeDirectory(".")
    if value is False:
        return None
    if isinstance(value, Mapping):
        return _git_of_fields(value)
    if not isinstance(value, str | os.PathLike):
        raise InvalidTaskConfig(f"invalid code of type {type(value).__name__}", hint=_HINT)
    text = os.fspath(value)
    if not isinstance(text, str) or not text or "\0" in text:
        raise InvalidTaskConfig(f"invalid code {text[:60]!r}", hint=_HINT)
    if isinstance(value, str) and text == AUTO:
        return AUTO
    if isinstance(value, str) and text.startswith("git+"):
        return _git_of_text(text)
    if isinstance(value, str) and re.match(r"[a-z][a-z0-9+.-]*://", text):
        raise InvalidTaskConfig(f"invalid code {text[:60]!r}: it is no directory", hint=_HINT)
    return CodeDirectory(text)


def _git_of_text(text: str) -> GitCode:
    url = text.removeprefix("git+")
    # The `@` of a user is before the first `/` of the path.
    head, slash, path = url.partition("://")
    host, path_slash, rest = path.partition("/")
    repository, at, ref = rest.rpartition("@")
    if not at:
        repository, ref = rest, ""
    if not (slash and path_slash and repository) or (at and not ref):
        raise InvalidTaskConfig(f"invalid code {text[:60]!r}: no repository's URL", hint=_HINT)
    return _checked(GitCode(f"{head}://{host}/{repository}", ref or None))


def _git_of_fields(fields: Mapping[str, object]) -> GitCode:
    for name, value in fields.items():
        if name not in _GIT_FIELDS:
            raise InvalidTaskConfig(
                f"code has no field {name!r}",
                hint=did_you_mean(str(name), _GIT_FIELDS) or f"fields: {', '.join(_GIT_FIELDS)}",
            )
        if value is not None and not isinstance(value, str):
            raise InvalidTaskConfig(f"code {name} is no text", hint="put it in quotes")
    repository = fields.get("repository")
    if not isinstance(repository, str):
        raise InvalidTaskConfig(
            "code names no repository", hint="as in {'repository': 'https://…'}"
        )
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    return _checked(GitCode(repository, texts.get("ref"), texts.get("secret")))


def _checked(code: GitCode) -> GitCode:
    if not re.fullmatch(r"[^\x00-\x20]{1,2048}", code.repository):
        raise InvalidTaskConfig(
            f"invalid repository {code.repository[:60]!r}", hint="write it as its URL"
        )
    if re.match("[a-z+]+://[^/@]*:[^/@]*@", code.repository):
        # Not quoted: it holds a password.
        raise InvalidTaskConfig(
            "a password does not belong into the URL of a repository",
            hint="keep a token as a secret, and name that: {'repository': …, 'secret': …}",
        )
    if code.ref is not None and not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._/-]{0,254}", code.ref):
        raise InvalidTaskConfig(
            f"invalid ref {code.ref[:60]!r}", hint="name a branch, a tag or a whole commit"
        )
    if code.secret is not None and not re.fullmatch("[A-Za-z_][A-Za-z0-9_.-]{0,127}", code.secret):
        raise InvalidTaskConfig(f"invalid secret {code.secret[:60]!r}", hint="name a secret")
    return code
