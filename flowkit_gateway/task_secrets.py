"""Secrets as a part of tasks: handed to them as variables and files when they start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, cast

from flowkit_gateway import home
from flowkit_gateway.contract import invalid
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import Detail, SecretNotFound
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.secrets import Secrets, not_found
from flowkit_gateway.task_parts import Prepared, StartError
from flowkit_gateway.vault import VaultClosed

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE_MODE = 0o600


class _Handed(NamedTuple):
    """How a task is handed one secret."""

    name: str
    env: str | None
    file: str | None


class SecretsPart:
    """Hands secrets of the project to tasks; implements `task_parts.TaskPart`.

    Args:
        secrets: where they are kept.
    """

    name = "secrets"
    fields = frozenset({"secrets"})

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    async def admit(self, caller: Principal, settings: dict[str, object], loc: str) -> str:
        """Check that there is every secret, and a place for it.

        Raises:
            SecretNotFound: there is not.
            InvalidRequest: two of them have one place, or one has none.
        """
        handed = _handed(settings)
        wrong = _misplaced(handed, f"{loc}/secrets", is_private=home.is_private(settings))
        if wrong:
            raise invalid(wrong)
        missing = [
            (place, each.name)
            for place, each in enumerate(handed)
            if self._secrets.missing(caller.project, each.name)
        ]
        if missing:
            problem = not_found(missing[0][1])
            details = [
                Detail(f"{loc}/secrets/{place}/name", f"there is no secret {name}", problem.hint)
                for place, name in missing
            ]
            raise SecretNotFound(problem.detail, hint=problem.hint, details=details)
        return f"{len(handed)} found"

    def insert(self, connection: Transaction, row: TaskRow) -> None:
        """Write nothing: a task is handed the values that the secrets have when it starts."""

    async def prepare(self, row: TaskRow, prepared: Prepared) -> None:
        """Fetch the values.

        Raises:
            StartError: a secret is gone, or cannot be read or written.
        """
        for name, env, file in _handed(row.settings):
            try:
                value = self._secrets.value(row.project, name)
            except SecretNotFound as error:
                raise StartError(
                    f"the secret {name} was deleted after the task was submitted"
                ) from error
            except VaultClosed as error:
                raise StartError(f"cannot read the secret {name}: {error.detail}") from error
            prepared.secrets.append(value)
            if env is not None:
                prepared.env[env] = value
            if file is not None:
                home.place(prepared, file, value.encode(), _FILE_MODE)


def _handed(settings: dict[str, object]) -> list[_Handed]:
    documents = cast("list[dict[str, str]]", settings["secrets"])
    return [
        _Handed(
            secret["name"],
            secret.get("env") or (None if "file" in secret else secret["name"]),
            secret.get("file"),
        )
        for secret in documents
    ]


def _misplaced(handed: Sequence[_Handed], loc: str, *, is_private: bool) -> list[Detail]:
    """Return what is wrong with the places of secrets."""
    wrong = []
    variables: set[str] = set()
    files: list[str] = []
    for number, (name, env, file) in enumerate(handed):
        where = f"{loc}/{number}"
        if env is not None:
            if not _VARIABLE.fullmatch(env):
                hint = "give `env`, the variable's name, or `file`"
                wrong.append(Detail(f"{where}/name", f"{name} cannot be a variable's name", hint))
            elif env in variables:
                wrong.append(Detail(where, f"two secrets are to be the variable {env}"))
            variables.add(env)
        if file is not None:
            wrong += _misplaced_file(file, f"{where}/file", files, is_private=is_private)
            files.append(file)
    return wrong


def _misplaced_file(
    path: str, loc: str, others: Sequence[str], *, is_private: bool
) -> list[Detail]:
    if not is_private:
        hint = "take the secret as a variable, with `env`"
        return [Detail(loc, "the task has its caller's home, where no file is written", hint)]
    why = home.why_no_path(path)
    if why is not None:
        return [Detail(loc, f"{path!r} {why}", "a path in the home, as in .config/token")]
    if any(home.collide(path, other) for other in others):
        return [Detail(loc, f"two secrets are to be the file {path}, or one within the other")]
    return []
