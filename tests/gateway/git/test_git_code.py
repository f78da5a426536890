"""Tasks start from commits of git repositories."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.git.git_server import commit, git, serving

TOKEN = "token-0f2c91d7b45e"
CREDENTIAL = f"ada:{TOKEN}"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway of one user alone, which may read that user's files."""
    directory = tmp_path_factory.mktemp("own")
    gateway = GatewayProcess(directory / "data", "--engine", "local", "--embedded")
    try:
        yield gateway.start()
    finally:
        gateway.kill()


@pytest.fixture
def client(own: GatewayProcess, project: str) -> Iterator[httpx.Client]:
    """A client of it."""
    with own.client(project) as client:
        yield client


class Origin:
    """A repository with two commits, of which the first has a tag and a branch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"file://{folder}"
        self.first = commit(folder, {"version": "1\n", "src/main.py": "print('one')\n"})
        git(folder, "tag", "-a", "v1", "-m", "the first")
        git(folder, "branch", "old")
        (folder / "run.sh").write_text("#!/bin/sh\necho runs\n")
        (folder / "run.sh").chmod(0o755)
        (folder / "link").symlink_to("version")
        self.second = commit(folder, {"version": "2\n"})


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """The repository."""
    return Origin(tmp_path / "origin")


def submit(client: httpx.Client, command: str, **source: str) -> httpx.Response:
    body = {"command": ["sh", "-c", command], "git": source}
    return client.post("/v1/tasks", json=body)


def ended(client: httpx.Client, task: Any) -> Any:
    return client.get(f"/v1/tasks/{task['id']}:wait?timeout=20").json()


def output(client: httpx.Client, command: str, **source: str) -> str:
    """Run a command in a checkout, and return what it printed."""
    created = submit(client, command, **source)
    assert created.status_code == 201, created.text
    task = ended(client, created.json())
    chunks = client.get(f"/v1/tasks/{task['id']}/logs").json()["chunks"]
    text = "".join(chunk["text"] for chunk in chunks)
    assert task["status"] == "completed", (task.get("message"), text)
    return text


def test_a_branch_a_tag_a_commit_and_the_default_branch(
    client: httpx.Client, origin: Origin
) -> None:
    for ref in ("old", "v1", "refs/tags/v1", "refs/heads/old", origin.first):
        assert output(client, "cat version", repository=origin.url, ref=ref) == "1\n"
    for default in ({}, {"ref": "main"}, {"ref": "HEAD"}):
        assert output(client, "cat version", repository=origin.url, **default) == "2\n"


def test_a_checkout_is_the_tasks_own(client: httpx.Client, origin: Origin) -> None:
    found = output(client, "./run.sh; cat link; ls -A", repository=origin.url)
    assert found.split() == ["runs", "2", "link", "run.sh", "src", "version"]
    assert output(client, "echo mine > version; cat link", repository=origin.url) == "mine\n"
    assert output(client, "cat version", repository=origin.url) == "2\n"


def test_the_commit_of_the_submit_is_what_runs(client: httpx.Client, origin: Origin) -> None:
    body = {"command": ["cat", "version"], "git": {"repository": origin.url}, "hold": True}
    task = client.post("/v1/tasks", json=body).json()
    assert task["git"]["commit"] == origin.second
    commit(origin.folder, {"version": "3\n"})
    client.post(f"/v1/tasks/{task['id']}:release")
    end = ended(client, task)
    assert end["status"] == "completed", end.get("message")
    chunks = client.get(f"/v1/tasks/{task['id']}/logs").json()["chunks"]
    assert "".join(chunk["text"] for chunk in chunks) == "2\n"
    assert output(client, "cat version", repository=origin.url) == "3\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"ref": "nowhere"}, "has no branch or tag nowhere"),
        ({"repository": "file:///nowhere/at-all"}, "cannot read file:///nowhere/at-all"),
        ({"repository": "https://127.0.0.1:1/x.git"}, "cannot read https://127.0.0.1:1/x.git"),
        ({"repository": "ftp://host/x.git"}, "this gateway reads git repositories by"),
        ({"repository": "/a/path"}, "this gateway reads git repositories by"),
        ({"repository": "ext::sh -c true".replace(" ", "%20")}, "this gateway reads"),
        ({"repository": f"https://{CREDENTIAL}@host/x.git"}, "does not belong into a URL"),
        ({"repository": "https://127.0.0.1:1/x.git", "secret": "NOBODYS"}, "NOBODYS"),
        ({"secret": "KEY"}, "by https only"),
        ({"repository": "ssh://git@host/x.git", "secret": "KEY"}, "by https only"),
        ({"repository": "git@host:x.git", "secret": "KEY"}, "by https only"),
    ],
)
def test_what_cannot_be_read_is_refused_at_submit(
    client: httpx.Client, origin: Origin, source: dict[str, str], said: str
) -> None:
    refused = submit(client, "true", **({"repository": origin.url} | source))
    assert refused.status_code in (404, 422), refused.text
    assert said in refused.json()["detail"]
    assert TOKEN not in refused.text
    assert client.get("/v1/tasks").json()["items"] == []


def test_an_empty_repository_is_refused(client: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q", "--template=")
    refused = submit(client, "true", repository=f"file://{tmp_path / 'empty'}")
    assert (refused.status_code, "is empty" in refused.json()["detail"]) == (422, True)


def test_a_commit_that_is_not_there_ends_the_task(client: httpx.Client, origin: Origin) -> None:
    task = submit(client, "true", repository=origin.url, ref="0" * 40).json()
    end = ended(client, task)
    assert (end["status"], end["reason"]) == ("failed", "start_failed")
    assert "0000" in end["message"]


def test_a_shared_gateway_reads_no_files_and_uses_no_keys_of_its_user(
    local: httpx.Client, origin: Origin
) -> None:
    for url in (origin.url, "ssh://git@host/x.git", "git@host:x.git", "http://host/x.git"):
        refused = submit(local, "true", repository=url)
        assert refused.status_code == 422
        assert refused.json()["detail"] == "this gateway reads git repositories by https only"


def test_hooks_and_submodules_of_a_repository_do_nothing(
    client: httpx.Client, origin: Origin, tmp_path: Path
) -> None:
    git(origin.folder, "-c", "protocol.file.allow=always", "submodule", "add", origin.url, "sub")
    commit(origin.folder, {".gitattributes": "* filter=evil\n"})
    assert output(client, "ls sub; ls -A | grep -c version", repository=origin.url) == "1\n"


def test_a_private_repository_is_read_with_a_secret_that_is_never_seen(
    client: httpx.Client, own: GatewayProcess, origin: Origin, tmp_path: Path
) -> None:
    private = tmp_path / "private"
    git(tmp_path, "clone", "-q", "--bare", str(origin.folder), str(private / "code.git"))
    with serving(tmp_path, CREDENTIAL) as url:
        repository = f"{url}/private/code.git"
        refused = submit(client, "true", repository=repository)
        assert refused.json()["detail"].endswith("it asks for a user and a password")
        client.post("/v1/secrets", json={"name": "WRONG", "value": "ada:guessed"})
        refused = submit(client, "true", repository=repository, secret="WRONG")
        assert refused.json()["detail"] == f"cannot read {repository}: it refuses the secret"

        client.post("/v1/secrets", json={"name": "GIT", "value": CREDENTIAL})
        task = submit(
            client, "env; cat version", repository=repository, ref="v1", secret="GIT"
        ).json()
        end = ended(client, task)
        assert end["status"] == "completed", end.get("message")
        missing = submit(client, "true", repository=repository, ref="0" * 40, secret="GIT").json()
        assert ended(client, missing)["status"] == "failed"

    seen = [client.get(f"/v1/tasks/{task['id']}/logs").text, client.get("/v1/events").text, own.log]
    seen += [client.get(f"/v1/tasks/{each['id']}").text for each in (task, missing)]
    kept = [path.read_bytes() for path in own.data_dir.rglob("*") if path.is_file()]
    for form in (TOKEN, base64.b64encode(CREDENTIAL.encode()).decode()):
        assert all(form not in text for text in seen)
        assert all(form.encode() not in content for content in kept)


@pytest.fixture
def slow(origin: Origin) -> str:
    """URL of a repository that takes a while to be fetched."""
    (origin.folder / "large").write_bytes(os.urandom(6_000_000))
    commit(origin.folder, {"version": "4\n"})
    return origin.url


def fetching(gateway: GatewayProcess) -> None:
    """Wait until a gateway has begun to fetch."""
    objects = gateway.data_dir / "git"
    eventually(
        lambda: [
            path
            for path in objects.rglob("objects/*")
            if "tmp" in path.name or list(path.glob("*"))
        ],
        within=20,
    )


def test_a_kill_while_a_repository_is_fetched_leaves_one_that_can_be_used(
    start_gateway: StartGateway, slow: str
) -> None:
    gateway = start_gateway("--embedded", engine="local")
    with gateway.client() as client:
        task = submit(client, "cat version; wc -c <large", repository=slow).json()
    fetching(gateway)
    gateway.kill()
    with start_gateway("--embedded", engine="local").client() as client:
        # What was being made ready is made ready anew.
        end = ended(client, task)
        assert end["status"] == "completed", end.get("message")
        chunks = client.get(f"/v1/tasks/{task['id']}/logs").json()["chunks"]
        assert "".join(chunk["text"] for chunk in chunks).split() == ["4", "6000000"]


def test_a_task_that_is_cancelled_while_its_code_is_fetched_holds_up_no_other(
    start_gateway: StartGateway, slow: str
) -> None:
    gateway = start_gateway("--embedded", engine="local")
    with gateway.client() as client:
        task = submit(client, "true", repository=slow).json()
        fetching(gateway)
        client.post(f"/v1/tasks/{task['id']}:cancel")
        assert ended(client, task)["status"] == "cancelled"
        assert output(client, "cat version", repository=slow) == "4\n"
