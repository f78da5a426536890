"""Files of a volume, over HTTP."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from tests.gateway.conftest import StartGateway
from tests.gateway.files.file_space import FileSpace, new_volume, refused
from tests.gateway.gateway_process import GatewayProcess

SHA256_OF_HELLO = hashlib.sha256(b"hello").hexdigest()


def test_a_file_is_read_as_it_was_written(volume: FileSpace) -> None:
    written = volume.write(
        "a/b/file.bin",
        b"hello",
        mode=0o640,
        modified_at="2020-02-29T12:00:00.123456Z",
        sha256=SHA256_OF_HELLO,
    )

    assert written.status_code == 200, written.text
    file = written.json()
    assert file == {
        "path": "a/b/file.bin",
        "type": "file",
        "size_bytes": 5,
        "mode": 0o640,
        "modified_at": "2020-02-29T12:00:00.123456Z",
        "etag": file["etag"],
        "sha256": SHA256_OF_HELLO,
    }
    read = volume.read("a/b/file.bin")
    assert (read.status_code, read.content) == (200, b"hello")
    assert read.headers["etag"] == file["etag"]
    assert read.headers["content-type"] == "application/octet-stream"
    assert volume.stat("a/b/file.bin", checksum="true").json() == file
    del file["sha256"]
    assert volume.stat("a/b/file.bin").json() == file
    assert volume.listed(recursive="true") == ["a", "a/b", "a/b/file.bin"]


def test_a_written_file_is_0644_and_of_now_unless_asked_otherwise(volume: FileSpace) -> None:
    file = volume.write("file").json()
    assert (file["mode"], file["size_bytes"]) == (0o644, 0)
    age = datetime.now(UTC) - datetime.fromisoformat(file["modified_at"])
    assert 0 <= age.total_seconds() < 60
    assert volume.stat().json()["type"] == "directory"


@pytest.mark.parametrize(
    ("asked", "answered", "content"),
    [
        ("bytes=0-0", "bytes 0-0/10", b"0"),
        ("bytes=3-", "bytes 3-9/10", b"3456789"),
        ("bytes=3-5", "bytes 3-5/10", b"345"),
        ("bytes=8-99", "bytes 8-9/10", b"89"),
        ("bytes=-3", "bytes 7-9/10", b"789"),
        ("bytes=-99", "bytes 0-9/10", b"0123456789"),
    ],
)
def test_a_range_is_read(volume: FileSpace, asked: str, answered: str, content: bytes) -> None:
    volume.write("file", b"0123456789")
    read = volume.read("file", range=asked)
    assert (read.status_code, read.content) == (206, content)
    assert read.headers["content-range"] == answered


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_beyond_the_end_is_not_satisfiable(volume: FileSpace, asked: str) -> None:
    volume.write("file", b"0123456789")
    read = volume.read("file", range=asked)
    assert refused(read) == "range_not_satisfiable"
    assert read.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize("asked", ["bytes=5-3", "bytes=-", "bytes=0-1,3-4", "lines=1-2"])
def test_what_is_no_range_is_refused(volume: FileSpace, asked: str) -> None:
    volume.write("file", b"0123456789")
    assert volume.read("file", range=asked).json()["code"] == "invalid_request"


def test_a_download_goes_on_only_with_the_same_file(volume: FileSpace) -> None:
    volume.write("file", b"first")
    etag = volume.read("file").headers["etag"]
    again = volume.read("file", range="bytes=2-", if_match=etag)
    assert (again.status_code, again.content) == (206, b"rst")
    assert volume.read("file", if_match="*").status_code == 200
    assert volume.read("file", if_match=f'"other", {etag}').status_code == 200

    volume.write("file", b"other")

    assert refused(volume.read("file", range="bytes=2-", if_match=etag)) == "file_changed"
    assert refused(volume.read("file", if_match=f"W/{etag}")) == "file_changed"


def test_the_head_of_a_download_says_how_much_there_is(volume: FileSpace) -> None:
    volume.write("file", b"0123456789")
    query = {"space": volume.id, "path": "file"}
    for _ in range(50):
        head = volume.client.head("/v1/files:read", params=query)
        assert (head.status_code, head.headers["content-length"]) == (200, "10")


def test_only_files_have_content(volume: FileSpace) -> None:
    volume.make_directory("directory")
    os.mkfifo(volume.root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        directory = os.open(volume.root, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{directory}/socket")
        os.close(directory)
    (volume.root / "link").symlink_to("fifo")
    for path in ("directory", "fifo", "socket", "link"):
        assert refused(volume.read(path)) == "invalid_path"
        assert refused(volume.stat(path, checksum="true")) == "invalid_path"
    types = {item["path"]: item["type"] for item in volume.page().json()["items"]}
    assert types == {
        "directory": "directory",
        "fifo": "other",
        "socket": "other",
        "link": "symlink",
    }
    assert refused(volume.read("nothing")) == "file_not_found"


def test_the_owner_s_devices_are_not_opened(volume: FileSpace) -> None:
    try:
        os.mknod(volume.root / "null", 0o20666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root can make devices")
    assert refused(volume.read("null")) == "invalid_path"


def test_content_that_is_not_what_was_announced_leaves_nothing(volume: FileSpace) -> None:
    volume.write("file", b"before")
    assert refused(volume.write("file", b"other", sha256=SHA256_OF_HELLO)) == "checksum_mismatch"
    assert refused(volume.write("new", b"other", sha256=SHA256_OF_HELLO)) == "checksum_mismatch"
    assert volume.read("file").content == b"before"
    assert volume.listed() == ["file"]
    assert list(arrivals(volume)) == []


def arrivals(volume: FileSpace) -> Iterator[str]:
    uploads = volume.root.parent.parent / "uploads"
    return (name for name in os.listdir(uploads) if volume.id in name)


def test_what_is_there_is_replaced_unless_it_must_stay(volume: FileSpace) -> None:
    volume.write("file", b"first")
    assert volume.write("file", b"second").status_code == 200
    assert refused(volume.write("file", b"third", overwrite="false")) == "already_exists"
    assert volume.read("file").content == b"second"
    volume.make_directory("directory")
    assert refused(volume.write("directory", b"file")) == "already_exists"
    assert refused(volume.write("file/below", b"file")) == "invalid_path"


def test_a_link_is_replaced_and_not_written_through(volume: FileSpace) -> None:
    volume.write("file", b"file")
    (volume.root / "link").symlink_to("file")
    assert volume.read("link").content == b"file"
    volume.write("link", b"own")
    assert volume.read("file").content == b"file"
    assert not (volume.root / "link").is_symlink()


def test_a_list_has_all_in_the_order_of_names(volume: FileSpace) -> None:
    names = [f"{number:03}" for number in range(25)]
    for name in names:
        (volume.root / name).write_text(name)
    for path in ("a", "a/b", "a/b/c", "a-b", "z"):
        (volume.root / path).mkdir()
        (volume.root / path / "file").touch()

    assert volume.listed(page_size=7) == [*names, "a", "a-b", "z"]
    whole = volume.listed(recursive="true", page_size=1000)
    for size in (1, 2, 3, 7, 33):
        assert volume.listed(recursive="true", page_size=size) == whole
    assert [path for path in whole if path not in names] == [
        *("a", "a/b", "a/b/c", "a/b/c/file", "a/b/file", "a/file"),
        *("a-b", "a-b/file", "z", "z/file"),
    ]
    assert volume.listed("a", recursive="true", page_size=2) == whole[26:31]
    assert volume.listed("a/file") == ["a/file"]


def test_a_list_goes_on_where_the_last_page_ended_though_that_is_gone(volume: FileSpace) -> None:
    for name in "abcdef":
        (volume.root / name).mkdir()
        (volume.root / name / "file").touch()
    page = volume.page(recursive="true", page_size=3).json()
    assert [item["path"] for item in page["items"]] == ["a", "a/file", "b"]
    volume.delete("b", recursive="true")
    (volume.root / "aa").mkdir()

    rest = volume.page(recursive="true", page_token=page["next_page_token"]).json()["items"]
    assert [item["path"] for item in rest if "/" not in item["path"]] == ["c", "d", "e", "f"]


def test_links_are_listed_and_not_entered(volume: FileSpace) -> None:
    volume.write("directory/file")
    (volume.root / "link").symlink_to("directory")
    (volume.root / "out").symlink_to("/etc")
    (volume.root / "broken").symlink_to("nothing")

    items = {item["path"]: item for item in volume.page(recursive="true").json()["items"]}

    assert list(items) == ["broken", "directory", "directory/file", "link", "out"]
    assert (items["out"]["type"], items["out"]["target"]) == ("symlink", "/etc")
    assert volume.listed("link") == ["link/file"]
    assert refused(volume.page("out")) == "invalid_path"


def test_names_that_tasks_chose_are_listed_though_they_are_no_text(volume: FileSpace) -> None:
    root = os.fsencode(volume.root)
    for name in (b"\xff\xfe", b"a\nb", "ü".encode(), b"plain"):
        with open(root + b"/" + name, "wb"):
            pass
    assert set(volume.listed(page_size=1)) == {"\ufffd\ufffd", "a\nb", "ü", "plain"}


def test_a_token_of_another_list_is_refused(volume: FileSpace) -> None:
    assert volume.page(page_token="%%%").json()["code"] == "invalid_request"


def test_directories_are_made_with_those_above(volume: FileSpace) -> None:
    made = volume.make_directory("a/b/c")
    assert (made.status_code, made.json()["path"], made.json()["type"]) == (
        200,
        "a/b/c",
        "directory",
    )
    assert volume.make_directory("a/b").status_code == 200
    volume.write("file")
    assert refused(volume.make_directory("file")) == "already_exists"
    assert refused(volume.make_directory("file/below")) == "invalid_path"


def test_files_and_directories_are_moved(volume: FileSpace) -> None:
    volume.write("a/file", b"content")
    assert volume.move("a/file", "a/File").json()["path"] == "a/File"
    assert volume.move("a", "b").status_code == 200
    assert volume.move("b/File", "File").status_code == 200
    assert volume.move("File", "File").status_code == 200
    assert volume.listed(recursive="true") == ["File", "b"]
    assert volume.read("File").content == b"content"
    assert refused(volume.move("nothing", "c")) == "file_not_found"
    assert refused(volume.move("File", "c/d/e")) == "file_not_found"


def test_a_move_replaces_a_file_only_when_asked_and_never_a_directory(volume: FileSpace) -> None:
    volume.write("a", b"a")
    volume.write("b", b"b")
    volume.make_directory("empty")
    volume.make_directory("c")
    assert refused(volume.move("a", "b")) == "already_exists"
    assert refused(volume.move("a", "empty", overwrite=True)) == "already_exists"
    assert refused(volume.move("c", "empty")) == "already_exists"
    assert refused(volume.move("c", "empty", overwrite=True)) == "already_exists"
    assert refused(volume.move("c", "b", overwrite=True)) == "already_exists"
    assert volume.move("a", "b", overwrite=True).status_code == 200
    assert volume.listed() == ["b", "c", "empty"]
    assert volume.read("b").content == b"a"


def test_a_directory_cannot_be_moved_into_itself(volume: FileSpace) -> None:
    volume.make_directory("a/b")
    for target in ("a/c", "a/b/c"):
        assert refused(volume.move("a", target)) == "invalid_path"
    assert volume.listed(recursive="true") == ["a", "a/b"]


def test_links_themselves_are_moved_and_deleted(volume: FileSpace) -> None:
    volume.write("directory/file")
    (volume.root / "link").symlink_to("directory")
    volume.move("link", "other")
    assert (volume.root / "other").readlink().name == "directory"
    volume.delete("other", recursive="true")
    assert volume.listed(recursive="true") == ["directory", "directory/file"]


def test_a_directory_is_deleted_with_what_is_in_it_only_when_asked(volume: FileSpace) -> None:
    volume.write("a/b/file")
    (volume.root / "a" / "out").symlink_to("/etc")
    assert refused(volume.delete("a")) == "conflict"
    assert volume.delete("a/b/file").status_code == 204
    assert volume.delete("a/b").status_code == 204
    assert volume.delete("a", recursive="true").status_code == 204
    assert volume.listed() == []
    assert refused(volume.delete("a")) == "file_not_found"
    assert os.path.exists("/etc/passwd")


def test_the_deepest_directories_are_deleted(volume: FileSpace) -> None:
    directory = os.open(volume.root, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=directory)
        below = os.open("d", os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(directory)
    assert len(volume.listed(recursive="true", page_size=1000)) == 2048
    assert volume.delete("d", recursive="true").status_code == 204
    assert volume.listed() == []


def test_the_root_stays(volume: FileSpace) -> None:
    for path in ("", ".", "/", "a/.."):
        assert volume.delete(path, recursive="true").status_code == 422
    assert volume.root.is_dir()


def test_files_of_a_volume_that_may_only_be_read(
    null_gateway: GatewayProcess, api: httpx.Client
) -> None:
    volume = new_volume(api, null_gateway.data_dir, permission="ro")
    (volume.root / "file").write_text("content")
    assert volume.read("file").content == b"content"
    for response in (
        volume.write("new", b""),
        volume.make_directory("new"),
        volume.move("file", "new"),
        volume.delete("file"),
        volume.begin("new", 1),
    ):
        assert refused(response) == "permission_denied"
    assert os.listdir(volume.root) == ["file"]


def test_files_of_others_are_not_there(volume: FileSpace, null_gateway: GatewayProcess) -> None:
    volume.write("file", b"content")
    upload = volume.begun("new", 1)
    with null_gateway.client("another-project") as client:
        other = FileSpace(client, volume.id, volume.root)
        for response in (other.page(), other.read("file"), other.write("x"), other.begin("x", 1)):
            assert response.json()["code"] == "volume_not_found"
        for response in (other.append(upload, 0, b"x"), other.complete(upload)):
            assert refused(response) == "not_found"
        missing = FileSpace(client, "vol_" + "0" * 26, volume.root)
        assert missing.page().json()["code"] == "volume_not_found"
        task = FileSpace(client, "task_" + "0" * 26, volume.root)
        assert task.page().json()["code"] == "task_not_found"
    assert volume.page(area="outputs").json()["code"] == "invalid_request"


def test_files_of_a_task(local: httpx.Client, local_gateway: GatewayProcess) -> None:
    command = ["bash", "-c", "mkdir d; echo hello > d/file; until [ -e go ]; do sleep 0.02; done"]
    task = local.post("/v1/tasks", json={"command": command, "cpus": 0.1}).json()
    local.get(f"/v1/tasks/{task['id']}:wait?until=running&timeout=20")
    root = local_gateway.data_dir / "tasks" / task["id"] / "1" / "workspace"
    workspace = FileSpace(local, task["id"], root)

    assert workspace.write("go", b"").status_code == 200
    local.get(f"/v1/tasks/{task['id']}:wait?timeout=20")

    assert workspace.listed(recursive="true") == ["d", "d/file", "go"]
    assert workspace.read("d/file").content == b"hello\n"
    (root.parent / "outputs").mkdir(exist_ok=True)
    (root.parent / "outputs" / "model").write_text("weights")
    assert workspace.listed(area="outputs") == ["model"]
    assert "model" not in workspace.listed()


def test_a_task_that_has_not_started_has_no_files(
    holding: httpx.Client, holding_gateway: GatewayProcess
) -> None:
    tasks = [
        holding.post("/v1/tasks", json={"command": ["true"], "cpus": os.cpu_count()}).json()["id"]
        for _ in range(2)
    ]
    waiting = FileSpace(holding, tasks[1], holding_gateway.data_dir)
    assert refused(waiting.page()) == "file_not_found"


def test_a_task_that_runs_elsewhere_keeps_its_files_to_the_machine(
    start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("place")
    (place / "file").write_text("content")
    for arguments in ((), ("--embedded",)):
        gateway = start_gateway(*arguments, data_dir=place.with_name(f"data{len(arguments)}"))
        with gateway.client() as client:
            body = {"command": ["true"], "working_dir": str(place)}
            task = client.post("/v1/tasks", json=body).json()["id"]
            client.get(f"/v1/tasks/{task}:wait?timeout=20")
            files = FileSpace(client, task, place)
            if arguments:
                assert files.read("file").content == b"content"
                assert files.write("new", b"x").status_code == 200
                assert (place / "new").read_bytes() == b"x"
            else:
                assert refused(files.page()) == "conflict"
        gateway.kill()


def test_a_file_that_becomes_shorter_while_it_is_read_ends_the_connection(
    volume: FileSpace, null_gateway: GatewayProcess
) -> None:
    size = 256 * 1024 * 1024
    path = volume.root / "file"
    path.touch()
    os.truncate(path, size)
    query = {"space": volume.id, "path": "file"}
    with volume.client.stream("GET", "/v1/files:read", params=query) as response:
        os.truncate(path, 1000)
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in response.iter_raw():
                pass
    assert "became shorter" in null_gateway.log
    assert "Traceback" not in null_gateway.log
