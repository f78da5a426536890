"""Volumes that projects share with one another."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.volumes.conftest import code_of, create, root_of

NOBODYS = "grant_" + "0" * 26


def share(
    client: httpx.Client, volume_id: str, principal: str, permission: str | None = None
) -> dict[str, Any]:
    """Invite someone to use a volume."""
    wanted = {"volume_id": volume_id, "principal": principal, "permission": permission}
    body = {key: value for key, value in wanted.items() if value}
    response = client.post("/v1/grants", json=body)
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def accept(client: httpx.Client, grant: dict[str, Any]) -> None:
    """Accept an invitation."""
    response = client.post(f"/v1/grants/{grant['id']}:accept")
    assert response.json()["status"] == "accepted", response.text


def ids(client: httpx.Client, path: str, **parameters: str) -> set[str]:
    """Return the ids of what a list has."""
    items = client.get(path, params={"page_size": "1000", **parameters}).json()["items"]
    return {item["id"] for item in items}


def test_an_invitation_is_accepted(ada: httpx.Client, bob: httpx.Client) -> None:
    volume = create(ada)
    path = f"/v1/volumes/{volume['id']}"
    grant = share(ada, volume["id"], "user:bob", "rw")
    assert grant == {
        "id": grant["id"],
        "volume_id": volume["id"],
        "project": "lab",
        "principal": "user:bob",
        "permission": "rw",
        "status": "pending",
        "created_by": "ada",
        "created_at": grant["created_at"],
    }
    assert code_of(bob.get(path)) == "volume_not_found"
    assert grant["id"] in ids(bob, "/v1/grants", direction="received", status="pending")
    accept(bob, grant)
    seen = bob.get(path).json()
    assert (seen["access"], seen["grant_id"], seen["project"]) == ("rw", grant["id"], "lab")
    assert volume["id"] in ids(bob, "/v1/volumes")
    decided = ada.get("/v1/grants", params={"volume_id": volume["id"]}).json()["items"][0]
    assert decided["decided_at"]
    accept(bob, grant)


def test_a_grant_is_to_read_unless_it_says_more(ada: httpx.Client, bob: httpx.Client) -> None:
    volume = create(ada)
    grant = share(ada, volume["id"], "project:club")
    assert grant["permission"] == "ro"
    accept(bob, grant)
    assert bob.get(f"/v1/volumes/{volume['id']}").json()["access"] == "ro"


def test_nobody_may_do_more_than_the_volume_allows(ada: httpx.Client, bob: httpx.Client) -> None:
    volume = create(ada)
    accept(bob, share(ada, volume["id"], "user:bob", "rw"))
    ada.patch(f"/v1/volumes/{volume['id']}", json={"permission": "ro"})
    assert bob.get(f"/v1/volumes/{volume['id']}").json()["access"] == "ro"


def test_of_two_grants_the_one_that_allows_more_counts(
    ada: httpx.Client, bob: httpx.Client, eve: httpx.Client
) -> None:
    volume = create(ada)
    accept(eve, share(ada, volume["id"], "project:club", "ro"))
    accept(bob, share(ada, volume["id"], "user:bob", "rw"))
    assert bob.get(f"/v1/volumes/{volume['id']}").json()["access"] == "rw"
    assert eve.get(f"/v1/volumes/{volume['id']}").json()["access"] == "ro"


def test_only_who_is_invited_decides(
    ada: httpx.Client, bob: httpx.Client, eve: httpx.Client
) -> None:
    grant = share(ada, create(ada)["id"], "user:bob")
    path = f"/v1/grants/{grant['id']}"
    for verb in ("accept", "decline"):
        assert code_of(eve.post(f"{path}:{verb}")) == "not_found"
        assert code_of(ada.post(f"{path}:{verb}")) == "permission_denied"
    assert code_of(eve.delete(path)) == "not_found"
    assert grant["id"] not in ids(eve, "/v1/grants")
    assert bob.post(f"{path}:decline").json()["status"] == "declined"
    assert bob.post(f"{path}:decline").json()["status"] == "declined"
    assert bob.post(f"{path}:accept").json()["status"] == "accepted"
    assert code_of(bob.post(f"{path}:decline")) == "conflict"


def test_who_may_use_a_volume_may_not_change_or_share_it(
    ada: httpx.Client, bob: httpx.Client
) -> None:
    volume = create(ada)
    path = f"/v1/volumes/{volume['id']}"
    accept(bob, share(ada, volume["id"], "user:bob", "rw"))
    assert code_of(bob.patch(path, json={"size_gb": 9})) == "permission_denied"
    assert code_of(bob.delete(path)) == "permission_denied"
    invite = {"volume_id": volume["id"], "principal": "user:eve"}
    assert code_of(bob.post("/v1/grants", json=invite)) == "permission_denied"


def test_a_grant_is_taken_back_or_left(ada: httpx.Client, bob: httpx.Client) -> None:
    volume = create(ada)
    for client in (ada, bob):
        grant = share(ada, volume["id"], "user:bob")
        accept(bob, grant)
        assert client.delete(f"/v1/grants/{grant['id']}").status_code == 204
        assert code_of(bob.get(f"/v1/volumes/{volume['id']}")) == "volume_not_found"
        assert code_of(client.delete(f"/v1/grants/{grant['id']}")) == "not_found"


def test_a_grant_goes_with_its_volume(ada: httpx.Client, bob: httpx.Client) -> None:
    volume = create(ada)
    grant = share(ada, volume["id"], "user:bob")
    assert ada.delete(f"/v1/volumes/{volume['id']}").status_code == 204
    assert code_of(bob.post(f"/v1/grants/{grant['id']}:accept")) == "not_found"


@pytest.mark.parametrize("principal", ["bob", "user:", "project:Club", "group:x", "user:a b", ""])
def test_what_is_nobodys_name_is_refused(ada: httpx.Client, principal: str) -> None:
    body = {"volume_id": create(ada)["id"], "principal": principal}
    assert code_of(ada.post("/v1/grants", json=body)) == "invalid_request"


def test_grants_that_say_nothing_new_are_refused(ada: httpx.Client) -> None:
    volume = create(ada)
    share(ada, volume["id"], "user:bob")
    again = {"volume_id": volume["id"], "principal": "user:bob", "permission": "rw"}
    assert code_of(ada.post("/v1/grants", json=again)) == "already_exists"
    own = {"volume_id": volume["id"], "principal": "project:lab"}
    assert code_of(ada.post("/v1/grants", json=own)) == "invalid_request"
    nothing = {"volume_id": "vol_" + "0" * 26, "principal": "user:bob"}
    assert code_of(ada.post("/v1/grants", json=nothing)) == "volume_not_found"


def test_a_repeated_invitation_is_one(ada: httpx.Client) -> None:
    body = {"volume_id": create(ada)["id"], "principal": "user:bob"}
    key = {"Idempotency-Key": body["volume_id"]}
    first, again = (ada.post("/v1/grants", json=body, headers=key) for _ in range(2))
    assert first.json() == again.json()


def test_grants_are_listed_by_direction(ada: httpx.Client, bob: httpx.Client) -> None:
    given = share(ada, create(ada, name=f"given-{id(ada)}")["id"], "project:club")
    received = share(bob, create(bob)["id"], "user:ada")
    assert ids(ada, "/v1/grants") >= {given["id"], received["id"]}
    assert given["id"] in ids(ada, "/v1/grants", direction="given")
    assert received["id"] not in ids(ada, "/v1/grants", direction="given")
    assert received["id"] in ids(ada, "/v1/grants", direction="received")
    assert ids(ada, "/v1/grants", volume_id=given["volume_id"]) == {given["id"]}
    page = ada.get("/v1/grants", params={"page_size": 1}).json()
    assert len(page["items"]) == 1
    assert page["next_page_token"]
    assert page["items"][0]["volume_id"]
    assert code_of(ada.post(f"/v1/grants/{NOBODYS}:accept")) == "not_found"


def test_only_a_cloneable_volume_is_copied_by_others(
    ada: httpx.Client, bob: httpx.Client, shared_gateway: GatewayProcess
) -> None:
    volume = create(ada)
    (root_of(shared_gateway, volume["id"]) / "file").write_text("data")
    accept(bob, share(ada, volume["id"], "user:bob", "ro"))
    path = f"/v1/volumes/{volume['id']}:clone"
    assert code_of(bob.post(path, json={})) == "permission_denied"
    ada.patch(f"/v1/volumes/{volume['id']}", json={"cloneable": True})
    clone = bob.post(path, json={}).json()
    assert (clone["project"], clone["access"]) == ("club", "rw")
    assert (root_of(shared_gateway, clone["id"]) / "file").read_text() == "data"
    assert code_of(ada.get(f"/v1/volumes/{clone['id']}")) == "volume_not_found"
