# Written by `make regen` from flowkit/_async/secrets.py: edit that file.
"""`flow.secrets`: named values that tasks are handed, and that nobody is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowkit_api.api.secrets import create_secret, delete_secret, list_secrets, update_secret
from flowkit_api.models import Secret, SecretCreate, SecretUpdate

from flowkit._sync.paging import listed
from flowkit.errors import AlreadyExists, SecretNotFound
from flowkit.secret_values import read_secret_name, read_secret_value

if TYPE_CHECKING:
    from flowkit.transport._sync.transport import Transport


class Secrets:
    """The secrets of the project. A value goes in and comes out in tasks only.

    Args:
        api: What to send with.

    Example:
        >>> with Flow() as flow:
        ...     secret = flow.secrets.set("HF_TOKEN", "hf_0123456789")
        ...     command = "echo ${#HF_TOKEN} characters"
        ...     task = flow.submit(command, secrets=["HF_TOKEN"], wait=True)
        ...     print(task.logs(), end="")
        13 characters
    """

    def __init__(self, api: Transport) -> None:
        self._api = api

    def set(self, name: str, value: str) -> Secret:
        """Keep a value under a name; a value that the name has is replaced.

        Tasks that run keep what they were handed; those that start later get this.

        Args:
            name: Letters, digits, `.`, `_` and `-`; the variable of tasks unless they say another.
            value: Text of at most 131,072 characters.

        Returns:
            The secret, without its value.

        Raises:
            InvalidRequest: the name or the value cannot be one.
            Unavailable: the gateway has lost the key that it encrypts with.
        """
        name, value = read_secret_name(name), read_secret_value(value)
        try:
            return self._update(name, value)
        except SecretNotFound:
            try:
                created = create_secret.request(body=SecretCreate(name=name, value=value))
                return self._api.call(created, create_secret.parse)
            except AlreadyExists:
                # Somebody else has created it between the two calls.
                return self._update(name, value)

    def _update(self, name: str, value: str) -> Secret:
        request = update_secret.request(secret_name=name, body=SecretUpdate(value=value))
        return self._api.call(request, update_secret.parse)

    def list(self, *, limit: int | None = None) -> Iterator[Secret]:
        """Yield the secrets by name, without their values.

        Args:
            limit: Most secrets; None for all.

        Raises:
            InvalidRequest: the limit is wrong.
        """
        for secret in listed(self._api, list_secrets.request, list_secrets.parse, limit=limit):
            yield secret

    def delete(self, name: str) -> None:
        """Forget a secret. Tasks that run keep it; those that are queued with it will fail.

        Args:
            name: Its name.

        Raises:
            SecretNotFound: there is none.
        """
        self._api.send(delete_secret.request(secret_name=read_secret_name(name)))
