"""Data of object stores and web servers that tasks mount: fetched once, shared, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class RemoteSources:
    """The remote data that a gateway has fetched.

    Args:
        cache_dir: Where it is kept; created when it is needed.
    """

    def __init__(self, cache_dir: Path) -> None:
        self._cache_dir = cache_dir

    async def check(self, url: str, env: Mapping[str, str]) -> None:
        """See whether a source is there and may be read; takes 10 seconds at most.

        Args:
            url: `s3://`, `gs://`, `az://`, `https://`.
            env: Variables to sign in with, such as `AWS_ACCESS_KEY_ID`; no others are used.

        Raises:
            InvalidMount: it cannot be mounted; says why, without a value of `env`.
        """
        raise NotImplementedError

    async def fetch(self, project: str, url: str, env: Mapping[str, str], *, task_id: str) -> Path:
        """Return a directory or file with what a source holds now, fetching what is not there.

        It stays while the task has not ended. Cancelling leaves nothing half done.

        Args:
            project: Whose task it is; projects share nothing.
            url: As for `check`.
            env: As for `check`.
            task_id: Task that is going to use it.

        Raises:
            StartError: it cannot be had; says why, without a value of `env`.
        """
        raise NotImplementedError
