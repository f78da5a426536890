"""`volume`, `cp`, `ls`, `mv`, `rm`, `mkdir`: data from the shell and back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conditions import eventually
from tests.e2e.cli.conftest import CommandLine, Terminal


@pytest.fixture
def volume(cli: CommandLine, request: pytest.FixtureRequest) -> str:
    """The name of a new volume that many tasks may use."""
    name = request.node.name.replace("_", "-").replace("[", ".").replace("]", "")[:60]
    assert cli("volume", "create", name, "--size-gb", "5", "--interface", "file").exit_code == 0
    return str(name)


def listed(cli: CommandLine, path: str) -> list[str]:
    documents = json.loads(cli("ls", "-R", "-o", "json", path).stdout)
    return [document["path"].partition(":")[2] for document in documents]


def tree(directory: Path) -> None:
    (directory / "sub" / "empty").mkdir(parents=True)
    (directory / "a.txt").write_text("a")
    (directory / "sub" / "b.sh").write_text("b")
    (directory / "sub" / "b.sh").chmod(0o750)
    os.utime(directory / "a.txt", (1_000_000_000, 1_000_000_000))


def test_a_tree_goes_and_comes_back_as_it_was(
    cli: CommandLine, volume: str, tmp_path: Path
) -> None:
    tree(tmp_path / "source")
    assert cli("cp", "-r", str(tmp_path / "source"), f"{volume}:new") == (0, b"", b"")
    assert listed(cli, f"{volume}:") == [
        "new",
        "new/a.txt",
        "new/sub",
        "new/sub/b.sh",
        "new/sub/empty",
    ]
    assert cli("cp", "-r", f"{volume}:new", str(tmp_path / "back")) == (0, b"", b"")
    assert (tmp_path / "back" / "a.txt").stat().st_mtime == 1_000_000_000
    assert (tmp_path / "back" / "sub" / "b.sh").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "back" / "sub" / "empty").is_dir()


def test_a_directory_that_is_there_is_copied_into(
    cli: CommandLine, volume: str, tmp_path: Path
) -> None:
    tree(tmp_path / "source")
    cli("cp", "-r", str(tmp_path / "source"), f"{volume}:")
    cli("cp", "-r", ".", f"{volume}:dots", cwd=tmp_path / "source")
    cli("cp", str(tmp_path / "source" / "a.txt"), f"{volume}:source/sub")
    cli("cp", str(tmp_path / "source" / "a.txt"), f"{volume}:other/")
    found = set(listed(cli, f"{volume}:"))
    assert {"source/a.txt", "dots/a.txt", "source/sub/a.txt", "other/a.txt"} <= found
    (tmp_path / "here").mkdir()
    cli("cp", "-r", f"{volume}:source", str(tmp_path / "here"))
    cli("cp", f"{volume}:other/a.txt", str(tmp_path / "here"))
    assert (tmp_path / "here" / "source" / "sub" / "b.sh").read_text() == "b"
    assert (tmp_path / "here" / "a.txt").read_text() == "a"


def test_a_file_goes_through_pipes(cli: CommandLine, volume: str) -> None:
    content = bytes(range(256)) * 8192
    assert cli("cp", "-", f"{volume}:x", stdin=content) == (0, b"", b"")
    assert cli("cp", f"{volume}:x", "-") == (0, content, b"")
    assert cli("cp", f"{volume}:x", f"{volume}:y").exit_code == 0
    assert cli("cp", f"{volume}:y", "-").stdout == content


def test_what_is_left_out_is_said(cli: CommandLine, volume: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    tree(source)
    (source / "inside").symlink_to("a.txt")
    (source / "outside").symlink_to("/etc/hostname")
    os.mkfifo(source / "pipe")
    copied = cli("cp", "-r", str(source), f"{volume}:")
    assert copied.exit_code == 0
    assert copied.error == [
        "flowkit: left out 2:",
        "  outside: a link that leaves the directory",
        "  pipe: neither a file nor a directory",
    ]
    assert cli("cp", f"{volume}:source/inside", "-").stdout == b"a"


def test_files_are_moved_and_deleted(cli: CommandLine, volume: str) -> None:
    for name in ("a", "b"):
        cli("cp", "-", f"{volume}:{name}", stdin=name.encode())
    assert cli("mkdir", f"{volume}:d/e").stdout.decode() == f"{volume}:d/e\n"
    assert cli("mv", f"{volume}:a", f"{volume}:d").stdout.decode() == f"{volume}:d/a\n"
    assert cli("mv", f"{volume}:b", f"{volume}:d/a").exit_code == 1
    assert cli("mv", "-f", f"{volume}:b", f"{volume}:d/a").exit_code == 0
    assert cli("cp", f"{volume}:d/a", "-").stdout == b"b"
    assert cli("rm", f"{volume}:d").exit_code == 1
    assert cli("rm", "-r", f"{volume}:d").exit_code == 0
    assert listed(cli, f"{volume}:") == []


def test_a_volume_from_its_making_to_its_end(cli: CommandLine) -> None:
    made = json.loads(
        cli("volume", "create", "life", "--size-gb", "5", "--cloneable", "-o", "json").stdout
    )
    assert (made["name"], made["interface"], made["cloneable"]) == ("life", "block", True)
    cli("cp", "-", "life:a", stdin=b"abc")
    assert cli("volume", "resize", "life", "6").exit_code == 0
    assert cli("volume", "rename", "life", "life-2").exit_code == 0
    assert cli("volume", "clone", "life-2", "life-3").exit_code == 0
    usage = json.loads(cli("volume", "usage", "life-3", "-o", "json").stdout)
    assert usage == {"used_bytes": 3, "file_count": 1, "quota_bytes": 6_000_000_000}
    assert "life-3" in cli("volume", "ls").stdout.decode()
    gone = cli("volume", "rm", "life-2", "life-3")
    assert gone.stdout.decode().split()[0] == made["id"]
    assert cli("volume", "show", "life-2").exit_code == 3


def test_what_is_shared_is_shown(cli: CommandLine, volume: str) -> None:
    assert cli("volume", "share", volume, "user:ada", "--permission", "rw").exit_code == 0
    shown = json.loads(cli("volume", "show", volume, "-o", "json").stdout)
    assert [(grant["principal"], grant["status"]) for grant in shown["grants"]] == [
        ("user:ada", "pending")
    ]
    assert cli("volume", "unshare", volume, "user:ada").exit_code == 0
    assert cli("volume", "unshare", volume, "user:ada").exit_code == 3
    assert cli("volume", "leave", volume).exit_code == 2


def test_a_task_works_on_a_volume(cli: CommandLine, volume: str) -> None:
    cli("cp", "-", f"{volume}:in", stdin=b"4")
    ran = cli(
        "run", "-q", "--volume", f"{volume}:/mnt/data", "--", "bash", "-c",
        'echo $(( $(cat /mnt/data/in) * 2 )) > /mnt/data/out',
    )  # fmt: skip
    assert ran.exit_code == 0, ran
    assert cli("cp", f"{volume}:out", "-").stdout == b"8\n"


def test_what_cannot_be_sent_of_a_tree_is_said_before_any_of_it_is(
    cli: CommandLine, volume: str, tmp_path: Path
) -> None:
    tree(tmp_path / "source")
    (tmp_path / "source" / "z\n").touch()
    copied = cli("cp", "-r", str(tmp_path / "source"), f"{volume}:")
    assert copied.exit_code == 2
    assert "the name 'z\\n' has characters in it" in copied.error[0]
    assert listed(cli, f"{volume}:") == []


def test_an_upload_that_is_interrupted_takes_no_room(
    cli: CommandLine, terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    made = cli("volume", "create", "interrupted", "--size-gb", "3", "--interface", "file")
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(2_900_000_000)
    command = terminal("cp", str(tmp_path / "large.bin"), "interrupted:")
    eventually(lambda: "MB/s" in command.text, within=30)
    command.type(b"\x03")
    assert command.wait() == 130
    assert listed(cli, "interrupted:") == []
    space = made.stdout.decode().strip()
    again = {"space": space, "path": "large.bin", "size_bytes": 2_900_000_000}
    begun = cli("api", "POST", "/v1/uploads", "-d", json.dumps(again))
    assert begun.exit_code == 0, begun
    assert cli("volume", "rm", "interrupted").exit_code == 0


def test_a_bar_is_drawn_on_a_terminal_alone(
    cli: CommandLine, terminal: Callable[..., Terminal], volume: str, tmp_path: Path
) -> None:
    (tmp_path / "large.bin").write_bytes(bytes(20_000_000))
    command = terminal("cp", str(tmp_path / "large.bin"), f"{volume}:")
    assert command.wait() == 0
    assert "large.bin" in command.text
    assert "MB" in command.text
    assert cli("cp", str(tmp_path / "large.bin"), f"{volume}:again") == (0, b"", b"")
