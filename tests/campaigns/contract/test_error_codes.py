"""Every error code of the contract, provoked, arrives as its own exception in both twins.

A real gateway answers all of them but one: `rate_limited` is a code that no operation of this
release has a reason for, and a small server answers it instead.
"""

from __future__ import annotations

import json
import pkgutil
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from flowkit_api.api.files import read_file
from flowkit_api.api.snapshots import create_snapshot
from flowkit_api.api.uploads import append_upload, complete_upload, create_upload
from flowkit_api.models import (
    ErrorCode,
    SnapshotCreate,
    SnapshotEntry,
    SnapshotEntryType,
    UploadCompletion,
    UploadCreate,
)

from flowkit import errors
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.unit.twins import Twin, request

KEY = "k" * 32
NOWHERE = "task_" + "0" * 26


class House(NamedTuple):
    """Where codes are provoked."""

    twin: Twin
    null: GatewayProcess
    local: GatewayProcess
    holding: GatewayProcess
    project: str
    start: StartGateway
    directory: Path

    def flow(self, gateway: GatewayProcess | None = None) -> Any:
        """Return a flow of a gateway, the null one unless given."""
        gateway = gateway or self.null
        return self.twin.connected(gateway.url, gateway.token, self.project)


def sent(house: House, **fields: Any) -> None:
    """Send what the facade itself would not."""
    values = {"method": "POST", "path": "/v1/tasks", "content_type": "application/json"}
    house.flow().api.send(request("create_task", **values | fields))


def invalid_request(house: House) -> None:
    house.flow().list_tasks(name="x" * 129)


def invalid_gpu_request(house: House) -> None:
    sent(house, body=json.dumps({"command": ["a"], "gpu": ["a1000"]}).encode())


def no_capacity(house: House) -> None:
    house.flow().run("a", gpu="a100:2000")


def unsupported_by_engine(house: House) -> None:
    house.flow(house.local).run("a", num_instances=1000)


def unauthenticated(house: House) -> None:
    house.twin.connected(house.null.url, KEY).server()


def permission_denied(house: House) -> None:
    keys = house.directory / "keys"
    keys.write_text(f"{KEY} theirs\n")
    keys.chmod(0o600)
    gateway = house.start("--api-key-file", str(keys))
    house.twin.connected(gateway.url, KEY, "ours").server()


def task_not_found(house: House) -> None:
    house.flow().get_task(NOWHERE)


def idempotency_conflict(house: House) -> None:
    flow = house.flow()
    flow.run("a", idempotency_key="key")
    flow.run("b", idempotency_key="key")


def task_not_terminal(house: House) -> None:
    flow = house.flow(house.holding)
    flow.tasks.delete(flow.run("a"))


def conflict(house: House) -> None:
    flow = house.flow(house.holding)
    flow.sweeps.delete(flow.sweep("a", {"A": [1]}))


def sweep_not_found(house: House) -> None:
    house.flow().sweeps.get("sweep_" + "0" * 26)


def invalid_sweep(house: House) -> None:
    parameter = {"name": "A", "values": ["1"]}
    body = {"task": {"command": ["a"]}, "parameters": [parameter, parameter]}
    sent(house, path="/v1/sweeps", body=json.dumps(body).encode())


def already_exists(house: House) -> None:
    flow = house.flow()
    flow.volumes.create(1, name="data")
    flow.volumes.create(1, name="data")


def volume_in_use(house: House) -> None:
    flow = house.flow(house.holding)
    volume = flow.volumes.create(1, name="data")
    flow.run("a", volumes=["data"])
    flow.volumes.delete(volume.volume_id)


def begun_upload(flow: Any, size: int) -> str:
    """Begin an upload to a volume of 1 GB, and return its id."""
    volume = flow.volumes.create(1)
    body = UploadCreate(space=volume.volume_id, path="file", size_bytes=size)
    return str(flow.api.call(create_upload.request(body=body), create_upload.parse).id)


def quota_exceeded(house: House) -> None:
    begun_upload(house.flow(), 2 * 1024**3)


def invalid_mount(house: House) -> None:
    house.flow().run("a", mounts={"/data": f"task://{NOWHERE}"})


def task_not_pending(house: House) -> None:
    flow = house.flow(house.holding)
    task = flow.run("a")
    flow.tasks.wait(task.task_id, until="running", timeout=20)
    flow.tasks.hold(task.task_id)


def file_not_found(house: House) -> None:
    flow = house.flow()
    flow.storage.stat(f"{flow.volumes.create(1).volume_id}:nothing")


def invalid_path(house: House) -> None:
    body = {"command": ["a"], "outputs": ["../elsewhere"]}
    sent(house, body=json.dumps(body).encode())


def read_part(house: House, **conditions: Any) -> None:
    """Ask for the file `file` of three bytes on some conditions."""
    flow = house.flow()
    volume = flow.volumes.create(1).volume_id
    flow.storage.write(f"{volume}:file", b"abc")
    flow.api.send(read_file.request(space=volume, path="file", **conditions))


def offset_conflict(house: House) -> None:
    flow = house.flow()
    upload = begun_upload(flow, 3)
    flow.api.send(append_upload.request(upload_id=upload, upload_offset=1, body=b"bc"))


def checksum_mismatch(house: House) -> None:
    flow = house.flow()
    upload = begun_upload(flow, 3)
    flow.api.send(append_upload.request(upload_id=upload, upload_offset=0, body=b"abc"))
    body = UploadCompletion(sha256="0" * 64)
    flow.api.send(complete_upload.request(upload_id=upload, body=body))


def snapshot_incomplete(house: House) -> None:
    flow = house.flow()
    lacking = SnapshotEntry(
        path="a", type=SnapshotEntryType.FILE, mode=0o644, size_bytes=1, sha256="0" * 64
    )
    request = create_snapshot.request(body=SnapshotCreate(entries=[lacking]))
    snapshot = flow.api.call(request, create_snapshot.parse)
    body = {"command": ["a"], "snapshot_id": snapshot.id}
    sent(house, body=json.dumps(body).encode())


def host_not_allowed(house: House) -> None:
    # Another name of this machine, and none that the gateway is served under.
    port = urlsplit(house.null.url).port
    house.twin.connected(f"http://0.0.0.0:{port}", house.null.token).server()


def internal_error(house: House) -> None:
    gateway = house.start()
    with sqlite3.connect(gateway.data_dir / "flowkit.db") as database:
        database.execute("ALTER TABLE tasks RENAME TO elsewhere")
    database.close()
    house.flow(gateway).get_task(NOWHERE)


def unavailable(house: House) -> None:
    gateway = house.start()
    database = sqlite3.connect(gateway.data_dir / "flowkit.db", isolation_level=None)
    try:
        database.execute("BEGIN EXCLUSIVE")
        house.flow(gateway).run("a")
    finally:
        database.close()


def storage_full(house: House) -> None:
    gateway = house.start()
    assert gateway.process is not None
    # Its files may not grow, as if a quota were used up.
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (1, 1))
    house.flow(gateway).run("a")


def answered(code: str, status: int) -> Callable[[House], None]:
    def provoke(house: House) -> None:
        with answering(code, status) as url:
            house.twin.connected(url, KEY).server()

    return provoke


class Row(NamedTuple):
    """How a code is provoked, and what it becomes."""

    error: type[errors.FlowError]
    status: int
    provoke: Callable[[House], None]


ROWS = {
    "malformed_request": Row(errors.MalformedRequest, 400, lambda house: sent(house, body=b"{")),
    "invalid_request": Row(errors.InvalidRequest, 422, invalid_request),
    "invalid_gpu_request": Row(errors.InvalidGPURequest, 422, invalid_gpu_request),
    "no_capacity": Row(errors.NoCapacity, 422, no_capacity),
    "unsupported_by_engine": Row(errors.UnsupportedByEngine, 422, unsupported_by_engine),
    "unauthenticated": Row(errors.Unauthenticated, 401, unauthenticated),
    "permission_denied": Row(errors.PermissionDenied, 403, permission_denied),
    "not_found": Row(errors.NotFound, 404, lambda house: sent(house, path="/v1/nothing")),
    "task_not_found": Row(errors.TaskNotFound, 404, task_not_found),
    "method_not_allowed": Row(
        errors.MethodNotAllowed, 405, lambda house: sent(house, method="PUT")
    ),
    "conflict": Row(errors.Conflict, 409, conflict),
    "idempotency_conflict": Row(errors.IdempotencyConflict, 409, idempotency_conflict),
    "task_not_terminal": Row(errors.TaskNotTerminal, 409, task_not_terminal),
    "payload_too_large": Row(
        errors.PayloadTooLarge, 413, lambda house: sent(house, body=b" " * (16 * 1024 * 1024 + 1))
    ),
    "unsupported_media_type": Row(
        errors.UnsupportedMediaType,
        415,
        lambda house: sent(house, body=b"{}", content_type="text/plain"),
    ),
    "host_not_allowed": Row(errors.HostNotAllowed, 421, host_not_allowed),
    "rate_limited": Row(errors.RateLimited, 429, answered("rate_limited", 429)),
    "internal_error": Row(errors.ServerError, 500, internal_error),
    "unavailable": Row(errors.Unavailable, 503, unavailable),
    "storage_full": Row(errors.StorageFull, 507, storage_full),
    "already_exists": Row(errors.AlreadyExists, 409, already_exists),
    "volume_not_found": Row(
        errors.VolumeNotFound, 404, lambda house: house.flow().volumes.get("vol_" + "0" * 26)
    ),
    "volume_in_use": Row(errors.VolumeInUse, 409, volume_in_use),
    "quota_exceeded": Row(errors.QuotaExceeded, 507, quota_exceeded),
    "invalid_mount": Row(errors.InvalidMount, 422, invalid_mount),
    "task_not_pending": Row(errors.TaskNotPending, 409, task_not_pending),
    "file_not_found": Row(errors.FileNotFound, 404, file_not_found),
    "invalid_path": Row(errors.InvalidPath, 422, invalid_path),
    "file_changed": Row(
        errors.FileChanged, 412, lambda house: read_part(house, if_match='"another"')
    ),
    "range_not_satisfiable": Row(
        errors.RangeNotSatisfiable, 416, lambda house: read_part(house, range_="bytes=9-")
    ),
    "offset_conflict": Row(errors.OffsetConflict, 409, offset_conflict),
    "checksum_mismatch": Row(errors.ChecksumMismatch, 422, checksum_mismatch),
    "snapshot_not_found": Row(
        errors.SnapshotNotFound, 404, lambda house: house.flow().snapshots.get("snap_" + "0" * 26)
    ),
    "snapshot_incomplete": Row(errors.SnapshotIncomplete, 409, snapshot_incomplete),
    "secret_not_found": Row(
        errors.SecretNotFound, 404, lambda house: house.flow().run("a", secrets=["NOBODYS"])
    ),
    "sweep_not_found": Row(errors.SweepNotFound, 404, sweep_not_found),
    "invalid_sweep": Row(errors.InvalidSweep, 422, invalid_sweep),
    "reservation_not_found": Row(
        errors.ReservationNotFound,
        404,
        lambda house: house.flow().get_reservation("reservation_" + "0" * 26),
    ),
}


def test_every_code_of_the_contract_has_a_row() -> None:
    data = pkgutil.get_data("flowkit_api", "openapi.json")
    assert data is not None
    contract = json.loads(data)
    documented = contract["components"]["schemas"]["ErrorCode"]["enum"]
    assert list(ROWS) == documented
    assert [str(code) for code in ErrorCode] == documented


def test_every_code_has_a_class_of_its_own() -> None:
    assert len({row.error for row in ROWS.values()}) == len(ROWS)


@pytest.mark.parametrize("code", ROWS)
def test_a_code_arrives_as_its_exception(
    code: str,
    twin: Twin,
    null_gateway: GatewayProcess,
    local_gateway: GatewayProcess,
    holding_gateway: GatewayProcess,
    project: str,
    start_gateway: StartGateway,
    tmp_path: Path,
) -> None:
    house = House(
        twin, null_gateway, local_gateway, holding_gateway, project, start_gateway, tmp_path
    )
    row = ROWS[code]
    with pytest.raises(row.error) as caught:
        row.provoke(house)
    error = caught.value
    assert type(error) is row.error
    assert (error.code, error.status) == (code, row.status)
    assert error.correlation_id
    assert str(error)


@contextmanager
def answering(code: str, status: int) -> Iterator[str]:
    """Serve one problem to whoever asks."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(
                {
                    "type": "about:blank",
                    "title": code,
                    "status": status,
                    "code": code,
                    "correlation_id": "c-1",
                }
            ).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/problem+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
