"""Profile files: what the tasks of a user find in their homes, with the SQL that keeps it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from flowkit_gateway.home import collide
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import AlreadyExists, Conflict, NotFound, QuotaExceeded
from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.vault import Vault

MOST_FILES = 100
"""Profile files that one user may have in a project."""

_COLUMNS = "id, path, mode, size_bytes, created_at, updated_at"
_OF_USER = "project = ? AND user_name = ?"


class ProfileFileRow(NamedTuple):
    """A profile file without its content. Times are Unix seconds."""

    id: str
    path: str
    """Relative to the home."""
    mode: int
    size_bytes: int
    created_at: float
    updated_at: float


class PlacedFile(NamedTuple):
    """A file as a home gets it."""

    path: str
    mode: int
    content: bytes


class ProfileFiles:
    """The profile files of every user in every project.

    Args:
        database: where they are kept.
        vault: encrypts their contents, which hold keys more often than not.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def insert(
        self, connection: Transaction, owner: Principal, row: ProfileFileRow, content: bytes
    ) -> None:
        """Add a file, within a transaction.

        Raises:
            AlreadyExists: the user has a file at this path.
            Conflict: one path would be a file and a directory.
            QuotaExceeded: the user has as many files as there may be.
            VaultClosed: the gateway's key cannot be used.
        """
        paths = [
            path
            for (path,) in connection.execute(
                f"SELECT path FROM profile_files WHERE {_OF_USER}", (owner.project, owner.user)
            )
        ]
        _refuse_collision(row.path, paths)
        if len(paths) >= MOST_FILES:
            raise QuotaExceeded(
                f"there are {len(paths)} profile files already", hint="delete some of them"
            )
        connection.execute(
            f"INSERT INTO profile_files (project, user_name, encrypted_content, {_COLUMNS})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (owner.project, owner.user, self._vault.encrypt(content), *row),
        )

    def list(
        self, owner: Principal, *, after: str | None = None, limit: int = 100
    ) -> list[ProfileFileRow]:
        """Return files of a user by path.

        Args:
            after: only those that follow this path.
            limit: most rows to return.
        """
        query = (
            f"SELECT {_COLUMNS} FROM profile_files WHERE {_OF_USER} AND path > ?"
            " ORDER BY path LIMIT ?"
        )
        values = (owner.project, owner.user, after or "", limit)
        return [ProfileFileRow(*row) for row in self._database.read(query, values)]

    def any(self, owner: Principal) -> bool:
        """Say whether a user has any file."""
        query = f"SELECT 1 FROM profile_files WHERE {_OF_USER} LIMIT 1"
        return bool(self._database.read(query, (owner.project, owner.user)))

    def placed(self, owner: Principal) -> Sequence[PlacedFile]:
        """Return all files of a user with their contents, by path.

        Raises:
            VaultClosed: the gateway's key cannot be used.
        """
        found = self._database.read(
            f"SELECT path, mode, encrypted_content FROM profile_files WHERE {_OF_USER}"
            " ORDER BY path",
            (owner.project, owner.user),
        )
        return [
            PlacedFile(path, mode, self._vault.decrypt(encrypted))
            for path, mode, encrypted in found
        ]

    def get(self, owner: Principal, file_id: str) -> tuple[ProfileFileRow, bytes]:
        """Return a file of a user and its content.

        Raises:
            NotFound: the user has no such file.
            VaultClosed: the gateway's key cannot be used.
        """
        found = self._database.read(
            f"SELECT encrypted_content, {_COLUMNS} FROM profile_files WHERE {_OF_USER} AND id = ?",
            (owner.project, owner.user, file_id),
        )
        if not found:
            raise _not_found(file_id)
        encrypted, *columns = found[0]
        return ProfileFileRow(*columns), self._vault.decrypt(encrypted)

    async def update(
        self, owner: Principal, file_id: str, *, content: bytes | None, mode: int | None
    ) -> ProfileFileRow:
        """Replace a file's content, its mode or both; what is None stays.

        Raises:
            NotFound: the user has no such file.
            VaultClosed: the gateway's key cannot be used.
        """
        encrypted = None if content is None else self._vault.encrypt(content)
        size = None if content is None else len(content)
        now = time.time()

        def work(connection: Transaction) -> ProfileFileRow:
            found = connection.execute(
                "UPDATE profile_files SET mode = coalesce(?, mode),"
                " encrypted_content = coalesce(?, encrypted_content),"
                " size_bytes = coalesce(?, size_bytes), updated_at = ?"
                f" WHERE {_OF_USER} AND id = ? RETURNING {_COLUMNS}",
                (mode, encrypted, size, now, owner.project, owner.user, file_id),
            ).fetchone()
            if found is None:
                raise _not_found(file_id)
            return ProfileFileRow(*found)

        return await self._database.write(work)

    async def delete(self, owner: Principal, file_id: str) -> None:
        """Forget a file; the homes that have it keep it.

        Raises:
            NotFound: the user has no such file.
        """

        def work(connection: Transaction) -> None:
            found = connection.execute(
                f"DELETE FROM profile_files WHERE {_OF_USER} AND id = ? RETURNING id",
                (owner.project, owner.user, file_id),
            ).fetchone()
            if found is None:
                raise _not_found(file_id)

        await self._database.write(work)


def _refuse_collision(path: str, others: list[str]) -> None:
    for other in others:
        if other == path:
            raise AlreadyExists(
                f"there is a profile file {path} already", hint="update it, or delete it first"
            )
        if collide(path, other):
            raise Conflict(
                f"{min(path, other, key=len)} cannot be a file and a directory",
                hint=f"delete the profile file {other} first",
            )


def _not_found(file_id: str) -> NotFound:
    return NotFound(f"there is no profile file {file_id}")
