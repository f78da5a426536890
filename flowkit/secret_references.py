"""Which secrets a task is handed, as people write it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flowkit.errors import InvalidTaskConfig
from flowkit.secret_values import SECRET_NAME
from flowkit.suggestions import did_you_mean

_VARIABLE = "[A-Za-z_][A-Za-z0-9_]{0,255}"
_FIELDS = ("name", "env", "file")
_MOST_SECRETS = 256
_HINT = "as in ['HF_TOKEN'], {'HF_TOKEN': 'my-token'} or [{'name': 'netrc', 'file': '.netrc'}]"


def read_secrets(value: object) -> list[dict[str, str]]:
    """Return the secrets of a task as the contract has them.

    Args:
        value: A list of names, and of dicts of `name`, `env` and `file`; or a dict of variables
            to names, where None stands for the same name.

    Raises:
        InvalidTaskConfig: it cannot be read.

    Example:
        >>> read_secrets({"TOKEN": "hub.token", "WANDB_API_KEY": None})
        [{'name': 'hub.token', 'env': 'TOKEN'}, {'name': 'WANDB_API_KEY', 'env': 'WANDB_API_KEY'}]
    """
    if isinstance(value, Mapping):
        items: list[object] = [
            {"name": variable if name is None else name, "env": variable}
            for variable, name in value.items()
        ]
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = list(value)
    else:
        raise InvalidTaskConfig("secrets are neither a list nor a dict", hint=_HINT)
    if len(items) > _MOST_SECRETS:
        raise InvalidTaskConfig(
            f"there are {len(items)} secrets", hint=f"a task has at most {_MOST_SECRETS}"
        )
    return [_secret(item) for item in items]


def _secret(item: object) -> dict[str, str]:
    fields = {"name": item} if isinstance(item, str) else item
    if not isinstance(fields, Mapping):
        raise InvalidTaskConfig("a secret is neither a name nor a dict", hint=_HINT)
    if unknown := [str(name) for name in fields if name not in _FIELDS]:
        raise InvalidTaskConfig(
            f"a secret of a task has no field {unknown[0][:60]!r}",
            hint=did_you_mean(unknown[0], _FIELDS) or f"fields: {', '.join(_FIELDS)}",
        )
    # What is wrong is not shown: where a name belongs, people put the secret itself.
    if not _matches(SECRET_NAME, fields.get("name")):
        raise InvalidTaskConfig(
            "the name of a secret is not one",
            hint="letters, digits, . _ and -; `flowkit secret ls` lists the names",
        )
    if "env" in fields and not _matches(_VARIABLE, fields["env"]):
        raise InvalidTaskConfig(
            "the variable of a secret is not a name", hint="letters, digits and _, as in HF_TOKEN"
        )
    if "file" in fields and not _is_path(fields["file"]):
        raise InvalidTaskConfig(
            "the file of a secret is not a path in the home", hint="as in .config/token"
        )
    return {str(name): str(value) for name, value in fields.items()}


def _matches(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_path(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"[^/\x00-\x1f][^\x00-\x1f]{0,1023}", value):
        return False
    return ".." not in value.split("/")
