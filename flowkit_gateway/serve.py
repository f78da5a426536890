"""A gateway process, from its data directory to its last answer."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from flowkit._version import __version__
from flowkit.mounts import REMOTE_SCHEMES
from flowkit_gateway import discovery
from flowkit_gateway.app import App
from flowkit_gateway.call import Gateway
from flowkit_gateway.changes import Changes
from flowkit_gateway.code import CodePart
from flowkit_gateway.code_updates import CodeUpdates
from flowkit_gateway.contract import Contract
from flowkit_gateway.disposal import Disposal
from flowkit_gateway.engines.engine import Engine
from flowkit_gateway.files.files import Files
from flowkit_gateway.files.quotas import Quotas
from flowkit_gateway.files.spaces import Spaces
from flowkit_gateway.files.trash import Trash
from flowkit_gateway.files.upload_garbage import UploadGarbage
from flowkit_gateway.files.uploads import Uploads
from flowkit_gateway.garbage import DEFAULT_AGES, Collector
from flowkit_gateway.git_mirrors import GitMirrorGarbage
from flowkit_gateway.git_repositories import GitRepositories
from flowkit_gateway.grants import Grants
from flowkit_gateway.http_server import HTTPServer
from flowkit_gateway.listening import in_url, is_loopback, listener_of, lock_data_dir
from flowkit_gateway.logs.watch import GrowthWatcher
from flowkit_gateway.mount_sources import (
    LocalFiles,
    MountedSnapshots,
    MountedSource,
    RemoteData,
    TaskOutputs,
)
from flowkit_gateway.mounted_volumes import MountedVolumes
from flowkit_gateway.mounts import MountsPart
from flowkit_gateway.principal import KeyFileError, KeyRing
from flowkit_gateway.profile_files import ProfileFilesPart
from flowkit_gateway.reservations import Keeper, Reservations
from flowkit_gateway.reserved_tasks import ReservationPart
from flowkit_gateway.scheduler import Scheduler
from flowkit_gateway.settings import BAD_INPUT, Settings, StartError
from flowkit_gateway.snapshots.garbage import SnapshotGarbage
from flowkit_gateway.snapshots.snapshots import Snapshots
from flowkit_gateway.sources.cache import SourceCache
from flowkit_gateway.sources.remote_sources import RemoteSources
from flowkit_gateway.store.database import Database, StoreError
from flowkit_gateway.store.encrypted import any_encrypted
from flowkit_gateway.store.profile_files import ProfileFiles
from flowkit_gateway.store.reservations import ReservationTable
from flowkit_gateway.store.secrets import Secrets
from flowkit_gateway.store.sqlite_database import SQLiteDatabase
from flowkit_gateway.store.store import Store
from flowkit_gateway.store.sweeps import SweepStore
from flowkit_gateway.store.task_credentials import TaskCredentials
from flowkit_gateway.store.uploads import UploadTable
from flowkit_gateway.sweeps import SweepPart, Sweeps
from flowkit_gateway.task_outputs import OutputsPart
from flowkit_gateway.task_parts import TaskParts
from flowkit_gateway.task_secrets import SecretsPart
from flowkit_gateway.vault import FILE_NAME as KEY_FILE_NAME
from flowkit_gateway.vault import Vault
from flowkit_gateway.volume_clones import VolumeClones
from flowkit_gateway.volumes import Volumes
from flowkit_gateway.workspaces import WorkspaceGarbage

MAX_BODY_BYTES = 16 * 1024 * 1024
_DATABASES = ("postgresql://", "postgres://")

Run = Callable[[socket.socket, Callable[[], Database], asyncio.Event], Awaitable[None]]

logger = logging.getLogger("flowkit_gateway")


def serve(settings: Settings) -> None:
    """Run a gateway until it is told to stop or is idle for long enough.

    Raises:
        StartError: it cannot start; nothing is left behind.
    """
    # What the gateway writes is its owner's alone; what tasks write is as open as the owner says.
    task_umask = os.umask(0o077)
    try:
        # What may be wrong on the command line comes before there is a directory.
        _check_options(settings)
        keys, token = _keys(settings)
        with listener_of(settings) as listener:
            settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            if settings.data_dir.stat().st_uid != os.geteuid():
                raise StartError(
                    f"{settings.data_dir} belongs to another user", hint="choose another directory"
                )
            settings.data_dir.chmod(0o700)
            lock = lock_data_dir(settings)
            try:
                if settings.database is None:
                    discovery.withdraw(settings.data_dir)
                run = partial(_run, settings, keys, token, task_umask)
                with asyncio.Runner(loop_factory=_loop()) as runner:
                    runner.run(_serve(settings, listener, run))
            finally:
                os.close(lock)
    except KeyFileError as error:
        raise StartError(str(error), hint=error.hint, exit_code=BAD_INPUT) from None
    except StoreError as error:
        raise StartError(str(error)) from None
    except OSError as error:
        raise StartError(
            f"cannot use {settings.data_dir}: {error.strerror or error}",
            hint="choose another directory, with --data-dir or FLOWKIT_HOME",
        ) from error


def _check_options(settings: Settings) -> None:
    if settings.database is not None and not settings.database.startswith(_DATABASES):
        raise StartError(
            "--database is not the URL of a PostgreSQL database",
            hint="write it as in postgresql://user@host/flowkit",
            exit_code=BAD_INPUT,
        )
    if settings.database is not None and (settings.embedded or settings.idle_timeout):
        raise StartError(
            "a gateway that shares a database does not stop when it is idle",
            hint="leave out --embedded and --idle-timeout",
            exit_code=BAD_INPUT,
        )
    if settings.lease < 1:
        raise StartError(
            f"--lease {settings.lease:g} is less than a second",
            hint="10 is as usual",
            exit_code=BAD_INPUT,
        )
    if not settings.host:
        raise StartError(
            "the host is empty", hint="leave out --host for 127.0.0.1", exit_code=BAD_INPUT
        )
    for name in settings.allowed_hosts:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]", name):
            raise StartError(
                f"--allowed-host {name[:80]!r} is not the name of a host",
                hint="write it without https:// and port, as in gpu.example.org",
                exit_code=BAD_INPUT,
            )


async def _serve(settings: Settings, listener: socket.socket, run: Run) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if settings.database is None:
        await run(listener, partial(SQLiteDatabase, settings.data_dir / "flowkit.db"), stop)
        return
    try:
        from flowkit_gateway.replicas import Replica
    except ModuleNotFoundError as error:
        raise StartError(
            f"{error.name} is not installed, which PostgreSQL needs",
            hint="pip install 'flowkit-gpu[postgres]'",
        ) from error
    # While another gateway has the tasks, that one checks keys.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, logger.info, "no keys to read yet")
    # At its own name where it listens on all addresses: the others may be on other machines.
    host = socket.getfqdn() if settings.host in ("0.0.0.0", "::") else settings.host
    address = f"{in_url(host)}:{listener.getsockname()[1]}"
    url, directory, lease = settings.database, settings.data_dir, settings.lease
    await Replica(url, directory, lease, listener, address, run).serve(stop)


async def _run(
    settings: Settings,
    keys: KeyRing,
    token: str | None,
    task_umask: int,
    listener: socket.socket,
    open_database: Callable[[], Database],
    stop: asyncio.Event,
) -> None:
    """Be the gateway of a database until an event is set."""
    started_at = time.time()
    contract = Contract.load()
    engine = await _engine(settings, task_umask)
    store = Store(open_database())
    vault = Vault(settings.data_dir / KEY_FILE_NAME, partial(any_encrypted, store.database))
    project_secrets = Secrets(store.database, vault)
    profile_files = ProfileFiles(store.database, vault)
    trash_dir = settings.data_dir / "trash"
    disposal = Disposal(trash_dir)
    changes = Changes()
    log_watcher = GrowthWatcher(remote=engine.name == "slurm")
    volumes = Volumes(store, settings.data_dir, disposal)
    spaces = Spaces(store, volumes, settings.data_dir, embedded=settings.embedded)
    upload_table = UploadTable(store.database, store.answers)
    quotas = Quotas(upload_table)
    uploads = Uploads(upload_table, spaces, quotas, settings.data_dir / "uploads")
    volume_clones = VolumeClones(store, volumes)
    snapshots = Snapshots(store.database, settings.data_dir, disposal)
    git_dir = settings.data_dir / "git"
    repositories = GitRepositories(git_dir, embedded=settings.embedded)
    credentials = TaskCredentials(store.database, vault)
    sweep_rows = SweepStore(store, bounded_by_engine=engine.capabilities().arrays)
    source_cache = SourceCache(settings.data_dir / "cache", disposal, store)
    remote_data = RemoteData(RemoteSources(source_cache), project_secrets, credentials)
    mount_sources: dict[str, MountedSource] = {
        "volume": MountedVolumes(volumes),
        "task": TaskOutputs(store, settings.data_dir / "tasks"),
        "snapshot": MountedSnapshots(snapshots),
        "file": LocalFiles(embedded=settings.embedded),
        **dict.fromkeys(REMOTE_SCHEMES, remote_data),
    }
    mounts = MountsPart(engine, mount_sources, settings.data_dir)
    scheduler = Scheduler(
        store,
        engine,
        changes,
        data_dir=settings.data_dir,
        max_output_bytes=settings.max_output_bytes,
        parts=TaskParts(
            # Code first: others may put something into its workspace.
            # Secrets after profile files: where both are one file of a home, the secret stays.
            [
                CodePart(snapshots, repositories, project_secrets),
                mounts,
                ProfileFilesPart(profile_files),
                SecretsPart(project_secrets),
                OutputsPart(),
                SweepPart(sweep_rows),
                ReservationPart(ReservationTable(store.database), engine),
            ],
            credentials,
            disposal,
        ),
        is_block=volumes.is_block,
    )
    sweeps = Sweeps(sweep_rows, store, scheduler, changes, vault)
    reservations = Reservations(store, scheduler, _reservation_keeper(engine))
    tasks_dir = settings.data_dir / "tasks"
    workspaces = WorkspaceGarbage(store, tasks_dir, disposal, scheduler.is_being_deleted)
    git_mirrors = GitMirrorGarbage(git_dir, disposal, repositories.is_in_use)
    ages = {**DEFAULT_AGES, **settings.garbage_ages}
    collector = Collector(
        [workspaces, SnapshotGarbage(snapshots), UploadGarbage(uploads), source_cache, git_mirrors],
        settings.data_dir,
        disposal,
        ages,
    )
    gateway = Gateway(
        store=store,
        scheduler=scheduler,
        sweeps=sweeps,
        reservations=reservations,
        volumes=volumes,
        files=Files(spaces, quotas, Trash(trash_dir), disposal.empty_soon),
        uploads=uploads,
        volume_clones=volume_clones,
        grants=Grants(store, volumes),
        mounts=mounts,
        snapshots=snapshots,
        code_updates=CodeUpdates(snapshots, store, changes, tasks_dir),
        changes=changes,
        engine=engine,
        log_watcher=log_watcher,
        collector=collector,
        vault=vault,
        secrets=project_secrets,
        profile_files=profile_files,
        contract_version=contract.version,
        started_at=started_at,
        embedded=settings.embedded,
        max_body_bytes=MAX_BODY_BYTES,
        max_output_bytes=settings.max_output_bytes,
    )
    app = App(
        gateway,
        contract,
        keys,
        allowed_hosts=(*settings.allowed_hosts, in_url(settings.host)),
        access_log=not settings.embedded,
        check_answers=settings.check_answers,
    )
    if settings.api_key_file is not None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, _reread_keys, app, settings.api_key_file)
        if settings.database is not None:
            # They may have changed while another gateway had the tasks.
            _reread_keys(app, settings.api_key_file)
    try:
        await volumes.open()
        snapshots.open()
        reservations.restore()
        await scheduler.open()
        await reservations.open()
        await uploads.open()
        source_cache.clean()
        disposal.empty_soon()
        collecting = asyncio.create_task(collector.run())
        sweeps.open()
        server = HTTPServer(app)
        await server.begin(listener)
        url = f"http://{in_url(settings.host)}:{listener.getsockname()[1]}"
        discovery.announce(
            settings.data_dir,
            discovery.Announcement(
                url=url,
                token=token,
                pid=os.getpid(),
                start_time=started_at,
                version=__version__,
                engine=engine.name,
                embedded=settings.embedded,
            ),
        )
        logger.info("serving %s with the %s engine from %s", url, engine.name, settings.data_dir)
        if token is not None and not settings.embedded:
            logger.info("the key is in %s", settings.data_dir / discovery.FILE_NAME)
        app.last_call = time.monotonic()
        try:
            await server.serve_until(stop, _idle_stop(settings, app, gateway, stop))
        finally:
            # First of all, so that nobody begins to use a gateway that is about to go.
            discovery.withdraw(settings.data_dir, os.getpid())
            collecting.cancel()
            gateway.stop_waiting()
            await server.shutdown([listener])
    finally:
        log_watcher.close()
        await sweeps.close()
        await reservations.close()
        await scheduler.close()
        await volume_clones.close()
        await snapshots.close()
        await disposal.close()
        store.close()
    logger.info("stopped; tasks that run live on")


def _keys(settings: Settings) -> tuple[KeyRing, str | None]:
    if settings.api_key_file is not None:
        return KeyRing.read(settings.api_key_file), None
    if not is_loopback(settings.host):
        raise StartError(
            f"{settings.host} can be reached from other machines, which needs keys",
            hint="give --api-key-file",
            exit_code=BAD_INPUT,
        )
    token = secrets.token_urlsafe(32)
    return KeyRing.single(token), token


async def _engine(settings: Settings, task_umask: int) -> Engine:
    if settings.engine == "null":
        from flowkit_gateway.engines.null import NullEngine

        return NullEngine(settings.null_duration)
    if settings.engine == "slurm":
        return await _slurm_engine(settings, task_umask)
    from flowkit_gateway.engines.local.engine import LocalEngine

    return LocalEngine(settings.data_dir / "tasks", task_umask=task_umask)


def _reservation_keeper(engine: Engine) -> Keeper | None:
    if engine.name != "slurm":
        return None
    from flowkit_gateway.engines.slurm.reservations import SlurmReservations

    return SlurmReservations()


async def _slurm_engine(settings: Settings, task_umask: int) -> Engine:
    from flowkit_gateway.engines.slurm.cluster import ClusterError, connect
    from flowkit_gateway.engines.slurm.options import OptionError

    try:
        return await connect(settings.data_dir, settings.slurm, task_umask=task_umask)
    except OptionError as error:
        raise StartError(str(error), hint=error.hint, exit_code=BAD_INPUT) from error
    except ClusterError as error:
        raise StartError(str(error), hint=error.hint) from error


def _loop() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _reread_keys(app: App, path: Path) -> None:
    try:
        app.keys = KeyRing.read(path)
    except KeyFileError as error:
        logger.error("the old keys stay: %s", error)
    else:
        logger.info("read the keys again from %s", path)


def _idle_stop(
    settings: Settings, app: App, gateway: Gateway, stop: asyncio.Event
) -> Callable[[], None]:
    def stop_when_idle() -> None:
        is_idle = gateway.scheduler.idle and gateway.sweeps.idle
        if not settings.idle_timeout or app.calls or not is_idle:
            return
        if time.monotonic() - app.last_call >= settings.idle_timeout:
            logger.info("nothing to do for %g s", settings.idle_timeout)
            stop.set()

    return stop_when_idle
