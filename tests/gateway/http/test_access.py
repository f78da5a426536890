"""Who is let in: keys, projects and the name that the gateway is called by."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from flowkit_gateway.principal import KeyFileError, KeyRing
from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess

ADA_KEY, BOB_KEY, NEW_KEY = "ada-" + "a" * 16, "bob-" + "b" * 16, "new-" + "n" * 16


def key_file(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Basic abc", "Bearer wrong", "Bearer é"]
)
def test_a_call_without_an_accepted_key_is_refused(
    null_gateway: GatewayProcess, authorization: str | None
) -> None:
    with null_gateway.client() as client:
        del client.headers["authorization"]
        headers = {} if authorization is None else {b"Authorization": authorization.encode()}
        response = client.get("/v1/tasks", headers=headers)
    assert response.status_code == 401
    assert response.json()["code"] == "unauthenticated"
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_the_scheme_is_read_without_regard_to_case(null_gateway: GatewayProcess) -> None:
    with null_gateway.client() as client:
        headers = {"Authorization": f"bearer {null_gateway.token}"}
        assert client.get("/v1/health", headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.:80"])
def test_a_call_under_a_foreign_name_is_refused(api: httpx.Client, host: str) -> None:
    response = api.get("/v1/health", headers={"Host": host})
    assert response.status_code == 421
    assert response.json()["code"] == "host_not_allowed"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "LOCALHOST:1", "[::1]", "[::1]:8765", "127.0.0.1:80"]
)
def test_this_machine_may_be_called_by_each_of_its_own_names(api: httpx.Client, host: str) -> None:
    assert api.get("/v1/health", headers={"Host": host}).status_code == 200


def test_a_foreign_name_is_refused_before_the_key_is_looked_at(
    null_gateway: GatewayProcess,
) -> None:
    with null_gateway.client(key="wrong") as client:
        assert client.get("/v1/tasks", headers={"Host": "evil.example"}).status_code == 421


def test_an_operator_names_further_hosts(start_gateway: StartGateway) -> None:
    gateway = start_gateway("--allowed-host", "gpu.lab.example")
    with gateway.client() as client:
        host = {"Host": f"gpu.lab.example:{urlsplit(gateway.url).port}"}
        assert client.get("/v1/health", headers=host).status_code == 200
        assert client.get("/v1/health", headers={"Host": "lab.example"}).status_code == 421


@pytest.mark.parametrize("name", [b"Upper", b"-a", b"a_b", b"a" * 64, b"", b"a/b", "é".encode()])
def test_a_project_that_cannot_be_is_refused(api: httpx.Client, name: bytes) -> None:
    response = api.get("/v1/server", headers={b"Flowkit-Project": name})
    assert response.status_code == 422
    assert response.json()["details"][0]["loc"] == "/header/Flowkit-Project"


def test_the_key_of_one_user_opens_any_project(null_gateway: GatewayProcess) -> None:
    with null_gateway.client() as client:
        assert client.get("/v1/server").json()["project"] == "default"
        headers = {"Flowkit-Project": "research-1"}
        assert client.get("/v1/server", headers=headers).json()["project"] == "research-1"


def test_a_task_of_another_project_is_not_found(null_gateway: GatewayProcess) -> None:
    with null_gateway.client("project-a") as a, null_gateway.client("project-b") as b:
        task = a.post("/v1/tasks", json={"command": ["true"]}).json()
        assert a.get(f"/v1/tasks/{task['id']}").status_code == 200
        for method, verb in [("GET", ""), ("GET", "/logs"), ("POST", ":cancel"), ("DELETE", "")]:
            response = b.request(method, f"/v1/tasks/{task['id']}{verb}")
            assert response.json()["code"] == "task_not_found"
        assert b.get("/v1/tasks").json()["items"] == []
        assert b.get("/v1/events").json()["items"] == []


def test_keys_of_a_file_belong_to_projects_and_users(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    text = f"# who may come\n\n{ADA_KEY} vision ada  # until May\n{BOB_KEY}\n"
    path = key_file(tmp_path / "keys", text)
    gateway = start_gateway("--api-key-file", str(path))
    assert gateway.announcement is not None
    assert gateway.announcement.token is None
    with gateway.client(key=ADA_KEY) as ada:
        server = ada.get("/v1/server").json()
        assert (server["project"], server["user"]) == ("vision", "ada")
        assert ada.get("/v1/server", headers={"Flowkit-Project": "vision"}).status_code == 200
        refused = ada.get("/v1/server", headers={"Flowkit-Project": "default"})
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    with gateway.client(key=BOB_KEY) as bob:
        server = bob.get("/v1/server").json()
        assert (server["project"], server["user"]) == ("default", "key-4")


def test_keys_are_read_again_on_sighup(start_gateway: StartGateway, tmp_path: Path) -> None:
    path = key_file(tmp_path / "keys", ADA_KEY)
    gateway = start_gateway("--api-key-file", str(path))
    assert gateway.process is not None
    with gateway.client(key=ADA_KEY) as ada, gateway.client(key=NEW_KEY) as new:
        assert new.get("/v1/health").status_code == 401
        key_file(path, NEW_KEY)
        gateway.process.send_signal(1)
        eventually(lambda: new.get("/v1/health").status_code == 200)
        assert ada.get("/v1/health").status_code == 401
        key_file(path, "short")
        gateway.process.send_signal(1)
        eventually(lambda: "the old keys stay" in gateway.log)
        assert new.get("/v1/health").status_code == 200


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        (ADA_KEY, 0o640, "others may read"),
        (ADA_KEY, 0o604, "others may read"),
        ("# nothing\n", 0o600, "has no key"),
        ("short-key", 0o600, "line 1: a key has at least 16"),
        (f"\n{ADA_KEY} Vision", 0o600, "line 2: a project"),
        (f"{ADA_KEY} vision ada lovelace", 0o600, "line 1: more than"),
        (f"{ADA_KEY}\n{ADA_KEY} vision", 0o600, "has a key twice"),
    ],
)
def test_a_key_file_is_refused(tmp_path: Path, text: str, mode: int, complaint: str) -> None:
    with pytest.raises(KeyFileError, match=complaint) as caught:
        KeyRing.read(key_file(tmp_path / "keys", text, mode))
    assert ADA_KEY not in str(caught.value)


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot read"):
        KeyRing.read(tmp_path / "missing")
