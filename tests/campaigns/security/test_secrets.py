"""A key or the value of a variable is shown to nobody whom it was not given to."""

from __future__ import annotations

import logging
import re
import subprocess
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from flowkit_api.api.tasks import create_task
from flowkit_api.client import Client as PlainClient
from flowkit_api.models import Task, TaskBatchCreate, TaskCreate
from flowkit_api.types import Reply

import flowkit
from flowkit import AsyncFlow, Client, Flow, FlowError, TaskConfig
from flowkit.config import Settings
from flowkit.embedded import EmbeddedGateway, Record
from flowkit.task_config import InPlace
from flowkit.transport.clients import Link
from flowkit.transport.endpoint import Endpoint, FixedGateway
from flowkit_gateway import discovery
from flowkit_gateway.discovery import Announcement
from flowkit_gateway.principal import Key, KeyRing
from flowkit_gateway.problems import Unauthenticated
from tests.conditions import eventually
from tests.gateway.gateway_process import GatewayProcess
from tests.isolated_home import FLOWKIT, isolated_home
from tests.unit.twins import Twin, problem, task_document

SECRET = "s3cret-0123456789"
ENV = {"TOKEN": SECRET, "HOMEPAGE": f"https://user:{SECRET}@example.org"}
URL = "http://gateway.test"
ROOT = Path(__file__).parents[3]

OBJECTS: dict[str, Callable[[], object]] = {
    "Flow": lambda: Flow(URL, SECRET),
    "AsyncFlow": lambda: AsyncFlow(URL, SECRET),
    "Client": lambda: Client(URL, SECRET),
    "flow.api": lambda: Flow(URL, SECRET).api,
    "flow.tasks": lambda: Flow(URL, SECRET).tasks,
    "Settings": lambda: Settings(URL, SECRET, None, None, {}),
    "Endpoint": lambda: Endpoint(URL, SECRET),
    "FixedGateway": lambda: FixedGateway(Endpoint(URL, SECRET)),
    "EmbeddedGateway": lambda: EmbeddedGateway(Path("/nowhere")),
    "Record": lambda: Record(URL, SECRET, 1, "1"),
    "Link": lambda: Link(Endpoint(URL, SECRET)),
    "httpx request": lambda: Link(Endpoint(URL, SECRET)).build(_request(), read_timeout=1),
    "TaskConfig": lambda: TaskConfig(command="a", env=ENV),
    "TaskConfig of a list": lambda: TaskConfig(command="a", env=[f"TOKEN={SECRET}"]),
    "InPlace": lambda: InPlace("/", ENV),
    "wire": lambda: TaskConfig(command="a", env=ENV).to_wire(InPlace("/", {"PATH": SECRET})),
    "TaskCreate": lambda: TaskCreate(command=["a"], env=ENV, caller_env=ENV),
    "TaskBatchCreate": lambda: TaskBatchCreate(tasks=[TaskCreate(command=["a"], env=ENV)]),
    "Request": lambda: _request(),
    "Reply": lambda: Reply(200, {"x": SECRET}, SECRET.encode()),
    "Task": lambda: Task.from_dict(task_document(env=ENV)),
    "flowkit_api.Client": lambda: PlainClient(URL, token=SECRET),
    "Key": lambda: Key(SECRET.encode(), "ada", None),
    "KeyRing": lambda: KeyRing.single(SECRET),
    "Announcement": lambda: Announcement(
        url=URL, pid=1, start_time=0, version="1", engine="null", embedded=True, token=SECRET
    ),
}


def _request() -> Any:
    body = TaskCreate(command=["a"], env=ENV)
    return create_task.request(body=body, idempotency_key=SECRET)


@pytest.mark.parametrize("name", OBJECTS)
def test_no_representation_shows_a_secret(name: str) -> None:
    thing = OBJECTS[name]()
    assert SECRET not in repr(thing)
    assert SECRET not in f"{thing}"
    assert SECRET not in repr([thing])


def _refused(_: httpx.Request) -> httpx.Response:
    return problem(422, "invalid_request", "no")


def _broken(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"{")


def _unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no")


@pytest.mark.parametrize("answer", [_refused, _broken, _unreachable])
def test_no_traceback_shows_a_secret_even_with_the_values_of_variables(
    twin: Twin, answer: Callable[[httpx.Request], httpx.Response], bare_home: Path
) -> None:
    flow = twin.flow(answer)
    config = TaskConfig(command="a", env=ENV)
    for method, argument in (("run", config), ("submit_many", [config]), ("plan", config)):
        with pytest.raises(FlowError) as caught:
            getattr(flow, method)(argument)
        shown = "".join(_told(caught.value))
        assert "flowkit" in shown
        assert SECRET not in shown
        assert "secret-key" not in shown


def _told(error: BaseException) -> Iterator[str]:
    """Yield a traceback of flowkit's own frames, with their variables."""
    yield from traceback.format_exception(error)
    package = str(Path(flowkit.__file__).parent)
    cause: BaseException | None = error
    while cause is not None:
        told = traceback.TracebackException.from_exception(cause, capture_locals=True)
        frames = [frame for frame in told.stack if frame.filename.startswith(package)]
        yield from (str(frame.locals) for frame in frames)
        cause = cause.__cause__


@pytest.mark.parametrize("env", [{"TOKEN": [SECRET]}, {"TOKEN": f"{SECRET}\0"}, [f"={SECRET}"]])
def test_a_wrong_variable_is_told_without_its_value(env: Any) -> None:
    with pytest.raises(FlowError) as caught:
        TaskConfig(command="a", env=env).to_wire()
    assert SECRET not in str(caught.value)


def test_no_log_of_a_client_shows_a_secret(
    null_gateway: GatewayProcess, project: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        Flow(null_gateway.url, null_gateway.token, project) as flow,
    ):
        task = flow.run("a", env=ENV).wait()
        task.logs()
    assert caplog.records
    for record in caplog.records:
        line = record.getMessage() + str(record.args)
        assert null_gateway.token not in line
        assert SECRET not in line


def cli(environment: Mapping[str, str], *arguments: str | Path) -> str:
    """Run flowkit's command and return what it prints."""
    return subprocess.run(
        [FLOWKIT, *arguments], env=environment, check=True, capture_output=True, text=True
    ).stdout


def key_of(home: Path) -> str:
    """Return the key of a home's gateway."""
    found = discovery.find(home / "gateway")
    assert found is not None
    assert found.token is not None
    return found.token


def test_no_command_line_shows_a_secret(tmp_path: Path) -> None:
    """Whatever a user of this machine sees with `ps` of all that flowkit starts."""
    home, variables = tmp_path / "home", tmp_path / "variables"
    variables.write_text(f"TOKEN={SECRET}\n")
    with isolated_home(home) as environment:
        submitted = cli(environment, "submit", "--env-file", variables, "--", "sleep", "61.7")
        eventually(lambda: any("sleep 61.7" in line for line in command_lines()))
        shown = command_lines()
        key = key_of(home)
        cli(environment, "cancel", "--force", submitted.strip())
    assert len([line for line in shown if "flowkit_gateway" in line]) >= 2
    assert not [line for line in shown if SECRET in line or key in line]


def command_lines() -> list[str]:
    """Return the command line of every process."""
    lines = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            lines.append(" ".join(process.cmdline()))
    return lines


def test_a_task_finds_neither_key_nor_environment_of_its_gateway(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with isolated_home(home) as environment:
        own = {"DATABASE_PASSWORD": SECRET, "FLOWKIT_GATEWAY_IDLE_TIMEOUT": "60"}
        cli(environment | own, "gateway", "start")
        shown = cli(environment, "run", "--", "sh", "-c", "env; ls -l /proc/self/fd")
        key = key_of(home)
    assert "FLOWKIT_TASK_ID=" in shown
    for secret in (SECRET, key, *own):
        assert secret not in shown
    files = [
        number for number, target in re.findall(r" (\d+) -> (\S+)", shown) if "/fd" not in target
    ]
    assert files == ["0", "1", "2"]


def test_a_callers_other_variables_go_nowhere(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with isolated_home(home) as environment:
        shown = cli(environment | {"OPENAI_API_KEY": SECRET}, "run", "--", "env")
        kept = [path for path in home.rglob("*") if path.is_file()]
        assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
    assert SECRET not in shown


def test_no_cassette_holds_a_key() -> None:
    """Cassettes are committed: they hold no header that signs in and nothing like a key."""
    cassettes = sorted((ROOT / "tests" / "cassettes").glob("*.yaml"))
    assert cassettes
    for path in cassettes:
        text = path.read_text()
        assert not re.search(r"(?i)^\s*(authorization|cookie|set-cookie):", text, re.MULTILINE)
        assert not re.search(r"(?i)bearer [!-~]{8}", text)


def test_a_redirection_does_not_take_the_key_along(twin: Twin, bare_home: Path) -> None:
    seen: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(307, headers={"Location": "http://elsewhere.test/v1/tasks"})

    with pytest.raises(FlowError):
        twin.flow(redirect).run("a")
    assert set(seen) == {"gateway.test"}


def test_keys_are_compared_in_constant_time() -> None:
    """Every key is compared, each by `hmac.compare_digest`, and whether or not one has matched."""
    import hmac
    from unittest import mock

    keys = [Key(f"{letter * 32}".encode(), letter, None) for letter in "abc"]
    ring = KeyRing(keys)
    for given in ("a" * 32, "c" * 32, "x" * 32, "a"):
        with mock.patch("hmac.compare_digest", wraps=hmac.compare_digest) as compare:
            with suppress(Unauthenticated):
                ring.authenticate(b"Bearer " + given.encode(), None)
            assert compare.call_count == len(keys)
