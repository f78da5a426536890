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
from flowkit_api.models import ErrorCode

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
    house.flow(house.local).run("a", num_instances=2)


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
    "sweep_not_found": Row(errors.SweepNotFound, 404, sweep_not_found),
    "invalid_sweep": Row(errors.InvalidSweep, 422, invalid_sweep),
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
