"""Trees are described, filled and refused over HTTP."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.snapshots.sending import (
    describe,
    directory,
    file,
    link,
    record,
    send,
    stream,
    upload,
)

CONTENTS = [os.urandom(3000) + bytes([number]) for number in range(40)]


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_tree_is_described_filled_and_found_again(api: httpx.Client) -> None:
    entries = [
        directory("d"),
        file("d/a", b"one"),
        file("b", b"one"),
        file("c", b""),
        link("l", "d"),
    ]
    found = describe(api, entries)
    assert (found["complete"], found["file_count"], found["size_bytes"]) == (False, 3, 6)
    assert sorted(found["missing"]) == sorted([sha(b"one"), sha(b"")])
    again = describe(api, reversed(entries))
    assert (again["id"], again["created_at"]) == (found["id"], found["created_at"])
    done = upload(api, found["id"], stream([record(b"one"), record(b"")])).json()
    assert done["complete"]
    assert "missing" not in done
    assert api.get(f"/v1/snapshots/{found['id']}").json() == done


def test_only_differences_are_told_of_a_tree_that_is_known(api: httpx.Client) -> None:
    base = send(api, {"a": b"1", "b": b"2", "c": b"3"})
    changed = [file("b", b"new")]
    found = describe(api, changed, base_snapshot_id=base, removed=["c"])
    assert found["missing"] == [sha(b"new")]
    whole = describe(api, [file("a", b"1"), file("b", b"new")])
    assert whole["id"] == found["id"]
    unknown = {"entries": [], "base_snapshot_id": "snap_" + "0" * 26}
    assert api.post("/v1/snapshots", json=unknown).json()["code"] == "snapshot_not_found"


def test_the_newest_come_first(api: httpx.Client) -> None:
    sent = [send(api, {"a": str(number).encode()}) for number in range(5)]
    listed: list[str] = []
    token = None
    while True:
        parameters = {"page_size": 2} | ({"page_token": token} if token else {})
        page = api.get("/v1/snapshots", params=parameters).json()
        listed += [snapshot["id"] for snapshot in page["items"]]
        token = page.get("next_page_token")
        if token is None:
            break
    assert listed == sent[::-1]


def test_to_know_a_hash_is_no_way_to_the_content(null_gateway: GatewayProcess) -> None:
    content = os.urandom(100)
    with null_gateway.client("one-project") as one, null_gateway.client("another") as another:
        snapshot_id = send(one, {"secret": content})
        assert describe(another, [file("secret", content)])["missing"] == [sha(content)]
        refused = another.post("/v1/tasks", json={"command": ["x"], "snapshot_id": snapshot_id})
        assert refused.json()["code"] == "snapshot_incomplete"
        missing = another.get("/v1/snapshots/snap_" + "a" * 26)
        assert missing.json()["code"] == "snapshot_not_found"


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([file("../x", b"")], "invalid_path"),
        ([file("/x", b"")], "invalid_path"),
        ([file("a\nb", b"")], "invalid_path"),
        ([file("n" * 300, b"")], "invalid_path"),
        ([file("a", b""), file("a", b"")], "invalid_path"),
        ([file("a", b""), file("a/b", b"")], "invalid_path"),
        ([file("d/b", b"")], "invalid_path"),
        ([link("l", "../..")], "invalid_path"),
        ([link("l", "/etc")], "invalid_path"),
        ([link("l", "l")], "invalid_path"),
        ([{"path": "a", "type": "file"}], "invalid_request"),
        ([{"path": "a", "type": "symlink"}], "invalid_path"),
        ([{**file("a", b"x"), "size_bytes": 2}, file("b", b"x")], "invalid_request"),
        ([{"path": "a", "type": "device"}], "invalid_request"),
    ],
)
def test_a_tree_that_is_none_is_refused(
    api: httpx.Client, entries: list[dict[str, object]], code: str
) -> None:
    refused = api.post("/v1/snapshots", json={"entries": entries})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert api.get("/v1/snapshots").json()["items"] == []


def test_names_that_differ_in_case_only_are_two(api: httpx.Client) -> None:
    assert describe(api, [file("a", b"x"), file("A", b"y")])["file_count"] == 2


LIES = {
    "another content": ([record(b"two", sha256=sha(b"one"))], "checksum_mismatch"),
    "another length": ([record(b"one!", sha256=sha(b"one"))], "invalid_request"),
    "a content that nobody wants": ([record(b"three")], "invalid_request"),
    "one content twice": ([record(b"one"), record(b"one")], "invalid_request"),
    "an end within a content": ([record(b"one")[:-1]], "malformed_request"),
    "an end within a head": ([record(b"one")[:20]], "malformed_request"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_and_what_came_before_is_kept(api: httpx.Client, lie: str) -> None:
    records, code = LIES[lie]
    found = describe(api, [file("a", b"one"), file("b", b"true")])
    refused = upload(api, found["id"], stream([record(b"true"), *records]))
    assert refused.json()["code"] == code
    left = api.get(f"/v1/snapshots/{found['id']}").json()
    assert not left["complete"] or lie == "one content twice"
    assert sha(b"true") not in left.get("missing", [])
    assert upload(api, found["id"], stream([record(b"one")])).status_code in (200, 422)
    assert send(api, {"a": b"one", "b": b"true"}) == found["id"]


def test_a_size_that_is_not_a_known_contents_is_refused(api: httpx.Client) -> None:
    send(api, {"a": b"known"})
    lie = {**file("b", b"known"), "size_bytes": 4}
    refused = api.post("/v1/snapshots", json={"entries": [lie]})
    assert refused.json()["code"] == "checksum_mismatch"


def test_a_body_that_is_not_zstandard_is_refused(api: httpx.Client) -> None:
    found = describe(api, [file("a", b"one")])
    for body in (b"no zstd at all", b"\x28\xb5\x2f\xfd" + b"\xff" * 50):
        assert upload(api, found["id"], body).json()["code"] == "malformed_request"


def broken(gateway: GatewayProcess, project: str, path: str, body: bytes) -> None:
    """Send the beginning of an upload and close the connection."""
    address = urlsplit(gateway.url)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nFlowkit-Project: {project}\r\n"
        f"Authorization: Bearer {gateway.token}\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Length: {len(body) + 1}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + body)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.5, 0.77, 0.999, 1.0])
def test_what_arrived_before_a_cut_is_kept(
    null_gateway: GatewayProcess, api: httpx.Client, project: str, part: float
) -> None:
    contents = [os.urandom(100_000) for _ in range(12)]
    found = describe(api, [file(str(place), each) for place, each in enumerate(contents)])
    body = stream(record(each) for each in contents)
    path = f"/v1/snapshots/{found['id']}"
    broken(null_gateway, project, f"{path}:upload", body[: int(len(body) * part)])
    # Give or take what is not unpacked before the block that it is in has ended.
    least = max(0, int(12 * part) - 2)
    assert eventually(lambda: 12 - len(api.get(path).json().get("missing", [])) >= least)
    by_hash = {sha(each): each for each in contents}
    rest = api.get(path).json().get("missing", [])
    upload(api, found["id"], stream(record(by_hash[each]) for each in rest))
    assert eventually(lambda: api.get(path).json()["complete"])


def slowly(body: bytes, gateway: GatewayProcess) -> Iterator[bytes]:
    """Send most of a body, and kill the gateway."""
    for place in range(0, len(body) - 65536, 65536):
        yield body[place : place + 65536]
    gateway.kill()
    yield body[-65536:]


def test_a_kill_in_the_middle_leaves_what_was_saved_and_nothing_wrong(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    gateway = start_gateway(engine="local")
    contents = [os.urandom(4_000_000) for _ in range(20)]
    by_hash = {sha(each): each for each in contents}
    with gateway.client() as client:
        found = describe(client, [file(str(at), each) for at, each in enumerate(contents)])
        body = stream(record(by_hash[each]) for each in found["missing"])
        with pytest.raises(httpx.HTTPError):
            upload(client, found["id"], slowly(body, gateway))
    again = start_gateway(engine="local")
    with again.client() as client:
        left = client.get(f"/v1/snapshots/{found['id']}").json()
        assert 0 < len(left["missing"]) < 20
        rest = stream(record(by_hash[each]) for each in left["missing"])
        assert upload(client, found["id"], rest).json()["complete"]
        sums = sorted(by_hash)
        command = ["sh", "-c", "sha256sum * | cut -d' ' -f1 | sort"]
        task = client.post("/v1/tasks", json={"command": command, "snapshot_id": found["id"]})
        path = f"/v1/tasks/{task.json()['id']}"
        assert client.get(f"{path}:wait?timeout=20").json()["status"] == "completed"
        text = "".join(each["text"] for each in client.get(f"{path}/logs").json()["chunks"])
        assert text.split() == sums


def test_two_may_send_one_tree_at_once(
    api: httpx.Client, null_gateway: GatewayProcess, project: str
) -> None:
    found = describe(api, [file(str(at), each) for at, each in enumerate(CONTENTS)])
    body = stream(record(each) for each in CONTENTS)

    def while_another_does() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        with null_gateway.client(project) as other:
            assert upload(other, found["id"], body).json()["complete"]
        yield body[len(body) // 2 :]

    assert upload(api, found["id"], while_another_does()).json()["complete"]


def test_what_another_sender_has_brought_meanwhile_is_let_pass(api: httpx.Client) -> None:
    shared, own = os.urandom(5000), os.urandom(5000)
    found = describe(api, [file("shared", shared), file("own", own)])
    send(api, {"elsewhere": shared})
    done = upload(api, found["id"], stream([record(shared), record(own)]))
    assert done.json()["complete"], done.text
    lie = upload(api, found["id"], stream([record(b"x" * 5000, sha256=sha(shared))]))
    assert lie.json()["code"] == "checksum_mismatch"
