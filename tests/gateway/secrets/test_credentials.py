"""What a task is trusted with: kept until it ends, also across gateways."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from flowkit_gateway.engines.engine import StartError
from flowkit_gateway.store.encrypted import any_encrypted
from flowkit_gateway.store.secrets import SecretRow, Secrets
from flowkit_gateway.store.store import Store
from flowkit_gateway.store.task_credentials import TaskCredentials
from flowkit_gateway.task_parts import TaskParts
from flowkit_gateway.task_secrets import SecretsPart
from flowkit_gateway.vault import Vault
from tests.gateway.scheduling import PROJECT, ControlledGateway, MakeParts, crash, opened

VALUE = "s3cret-0123456789"
MESSAGE = f"cannot sign in with {VALUE}"


def parts_in(folder: Path) -> MakeParts:
    """Return what makes the parts of gateways whose key is in a folder."""

    def make(store: Store) -> TaskParts:
        part = SecretsPart(Secrets(store.database, vault_of(store, folder)))
        return TaskParts([part], credentials_of(store, folder))

    return make


def vault_of(store: Store, folder: Path) -> Vault:
    return Vault(folder / "secrets.key", lambda: any_encrypted(store.database))


def credentials_of(store: Store, folder: Path) -> TaskCredentials:
    return TaskCredentials(store.database, vault_of(store, folder))


async def keep_secret(gateway: ControlledGateway, folder: Path, name: str = "TOKEN") -> Secrets:
    """Keep the value under a name."""
    secrets = Secrets(gateway.store.database, vault_of(gateway.store, folder))
    row = SecretRow(name, "me", 0.0, 0.0)
    await gateway.store.database.write(
        lambda connection: secrets.insert(connection, PROJECT, row, VALUE)
    )
    return secrets


def kept(gateway: ControlledGateway) -> Sequence[tuple[object, ...]]:
    return gateway.store.database.read("SELECT * FROM task_credentials")


async def test_values_are_kept_as_long_as_the_task_runs(tmp_path: Path) -> None:
    async with opened(tmp_path, parts=parts_in(tmp_path)) as gateway:
        await keep_secret(gateway, tmp_path)
        task = await gateway.task(secrets=[{"name": "TOKEN"}])
        await gateway.reaches(task, "running")
        assert credentials_of(gateway.store, tmp_path).handed(task) == [VALUE]
        assert gateway.launch(task).env["TOKEN"] == VALUE
        await gateway.finish(task)
        assert kept(gateway) == []


async def test_a_later_gateway_keeps_them_out_of_a_message(tmp_path: Path) -> None:
    gateway = ControlledGateway(tmp_path, parts=parts_in(tmp_path))
    await gateway.scheduler.open()
    secrets = await keep_secret(gateway, tmp_path)
    task = await gateway.task(secrets=[{"name": "TOKEN"}])
    await gateway.reaches(task, "running")
    await secrets.update(PROJECT, "TOKEN", "another-value")
    crash(gateway)
    async with opened(tmp_path, gateway.machine, parts_in(tmp_path)) as later:
        later.end(task, reason="start_failed", exit_code=None, message=MESSAGE)
        row = await later.reaches(task, "failed")
        assert row.message == "cannot sign in with ***"
        assert kept(later) == []


async def test_without_the_key_the_whole_message_is_held_back(tmp_path: Path) -> None:
    gateway = ControlledGateway(tmp_path, parts=parts_in(tmp_path))
    await gateway.scheduler.open()
    await keep_secret(gateway, tmp_path)
    task = await gateway.task(secrets=[{"name": "TOKEN"}])
    await gateway.reaches(task, "running")
    crash(gateway)
    (tmp_path / "secrets.key").unlink()
    async with opened(tmp_path, gateway.machine, parts_in(tmp_path)) as later:
        later.end(task, reason="start_failed", exit_code=None, message=MESSAGE)
        row = await later.reaches(task, "failed")
        assert row.message is not None
        assert row.message.startswith("***")
        assert VALUE not in row.message


@pytest.mark.parametrize("fault", [StartError(MESSAGE), RuntimeError(MESSAGE)])
async def test_a_start_that_fails_quotes_no_value(
    tmp_path: Path, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, parts=parts_in(tmp_path)) as gateway:
        await keep_secret(gateway, tmp_path)
        gateway.engine.refusal = fault
        row = await gateway.reaches(await gateway.task(secrets=[{"name": "TOKEN"}]), "failed")
        assert row.message == "cannot sign in with ***"
    assert VALUE not in caplog.text
    assert ("could not be started" in caplog.text) == isinstance(fault, RuntimeError)


async def test_a_secret_deleted_before_the_start_ends_the_task(tmp_path: Path) -> None:
    async with opened(tmp_path, parts=parts_in(tmp_path)) as gateway:
        secrets = await keep_secret(gateway, tmp_path)
        blocking = await gateway.task(cpus=4)
        await gateway.reaches(blocking, "running")
        task = await gateway.task(secrets=[{"name": "TOKEN"}])
        await secrets.delete(PROJECT, "TOKEN")
        await gateway.finish(blocking)
        row = await gateway.reaches(task, "failed")
        assert row.reason == "start_failed"
        assert row.message == "the secret TOKEN was deleted after the task was submitted"


async def test_a_lost_key_ends_only_the_tasks_that_need_it(tmp_path: Path) -> None:
    async with opened(tmp_path, parts=parts_in(tmp_path)) as gateway:
        await keep_secret(gateway, tmp_path)
    (tmp_path / "secrets.key").unlink()
    async with opened(tmp_path, parts=parts_in(tmp_path)) as gateway:
        row = await gateway.reaches(await gateway.task(secrets=[{"name": "TOKEN"}]), "failed")
        assert row.message is not None
        assert "secrets.key is lost" in row.message
        await gateway.finish(await gateway.task())


async def test_the_credentials_of_mounts_go_when_a_queued_task_is_cancelled(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, parts=parts_in(tmp_path)) as gateway:
        await gateway.reaches(await gateway.task(cpus=4), "running")
        task = await gateway.task()
        credentials = credentials_of(gateway.store, tmp_path)
        env = {"AWS_SECRET_ACCESS_KEY": VALUE}
        await gateway.store.database.write(
            lambda connection: credentials.put_mount_env(connection, task, env)
        )
        await credentials.put_handed(task, [VALUE])
        assert credentials.mount_env(task) == env
        assert VALUE.encode() not in (tmp_path / "flowkit.db-wal").read_bytes()
        await gateway.scheduler.cancel(PROJECT, task, force=False)
        assert (credentials.mount_env(task), credentials.handed(task)) == ({}, [])
