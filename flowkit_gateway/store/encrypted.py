"""What rows hold that is encrypted with the gateway's key."""

from __future__ import annotations

from flowkit_gateway.store.database import Database


def any_encrypted(database: Database) -> bytes | None:
    """Return any of it, by which the key is known again; None when there is nothing."""
    found = database.read(
        "SELECT encrypted FROM ("
        " SELECT encrypted_value AS encrypted FROM secrets"
        " UNION ALL SELECT encrypted_content FROM profile_files"
        " UNION ALL SELECT coalesce(encrypted_mount_env, encrypted_handed) FROM task_credentials"
        ") AS all_encrypted LIMIT 1"
    )
    return bytes(found[0][0]) if found else None
