"""Volumes over HTTP."""

from __future__ import annotations

import os
import stat
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.volumes.conftest import code_of, create, root_of

NOBODYS = "vol_" + "0" * 26


def test_a_volume_is_created_with_what_is_not_said(
    api: httpx.Client, null_gateway: GatewayProcess, project: str
) -> None:
    volume = create(api, name="datasets", size_gb=5)
    expected = {
        "name": "datasets",
        "project": project,
        "size_gb": 5,
        "interface": "block",
        "region": "local",
        "permission": "rw",
        "cloneable": False,
        "access": "rw",
    }
    assert {key: volume[key] for key in expected} == expected
    assert api.get(f"/v1/volumes/{volume['id']}").json() == volume
    root = root_of(null_gateway, volume["id"])
    assert root.is_dir()
    assert stat.S_IMODE(root.stat().st_mode) == 0o755


def test_a_name_is_given_once_in_each_project(
    api: httpx.Client, null_gateway: GatewayProcess
) -> None:
    create(api, name="datasets")
    assert code_of(api.post("/v1/volumes", json={"size_gb": 1, "name": "datasets"})) == (
        "already_exists"
    )
    with null_gateway.client(f"other-{uuid.uuid4().hex[:8]}") as other:
        create(other, name="datasets")
    create(api)
    create(api)


def test_a_repeated_create_answers_the_first_volume(api: httpx.Client) -> None:
    key = {"Idempotency-Key": "once"}
    wanted = {"size_gb": 1, "name": "datasets"}
    first, again = (api.post("/v1/volumes", json=wanted, headers=key) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = api.post("/v1/volumes", json={"size_gb": 2}, headers=key)
    assert code_of(other) == "idempotency_conflict"
    assert len(api.get("/v1/volumes").json()["items"]) == 1


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"size_gb": 0},
        {"size_gb": 1.5},
        {"size_gb": 1, "name": ""},
        {"size_gb": 1, "name": "-x"},
        {"size_gb": 1, "name": "a/b"},
        {"size_gb": 1, "name": "a" * 65},
        {"size_gb": 1, "interface": "tape"},
        {"size_gb": 1, "permission": "wo"},
        {"size_gb": 1, "color": "red"},
    ],
)
def test_what_cannot_be_a_volume_is_refused(api: httpx.Client, wanted: object) -> None:
    assert code_of(api.post("/v1/volumes", json=wanted)) == "invalid_request"
    assert api.get("/v1/volumes").json()["items"] == []


def test_a_region_that_is_not_there_is_refused(api: httpx.Client) -> None:
    response = api.post("/v1/volumes", json={"size_gb": 1, "region": "mars"})
    assert code_of(response) == "no_capacity"
    assert create(api, region="local")["region"] == "local"


def test_volumes_are_listed_newest_first_in_pages(api: httpx.Client) -> None:
    ids = [create(api, name=f"v{number}")["id"] for number in range(5)][::-1]
    seen, token = [], None
    while True:
        parameters = {"page_size": 2, **({"page_token": token} if token else {})}
        page = api.get("/v1/volumes", params=parameters).json()
        seen += [volume["id"] for volume in page["items"]]
        token = page.get("next_page_token")
        if token is None:
            break
    assert seen == ids
    named = api.get("/v1/volumes", params={"name": "v3"}).json()["items"]
    assert [volume["id"] for volume in named] == [ids[1]]
    assert code_of(api.get("/v1/volumes?page_token=x")) == "invalid_request"


def test_a_volume_is_changed_and_its_name_cleared(api: httpx.Client) -> None:
    volume = create(api, name="datasets")
    create(api, name="taken")
    path = f"/v1/volumes/{volume['id']}"
    changes = {"name": "data", "size_gb": 7, "permission": "ro", "cloneable": True}
    assert api.patch(path, json=changes).json() == {**volume, **changes, "access": "ro"}
    assert code_of(api.patch(path, json={"name": "taken"})) == "already_exists"
    assert api.patch(path, json={"name": "data"}).status_code == 200
    both = api.patch(path, json={"name": "x", "clear": ["name"]})
    assert both.json()["details"][0]["loc"] == "/body/clear/0"
    assert "name" not in api.patch(path, json={"clear": ["name"]}).json()
    assert api.patch(path, json={}).json()["size_gb"] == 7


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("volume_id", [NOBODYS, "datasets", "vol_1"])
def test_what_is_no_volume_is_not_found(api: httpx.Client, method: str, volume_id: str) -> None:
    body = {"json": {"size_gb": 1}} if method == "PATCH" else {}
    response = api.request(method, f"/v1/volumes/{volume_id}", **body)  # type: ignore[arg-type]
    assert code_of(response) == "volume_not_found"


def test_another_project_sees_nothing_of_a_volume(
    api: httpx.Client, null_gateway: GatewayProcess
) -> None:
    path = f"/v1/volumes/{create(api, name='datasets')['id']}"
    with null_gateway.client(f"other-{uuid.uuid4().hex[:8]}") as other:
        assert code_of(other.get(path)) == "volume_not_found"
        assert code_of(other.get(f"{path}:usage")) == "volume_not_found"
        assert code_of(other.patch(path, json={"size_gb": 1})) == "volume_not_found"
        assert code_of(other.post(f"{path}:clone", json={})) == "volume_not_found"
        assert code_of(other.delete(path)) == "volume_not_found"
        assert other.get("/v1/volumes").json()["items"] == []


def test_what_is_in_a_volume_is_counted(api: httpx.Client, null_gateway: GatewayProcess) -> None:
    volume = create(api, size_gb=2)
    root = root_of(null_gateway, volume["id"])
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/file").write_bytes(b"x" * 1000)
    (root / "a/empty").touch()
    os.link(root / "a/b/file", root / "again")
    (root / "link").symlink_to("/etc")
    assert api.get(f"/v1/volumes/{volume['id']}:usage").json() == {
        "used_bytes": 1000,
        "file_count": 2,
        "quota_bytes": 2_000_000_000,
    }


def test_a_deleted_volume_is_gone_with_everything_in_it(
    api: httpx.Client, null_gateway: GatewayProcess
) -> None:
    volume = create(api, name="datasets")
    root = root_of(null_gateway, volume["id"])
    (root / "locked").mkdir()
    (root / "locked/file").touch()
    (root / "locked").chmod(0)
    assert api.delete(f"/v1/volumes/{volume['id']}").status_code == 204
    assert not root.exists()
    eventually(lambda: not any((null_gateway.data_dir / "trash").iterdir()))
    assert code_of(api.delete(f"/v1/volumes/{volume['id']}")) == "volume_not_found"
    create(api, name="datasets")


def test_a_clone_is_a_copy_that_goes_its_own_way(
    api: httpx.Client, null_gateway: GatewayProcess
) -> None:
    volume = create(api, name="datasets", size_gb=3, interface="file", cloneable=True)
    root = root_of(null_gateway, volume["id"])
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/file").write_bytes(os.urandom(300_000))
    (root / "a/b/file").chmod(0o640)
    os.utime(root / "a/b/file", ns=(1, 1_234_567_890_123_456_789))
    (root / "a/link").symlink_to("b/file")
    (root / "a/out").symlink_to("/etc/passwd")
    os.mkfifo(root / "pipe")
    with open(root / "sparse", "wb") as sparse:
        sparse.truncate(10**9)
        sparse.seek(5 * 10**8)
        sparse.write(b"data")
    (root / "a").chmod(0o500)
    os.utime(root / "a", ns=(1, 5_000_000_000))
    clone = api.post(f"/v1/volumes/{volume['id']}:clone", json={"name": "copy"}).json()
    assert (clone["size_gb"], clone["interface"], clone["cloneable"]) == (3, "file", False)
    copy = root_of(null_gateway, clone["id"])
    assert (copy / "a/b/file").read_bytes() == (root / "a/b/file").read_bytes()
    found = (copy / "a/b/file").stat()
    assert (found.st_mtime_ns, stat.S_IMODE(found.st_mode)) == (1_234_567_890_123_456_789, 0o640)
    assert os.readlink(copy / "a/link") == "b/file"
    assert os.readlink(copy / "a/out") == "/etc/passwd"
    assert not (copy / "pipe").exists()
    assert (copy / "sparse").stat().st_size == 10**9
    assert (copy / "sparse").stat().st_blocks * 512 < 10**8
    with open(copy / "sparse", "rb") as sparse:
        sparse.seek(5 * 10**8)
        assert sparse.read(5) == b"data\0"
    found = (copy / "a").stat()
    assert (found.st_mtime_ns, stat.S_IMODE(found.st_mode)) == (5_000_000_000, 0o500)
    (copy / "sparse").write_bytes(b"changed")
    assert (root / "sparse").stat().st_size == 10**9


def test_a_clone_cannot_be_smaller_than_what_is_in_it(
    api: httpx.Client, null_gateway: GatewayProcess
) -> None:
    volume = create(api, size_gb=3)
    with open(root_of(null_gateway, volume["id"]) / "sparse", "wb") as sparse:
        sparse.truncate(2 * 10**9)
    response = api.post(f"/v1/volumes/{volume['id']}:clone", json={"size_gb": 1})
    assert code_of(response) == "quota_exceeded"
    assert len(api.get("/v1/volumes").json()["items"]) == 1


def test_clones_of_one_key_that_are_asked_for_at_once_are_one(
    api: httpx.Client, null_gateway: GatewayProcess
) -> None:
    volume = create(api)
    for number in range(300):
        (root_of(null_gateway, volume["id"]) / str(number)).write_bytes(b"x" * 1000)
    path = f"/v1/volumes/{volume['id']}:clone"
    with ThreadPoolExecutor(4) as pool:
        asked = [
            pool.submit(api.post, path, json={}, headers={"Idempotency-Key": "once"})
            for _ in range(4)
        ]
        clones = {each.result().json()["id"] for each in asked}
    assert len(clones) == 1
    assert len(api.get("/v1/volumes").json()["items"]) == 2
    assert code_of(api.post(path, json={"name": "-"})) == "invalid_request"


def test_a_clone_of_a_name_that_is_taken_leaves_nothing(
    api: httpx.Client, null_gateway: GatewayProcess
) -> None:
    volume = create(api, name="datasets")
    before = set((null_gateway.data_dir / "volumes").iterdir())
    response = api.post(f"/v1/volumes/{volume['id']}:clone", json={"name": "datasets"})
    assert code_of(response) == "already_exists"
    assert set((null_gateway.data_dir / "volumes").iterdir()) == before


def test_volumes_outlive_gateways(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    with gateway.client() as client:
        volume = create(client, name="datasets")
    (root_of(gateway, volume["id"]) / "file").write_text("kept")
    gateway.kill()
    gateway.start()
    with gateway.client() as client:
        assert client.get(f"/v1/volumes/{volume['id']}").json() == volume
    assert (root_of(gateway, volume["id"]) / "file").read_text() == "kept"
