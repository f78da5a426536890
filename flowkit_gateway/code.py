"""The code of tasks: a snapshot of their caller's directory, or a commit of a git repository."""

from __future__ import annotations

from typing import cast

from flowkit_gateway.git_repositories import GitError, GitRepositories, Repository
from flowkit_gateway.principal import Principal
from flowkit_gateway.problems import Detail, InvalidRequest, Problem, SecretNotFound
from flowkit_gateway.snapshots.snapshots import Snapshots
from flowkit_gateway.store.database import Transaction
from flowkit_gateway.store.rows import TaskRow
from flowkit_gateway.store.secrets import Secrets
from flowkit_gateway.task_parts import Prepared, StartError
from flowkit_gateway.vault import VaultClosed


class CodePart:
    """Fills workspaces of tasks; implements `task_parts.TaskPart`.

    Args:
        snapshots: where sent code is.
        repositories: where other code is.
        secrets: what signs in there.
    """

    name = "code"
    fields = frozenset({"snapshot_id", "git"})

    def __init__(
        self, snapshots: Snapshots, repositories: GitRepositories, secrets: Secrets
    ) -> None:
        self._snapshots = snapshots
        self._repositories = repositories
        self._secrets = secrets

    async def admit(self, caller: Principal, settings: dict[str, object], loc: str) -> str:
        """Check that there is the code, and the directory in it.

        Raises:
            SnapshotNotFound: the project has no such snapshot.
            SnapshotIncomplete: contents of it are missing.
            SecretNotFound: there is no secret to sign in with.
            InvalidRequest: the repository cannot be read, or has no such commit.
        """
        if "git" in settings:
            if "snapshot_id" in settings:
                raise _invalid("a task has a snapshot or a git repository, not both", f"{loc}/git")
            return await self._admit_git(caller.project, settings, f"{loc}/git")
        snapshot_id = cast("str", settings["snapshot_id"])
        row = self._snapshots.get_complete(caller.project, snapshot_id)
        folder = cast("str | None", settings.get("working_dir"))
        if folder is not None and not folder.startswith("/"):
            manifest = await self._snapshots.manifest(caller.project, snapshot_id)
            if not manifest.is_directory(folder):
                raise _invalid(
                    f"working_dir {folder!r} is not a directory of the code", f"{loc}/working_dir"
                )
        return f"{row.file_count} files"

    def insert(self, connection: Transaction, row: TaskRow) -> None:
        """Keep the snapshot until the task has ended.

        Raises:
            SnapshotNotFound: it has gone meanwhile.
        """
        snapshot_id = cast("str | None", row.settings.get("snapshot_id"))
        if snapshot_id is not None:
            self._snapshots.need(connection, row.project, snapshot_id, row.id)

    async def prepare(self, row: TaskRow, prepared: Prepared) -> None:
        """Make the workspace.

        Raises:
            StartError: the code cannot be had, or written.
        """
        try:
            snapshot_id = cast("str | None", row.settings.get("snapshot_id"))
            if snapshot_id is not None:
                await self._snapshots.copy(row.project, snapshot_id, prepared.workspace)
            else:
                await self._check_out(row, prepared)
        except Problem as problem:
            raise StartError(f"the code cannot be had: {problem.detail}") from problem
        except GitError as error:
            raise StartError(str(error)) from error
        except OSError as error:
            raise StartError(f"cannot write the workspace: {error.strerror}") from error

    async def _admit_git(self, project: str, settings: dict[str, object], loc: str) -> str:
        source = dict(cast("dict[str, str]", settings["git"]))
        self._repositories.check(
            source["repository"], f"{loc}/repository", signs_in="secret" in source
        )
        if "commit" not in source:
            try:
                repository = self._repository(project, source)
                source["commit"] = await self._repositories.resolve(repository, source.get("ref"))
            except (GitError, VaultClosed) as error:
                raise _invalid(str(error), loc) from error
        elif "secret" in source and self._secrets.missing(project, source["secret"]):
            raise SecretNotFound(f"there is no secret {source['secret']}")
        settings["git"] = source
        return f"commit {source['commit'][:12]}"

    async def _check_out(self, row: TaskRow, prepared: Prepared) -> None:
        source = cast("dict[str, str]", row.settings["git"])
        try:
            repository = self._repository(row.project, source)
        except VaultClosed as error:
            raise StartError(
                f"cannot read the secret {source['secret']}: {error.detail}"
            ) from error
        if repository.credential is not None:
            prepared.secrets.append(repository.credential)
        await self._repositories.check_out(
            repository, source["commit"], source.get("ref"), prepared.workspace
        )

    def _repository(self, project: str, source: dict[str, str]) -> Repository:
        secret = source.get("secret")
        credential = None if secret is None else self._secrets.value(project, secret)
        return Repository(project, source["repository"], credential)


def _invalid(message: str, loc: str) -> InvalidRequest:
    return InvalidRequest(message, details=[Detail(loc, message)])
