"""What a task is trusted with until it ends, encrypted, with the SQL that keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.vault import Vault

_env_decoder = msgspec.json.Decoder(dict[str, str])
_values_decoder = msgspec.json.Decoder(list[str])


class TaskCredentials:
    """Credentials of tasks. The store forgets them when the task ends.

    Args:
        database: where they are kept.
        vault: encrypts them.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def put_mount_env(self, connection: Transaction, task_id: str, env: Mapping[str, str]) -> None:
        """Keep the variables that a task's mounts sign in with, within a transaction.

        Raises:
            VaultClosed: the gateway's key cannot be used.
        """
        _put(connection, "encrypted_mount_env", task_id, self._encrypt(env))

    def mount_env(self, task_id: str) -> dict[str, str]:
        """Return the variables that a task's mounts sign in with.

        Raises:
            VaultClosed: the gateway's key cannot be used.
        """
        encrypted = self._get("encrypted_mount_env", task_id)
        return {} if encrypted is None else _env_decoder.decode(self._vault.decrypt(encrypted))

    async def put_handed(self, task_id: str, values: Sequence[str]) -> None:
        """Keep the values that a task's newest attempt is handed.

        A later gateway needs them to keep them out of what it says about the attempt.

        Raises:
            VaultClosed: the gateway's key cannot be used.
        """
        encrypted = self._encrypt(values)
        await self._database.write(
            lambda connection: _put(connection, "encrypted_handed", task_id, encrypted)
        )

    def handed(self, task_id: str) -> list[str]:
        """Return the values that a task's newest attempt was handed.

        Raises:
            VaultClosed: the gateway's key cannot be used.
        """
        encrypted = self._get("encrypted_handed", task_id)
        return [] if encrypted is None else _values_decoder.decode(self._vault.decrypt(encrypted))

    def _encrypt(self, document: object) -> bytes:
        return self._vault.encrypt(msgspec.json.encode(document))

    def _get(self, column: str, task_id: str) -> bytes | None:
        found = self._database.read(
            f"SELECT {column} FROM task_credentials WHERE task_id = ?", (task_id,)
        )
        return found[0][0] if found else None


def forget_credentials(connection: Transaction, task_id: str) -> None:
    """Remove a task's credentials, in the transaction that ends it."""
    connection.execute("DELETE FROM task_credentials WHERE task_id = ?", (task_id,))


def _put(connection: Transaction, column: str, task_id: str, encrypted: bytes) -> None:
    connection.execute(
        f"INSERT INTO task_credentials (task_id, {column}) VALUES (?, ?)"
        f" ON CONFLICT (task_id) DO UPDATE SET {column} = excluded.{column}",
        (task_id, encrypted),
    )
