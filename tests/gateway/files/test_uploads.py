"""Files that arrive in parts."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.files.file_space import FileSpace, new_volume, refused
from tests.gateway.gateway_process import GatewayProcess

CONTENT = random.Random(4).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
GB = 1_000_000_000


def kept(volume: FileSpace, upload: str) -> list[Path]:
    """Return what the gateway's disk holds of an upload."""
    return list((volume.root.parent.parent / "uploads").glob(f"*{upload}*"))


def test_a_file_arrives_in_parts(volume: FileSpace) -> None:
    upload = volume.begun("a/b/file", len(CONTENT), mode=0o600, modified_at="2021-01-02T03:04:05Z")
    assert volume.offset(upload) == 0
    at = 0
    for size in (1, 0, 999_999, 1_500_000, len(CONTENT)):
        part = CONTENT[at : at + size]
        answer = volume.append(upload, at, part)
        at += len(part)
        assert answer.json()["offset"] == volume.offset(upload) == at
        assert volume.listed() == []

    completed = volume.complete(upload, SHA256)

    assert completed.status_code == 200, completed.text
    file = completed.json()
    assert (file["size_bytes"], file["mode"], file["sha256"]) == (len(CONTENT), 0o600, SHA256)
    assert file["modified_at"] == "2021-01-02T03:04:05.000000Z"
    assert volume.read("a/b/file").content == CONTENT
    assert kept(volume, upload) == []


def test_an_empty_file_needs_no_part(volume: FileSpace) -> None:
    upload = volume.begun("empty", 0)
    assert volume.complete(upload).json()["size_bytes"] == 0
    assert volume.read("empty").content == b""


def test_to_complete_once_more_is_answered_the_same(volume: FileSpace) -> None:
    upload = volume.begun("file", 3)
    volume.append(upload, 0, b"abc")
    first = volume.complete(upload)
    volume.write("file", b"later")
    again = volume.complete(upload)
    assert (again.status_code, again.json()) == (200, first.json())
    assert volume.read("file").content == b"later"
    assert volume.offset(upload) == 3
    assert refused(volume.append(upload, 3, b"d")) == "offset_conflict"


def test_to_begin_once_more_is_the_same_upload(volume: FileSpace) -> None:
    # There is no room for two of them.
    body = {"space": volume.id, "path": "file", "size_bytes": 600_000_000, "overwrite": False}
    headers = {"idempotency-key": "once"}
    first = volume.client.post("/v1/uploads", json=body, headers=headers)
    again = volume.client.post("/v1/uploads", json=body, headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = volume.client.post("/v1/uploads", json={**body, "path": "b"}, headers=headers)
    assert other.json()["code"] == "idempotency_conflict"


def test_parts_go_where_the_upload_is(volume: FileSpace) -> None:
    upload = volume.begun("file", 10)
    volume.append(upload, 0, b"01234")
    for offset in (0, 4, 6, 10):
        assert refused(volume.append(upload, offset, b"x")) == "offset_conflict"
    assert refused(volume.complete(upload)) == "offset_conflict"
    assert refused(volume.append(upload, 5, b"567890123")) == "payload_too_large"
    assert volume.offset(upload) == 5
    volume.append(upload, 5, b"56789")
    wrong = hashlib.sha256(b"other").hexdigest()
    assert refused(volume.complete(upload, wrong)) == "checksum_mismatch"
    assert volume.listed() == []
    assert volume.complete(upload).status_code == 200


def test_what_arrived_of_a_broken_part_is_kept(volume: FileSpace) -> None:
    upload = volume.begun("file", len(CONTENT))

    def break_off() -> Iterator[bytes]:
        yield CONTENT[:2_000_000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        volume.append(upload, 0, break_off())

    offset = eventually(lambda: volume.offset(upload))
    assert 0 < offset <= 2_000_000
    # The gateway may not know yet that nothing more comes: who goes on takes over.
    while volume.append(upload, offset, CONTENT[offset:]).status_code != 200:
        offset = volume.offset(upload)
    assert volume.complete(upload, SHA256).status_code == 200


def test_of_two_calls_that_append_the_later_one_goes_on(
    volume: FileSpace, null_gateway: GatewayProcess
) -> None:
    upload = volume.begun("file", len(CONTENT))
    go = threading.Event()
    answers: list[httpx.Response] = []

    def stall() -> Iterator[bytes]:
        yield CONTENT[:1_100_000]
        go.wait(20)
        yield b"x" * 1_100_000

    def append_slowly() -> None:
        project = volume.client.headers["flowkit-project"]
        with null_gateway.client(project) as client:
            answers.append(FileSpace(client, volume.id, volume.root).append(upload, 0, stall()))

    first = threading.Thread(target=append_slowly)
    first.start()
    offset = eventually(lambda: volume.offset(upload))
    second = volume.append(upload, offset, CONTENT[offset:])
    go.set()
    first.join()

    assert second.json()["offset"] == len(CONTENT)
    assert refused(answers[0]) == "offset_conflict"
    assert volume.complete(upload, SHA256).status_code == 200


def test_an_upload_that_is_given_up_leaves_nothing(volume: FileSpace) -> None:
    upload = volume.begun("file", 10)
    volume.append(upload, 0, b"01234")
    assert len(kept(volume, upload)) == 1
    assert volume.client.delete(f"/v1/uploads/{upload}").status_code == 204
    assert kept(volume, upload) == []
    for response in (
        volume.client.get(f"/v1/uploads/{upload}"),
        volume.append(upload, 5, b"5"),
        volume.complete(upload),
        volume.client.delete(f"/v1/uploads/{upload}"),
    ):
        assert refused(response) == "not_found"


def test_a_file_that_must_stay_stays(volume: FileSpace) -> None:
    upload = volume.begun("file", 1, overwrite=False)
    volume.append(upload, 0, b"u")
    volume.write("file", b"meanwhile")
    assert refused(volume.begin("file", 1, overwrite=False)) == "already_exists"
    for _ in range(2):
        assert refused(volume.complete(upload)) == "already_exists"
    assert volume.read("file").content == b"meanwhile"
    volume.delete("file")
    assert volume.complete(upload).status_code == 200
    assert volume.read("file").content == b"u"


def test_of_two_uploads_of_one_path_the_last_one_stays(volume: FileSpace) -> None:
    uploads = [volume.begun("file", 1) for _ in range(2)]
    for upload, content in zip(uploads, (b"1", b"2"), strict=True):
        volume.append(upload, 0, content)
    assert volume.complete(uploads[1]).status_code == 200
    assert volume.read("file").content == b"2"
    assert volume.complete(uploads[0]).status_code == 200
    assert volume.read("file").content == b"1"


@pytest.mark.parametrize("path", ["../out", "/etc/out", "a//b", "a\nb", "x" * 256])
def test_a_path_that_is_none_is_refused_at_the_beginning(volume: FileSpace, path: str) -> None:
    assert refused(volume.begin(path, 1)) == "invalid_path"
    assert refused(volume.write(path, b"x")) == "invalid_path"


def test_a_time_that_does_not_exist_is_refused(volume: FileSpace) -> None:
    response = volume.begin("file", 1, modified_at="2021-02-30T00:00:00Z")
    assert response.json()["code"] == "invalid_request"


def test_an_upload_goes_on_with_the_next_gateway(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    def space(gateway: GatewayProcess, client: httpx.Client) -> Any:
        return FileSpace(client, volume_id, gateway.data_dir / "volumes" / volume_id)

    gateway = start_gateway()
    with gateway.client() as client:
        volume = new_volume(client, gateway.data_dir)
        volume_id = volume.id
        upload = volume.begun("file", len(CONTENT))
        volume.append(upload, 0, CONTENT[:1_700_000])
    (gateway.data_dir / "uploads" / ".flowkit-of-a-write").write_bytes(b"x")
    gateway.kill()
    gateway = start_gateway()
    with gateway.client() as client:
        volume = space(gateway, client)
        assert volume.offset(upload) == 1_700_000
        volume.append(upload, 1_700_000, CONTENT[1_700_000:])
        file = volume.complete(upload, SHA256).json()
    gateway.kill()
    gateway = start_gateway()
    with gateway.client() as client:
        volume = space(gateway, client)
        assert volume.complete(upload).json() == file
        assert volume.read("file").content == CONTENT
    assert os.listdir(gateway.data_dir / "uploads") == []


def test_uploads_of_a_deleted_volume_go_away(
    volume: FileSpace, null_gateway: GatewayProcess
) -> None:
    upload = volume.begun("file", 10)
    volume.append(upload, 0, b"01234")
    assert volume.client.delete(f"/v1/volumes/{volume.id}").status_code == 204
    assert refused(volume.client.get(f"/v1/uploads/{upload}")) == "not_found"
    assert kept(volume, upload) == []


def test_an_upload_that_nobody_goes_on_with_is_garbage(volume: FileSpace) -> None:
    old, new = volume.begun("old", 10), volume.begun("new", 10)
    volume.append(old, 0, b"01234")
    volume.append(new, 0, b"01234")
    (path,) = kept(volume, old)
    os.utime(path, (1, 1))
    collected = volume.client.post(
        "/v1/server:collect_garbage", json={"kinds": ["upload"], "older_than": 3600}
    )
    assert collected.status_code == 200, collected.text
    assert kept(volume, old) == []
    assert refused(volume.client.get(f"/v1/uploads/{old}")) == "not_found"
    assert volume.offset(new) == 5


def test_a_volume_takes_no_more_than_its_quota(volume: FileSpace) -> None:
    first = volume.begun("a", 600_000_000)
    assert refused(volume.begin("b", 400_000_001)) == "quota_exceeded"
    second = volume.begun("b", 400_000_000)
    assert refused(volume.begin("c", 1)) == "quota_exceeded"
    assert refused(volume.write("c", b"c")) == "quota_exceeded"
    volume.client.delete(f"/v1/uploads/{first}")
    assert volume.write("c", b"c").status_code == 200
    volume.client.delete(f"/v1/uploads/{second}")
    assert volume.begin("b", GB).json()["code"] == "quota_exceeded"
    assert volume.begin("c", GB).status_code == 201
    assert volume.listed() == ["c"]


def test_what_tasks_write_and_delete_counts(volume: FileSpace) -> None:
    """A count that is too old to see what a task deleted refuses nobody."""
    by_task = volume.root / "by-task"
    by_task.touch()
    os.truncate(by_task, GB)
    assert refused(volume.write("file", b"x")) == "quota_exceeded"
    by_task.unlink()
    assert volume.write("file", b"x").status_code == 200
    assert refused(volume.begin("other", GB)) == "quota_exceeded"
    assert volume.delete("file").status_code == 204
    assert volume.begin("other", GB).status_code == 201


def test_many_uploads_at_once_do_not_pass_the_quota_together(
    volume: FileSpace, null_gateway: GatewayProcess
) -> None:
    project = volume.client.headers["flowkit-project"]
    codes: list[int] = []

    def begin(number: int) -> None:
        with null_gateway.client(project) as client:
            space = FileSpace(client, volume.id, volume.root)
            codes.append(space.begin(f"file-{number}", 300_000_000).status_code)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [201] * 3 + [507] * 7


def test_more_than_the_disk_has_is_refused_at_the_beginning(
    null_gateway: GatewayProcess, api: httpx.Client
) -> None:
    volume = new_volume(api, null_gateway.data_dir, size_gb=1_000_000)
    assert refused(volume.begin("file", 900_000 * GB)) == "storage_full"
