"""Secrets: named values of a project, encrypted, with the SQL that keeps them."""

from __future__ import annotations

import time
from typing import NamedTuple

from flowkit_gateway.problems import AlreadyExists, SecretNotFound
from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.vault import Vault

_COLUMNS = "name, created_by, created_at, updated_at"


class SecretRow(NamedTuple):
    """A secret without its value. Times are Unix seconds."""

    name: str
    created_by: str
    created_at: float
    updated_at: float


class Secrets:
    """The secrets of every project.

    Args:
        database: where they are kept.
        vault: encrypts their values.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def insert(self, connection: Transaction, project: str, row: SecretRow, value: str) -> None:
        """Keep a value under a new name, within a transaction.

        Raises:
            AlreadyExists: the project has a secret of this name.
            VaultClosed: the gateway's key cannot be used.
        """
        added = connection.execute(
            f"INSERT INTO secrets (project, encrypted_value, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (project, name) DO NOTHING RETURNING name",
            (project, self._vault.encrypt(value.encode()), *row),
        ).fetchone()
        if added is None:
            raise AlreadyExists(
                f"there is a secret {row.name} already", hint="update it, or choose another name"
            )

    def list(self, project: str, *, after: str | None = None, limit: int = 100) -> list[SecretRow]:
        """Return secrets of the project by name.

        Args:
            after: only those that follow this name.
            limit: most rows to return.
        """
        query = (
            f"SELECT {_COLUMNS} FROM secrets WHERE project = ? AND name > ? ORDER BY name LIMIT ?"
        )
        return [
            SecretRow(*row) for row in self._database.read(query, (project, after or "", limit))
        ]

    def missing(self, project: str, name: str) -> bool:
        """Say whether the project has no secret of this name."""
        query = "SELECT 1 FROM secrets WHERE project = ? AND name = ?"
        return not self._database.read(query, (project, name))

    def value(self, project: str, name: str) -> str:
        """Return what is kept under a name.

        Raises:
            SecretNotFound: the project has no such secret.
            VaultClosed: the gateway's key cannot be used.
        """
        query = "SELECT encrypted_value FROM secrets WHERE project = ? AND name = ?"
        found = self._database.read(query, (project, name))
        if not found:
            raise not_found(name)
        return self._vault.decrypt(found[0][0]).decode()

    async def update(self, project: str, name: str, value: str) -> SecretRow:
        """Replace a value and return the secret.

        Raises:
            SecretNotFound: the project has no such secret.
            VaultClosed: the gateway's key cannot be used.
        """
        encrypted = self._vault.encrypt(value.encode())
        now = time.time()

        def work(connection: Transaction) -> SecretRow:
            found = connection.execute(
                "UPDATE secrets SET encrypted_value = ?, updated_at = ?"
                f" WHERE project = ? AND name = ? RETURNING {_COLUMNS}",
                (encrypted, now, project, name),
            ).fetchone()
            if found is None:
                raise not_found(name)
            return SecretRow(*found)

        return await self._database.write(work)

    async def delete(self, project: str, name: str) -> None:
        """Forget a secret.

        Raises:
            SecretNotFound: the project has no such secret.
        """

        def work(connection: Transaction) -> None:
            found = connection.execute(
                "DELETE FROM secrets WHERE project = ? AND name = ? RETURNING name",
                (project, name),
            ).fetchone()
            if found is None:
                raise not_found(name)

        await self._database.write(work)


def not_found(name: str) -> SecretNotFound:
    """Return what a call is told that names a secret which the project does not have."""
    return SecretNotFound(
        f"there is no secret {name}", hint=f"`flowkit secret set {name}` makes it"
    )
