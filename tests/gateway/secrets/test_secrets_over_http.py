"""Secrets as a client sees them: they go in and do not come out."""

from __future__ import annotations

import httpx
import pytest

from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess

VALUE = "s3cret-0123456789"


def create(api: httpx.Client, name: str, value: str = VALUE) -> httpx.Response:
    return api.post("/v1/secrets", json={"name": name, "value": value})


def test_a_secret_is_answered_without_its_value(api: httpx.Client) -> None:
    created = create(api, "HF_TOKEN")
    assert created.status_code == 201
    assert created.json().keys() == {"name", "created_by", "created_at", "updated_at"}
    updated = api.patch("/v1/secrets/HF_TOKEN", json={"value": "another-0123"})
    assert updated.json()["updated_at"] > created.json()["updated_at"]
    listed = api.get("/v1/secrets")
    assert [secret["name"] for secret in listed.json()["items"]] == ["HF_TOKEN"]
    for response in (created, updated, listed):
        assert VALUE not in response.text
        assert "another-0123" not in response.text
    assert api.delete("/v1/secrets/HF_TOKEN").status_code == 204
    assert api.get("/v1/secrets").json() == {"items": []}


def test_a_name_is_taken_once_in_each_project(
    null_gateway: GatewayProcess, api: httpx.Client, project: str
) -> None:
    create(api, "TOKEN")
    again = create(api, "TOKEN", "other")
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    with null_gateway.client(f"{project}-other") as other:
        assert create(other, "TOKEN").status_code == 201
        assert other.delete("/v1/secrets/TOKEN").status_code == 204
    assert [secret["name"] for secret in api.get("/v1/secrets").json()["items"]] == ["TOKEN"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_secret_that_is_not_there(api: httpx.Client, method: str) -> None:
    body = {"value": "x"} if method == "PATCH" else None
    response = api.request(method, "/v1/secrets/NOBODY", json=body)
    assert (response.status_code, response.json()["code"]) == (404, "secret_not_found")


@pytest.mark.parametrize("name", ["", "1st", "a b", "a/b", "ä", "x" * 129])
def test_what_is_no_name(api: httpx.Client, name: str) -> None:
    response = create(api, name)
    assert response.json()["code"] == "invalid_request"
    assert VALUE not in response.text


def test_a_value_may_be_anything_but_nul_and_too_large(api: httpx.Client) -> None:
    for number, value in enumerate(["", "ä\n\t☃", "x" * 131072]):
        assert create(api, f"ok{number}", value).status_code == 201
    for value in ("s3cret\0", "s3cret" + "x" * 131072):
        response = create(api, "wrong", value)
        assert response.json()["code"] == "invalid_request"
        assert "s3cret" not in response.text


def test_a_list_comes_in_pages_by_name(api: httpx.Client) -> None:
    names = ["B", "a.b", "c-d", "_x", "Z9"]
    for name in names:
        create(api, name)
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        parameters = {"page_size": "2"} | ({"page_token": token} if token else {})
        page = api.get("/v1/secrets", params=parameters).json()
        found += [secret["name"] for secret in page["items"]]
        token = page.get("next_page_token")
    assert found == sorted(names)
    assert api.get("/v1/secrets?page_token=x").json()["code"] == "invalid_request"


def test_a_create_can_be_repeated_by_its_key(api: httpx.Client) -> None:
    key = {"Idempotency-Key": "k1"}
    body = {"name": "TOKEN", "value": VALUE}
    first = api.post("/v1/secrets", json=body, headers=key)
    again = api.post("/v1/secrets", json=body, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    other = api.post("/v1/secrets", json={**body, "value": "other"}, headers=key)
    assert other.json()["code"] == "idempotency_conflict"


def test_nothing_on_the_disk_or_in_the_log_shows_a_value(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    with gateway.client() as api:
        key = {"Idempotency-Key": "k1"}
        api.post("/v1/secrets", json={"name": "TOKEN", "value": VALUE}, headers=key)
        api.patch("/v1/secrets/TOKEN", json={"value": f"{VALUE}-new"})
        create(api, "TOKEN")
        file = {"path": ".netrc", "content": f"password {VALUE}"}
        assert api.post("/v1/profile_files", json=file, headers=key).status_code == 409
        assert api.post("/v1/profile_files", json=file).status_code == 201
        api.post("/v1/tasks", json={"command": ["true"], "secrets": [{"name": "TOKEN"}]})
        gateway.kill()
    kept = [path.read_bytes() for path in gateway.data_dir.rglob("*") if path.is_file()]
    assert len(kept) >= 3
    assert not any(VALUE.encode() in content for content in [*kept, gateway.log.encode()])


def test_a_lost_key_is_said_and_nothing_is_overwritten(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    with gateway.client() as api:
        create(api, "TOKEN")
    gateway.kill()
    key_file = gateway.data_dir / "secrets.key"
    kept = key_file.read_bytes()
    key_file.unlink()
    gateway.start()
    with gateway.client() as api:
        for response in (
            create(api, "OTHER"),
            api.patch("/v1/secrets/TOKEN", json={"value": "x"}),
        ):
            assert (response.status_code, response.json()["code"]) == (503, "unavailable")
            assert "secrets.key is lost" in response.json()["detail"]
        assert [secret["name"] for secret in api.get("/v1/secrets").json()["items"]] == ["TOKEN"]
        assert not key_file.exists()
        key_file.touch(mode=0o600)
        key_file.write_bytes(kept)
        assert create(api, "OTHER").status_code == 201


def test_without_secrets_a_new_key_is_made_for_a_lost_one(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    with gateway.client() as api:
        create(api, "TOKEN")
        gateway.kill()
        (gateway.data_dir / "secrets.key").unlink()
    gateway.start()
    with gateway.client() as api:
        assert api.delete("/v1/secrets/TOKEN").status_code == 204
        assert create(api, "TOKEN").status_code == 201
