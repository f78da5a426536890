"""Code that is sent to a gateway elsewhere, and what its tasks find of it."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowkit import Flow
from flowkit.errors import (
    Conflict,
    InvalidMount,
    InvalidPath,
    InvalidRequest,
    InvalidTaskConfig,
    PayloadTooLarge,
)
from tests.conditions import eventually
from tests.gateway.conftest import local_gateway, project
from tests.gateway.gateway_process import GatewayProcess

__all__ = ["local_gateway", "project"]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty source tree, which is the current directory."""
    # The cache of what was read before is a test's own too.
    monkeypatch.setenv("FLOWKIT_HOME", str(tmp_path / "home"))
    directory = tmp_path / "tree"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def elsewhere(tree: Path, local_gateway: GatewayProcess, project: str) -> Iterator[Flow]:
    """A Flow to a gateway that others use too."""
    with Flow(api_url=local_gateway.url, api_key=local_gateway.token, project=project) as flow:
        yield flow


def output(flow: Flow, command: str, **fields: Any) -> str:
    """Run a command to its end, and return what it printed."""
    task = flow.submit(command, wait=True, **fields)
    assert task.status == "completed", (task.message, task.logs())
    return str(task.logs())


def test_a_shared_gateway_gets_the_current_directory(elsewhere: Flow, tree: Path) -> None:
    (tree / "main.py").write_text("print('from the tree')")
    assert output(elsewhere, "python3 main.py && pwd").startswith("from the tree")
    assert output(elsewhere, "ls", code=False) == ""


def test_an_embedded_gateway_runs_in_place_unless_told_otherwise(flow: Flow, tree: Path) -> None:
    (tree / "main.py").touch()
    (tree / "other").mkdir()
    (tree / "other" / "lib.py").touch()
    assert output(flow, "pwd").strip() == str(tree)
    place, *files = output(flow, "pwd; ls", code=True).split()
    assert place != str(tree)
    assert files == ["main.py", "other"]
    assert output(flow, "ls", code="other") == "lib.py\n"
    assert output(flow, "ls", code=False) == ""


def test_another_directory_and_one_within_the_code(elsewhere: Flow, tree: Path) -> None:
    (tree / "pack" / "inner").mkdir(parents=True)
    (tree / "pack" / "inner" / "a").touch()
    assert output(elsewhere, "ls", code=tree / "pack", working_dir="inner") == "a\n"
    assert output(elsewhere, "pwd", working_dir="/") == "/\n"


def test_everything_that_a_tree_can_hold_arrives(elsewhere: Flow, tree: Path) -> None:
    (tree / "run.sh").write_text("#!/bin/sh\necho it runs\n")
    (tree / "run.sh").chmod(0o755)
    (tree / "secret").touch(0o600)
    (tree / "link").symlink_to("run.sh")
    (tree / "empty" / "deeper").mkdir(parents=True)
    names = ["ünï ço", "a b", "$HOME", "-rf", "*", "'\"", "Case", "case", "n" * 255]
    for name in names:
        (tree / name).write_text(name)
    assert output(elsewhere, "./link") == "it runs\n"
    assert output(elsewhere, "stat -c '%a %F' secret empty/deeper link").splitlines() == [
        "600 regular empty file",
        "755 directory",
        "777 symbolic link",
    ]
    listed = output(elsewhere, 'for name in *; do test -s "$name" && cat -- "$name"; done; true')
    assert all(name in listed for name in names)


def test_what_is_ignored_stays_here(elsewhere: Flow, tree: Path) -> None:
    (tree / ".gitignore").write_text("*.log\ndata/\n")
    (tree / ".flowkitignore").write_text("!keep.log\nnotes\n")
    for name in ("a.log", "keep.log", "notes", "main.py"):
        (tree / name).touch()
    for name in (".git", "data", "__pycache__", "venv"):
        (tree / name).mkdir()
        (tree / name / "file").touch()
    (tree / "venv" / "pyvenv.cfg").touch()
    assert output(elsewhere, "find . -type f | sort").split() == [
        "./.flowkitignore",
        "./.gitignore",
        "./keep.log",
        "./main.py",
    ]


def test_what_is_too_large_is_refused_by_its_largest_files(
    elsewhere: Flow, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWKIT_CODE_LIMIT", "0.001gb")
    for size in range(7):
        (tree / f"weights{size}").write_bytes(b"w" * 200_000 * size)
    with pytest.raises(PayloadTooLarge, match=r"weights6 \(1\.1 MB\), weights5") as caught:
        elsewhere.run("true")
    assert "weights1" not in str(caught.value)
    assert ".flowkitignore" in (caught.value.hint or "")
    assert list(elsewhere.tasks.list()) == []
    (tree / ".flowkitignore").write_text("weights*\n")
    assert output(elsewhere, "ls") == ""


def test_what_is_no_file_is_left_out_with_a_notice(
    elsewhere: Flow, tree: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(tree / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        # Its whole path may be too long for a socket.
        listener.bind("door")
        (tree / "file").touch()
        assert output(elsewhere, "ls") == "file\n"
    assert "left out, as it is no file" in caplog.text


@pytest.mark.parametrize(
    ("name", "problem"),
    [("line\nend", "control character"), (os.fsdecode(b"\xff\xfe"), "not UTF-8")],
)
def test_a_name_that_cannot_be_sent_is_refused(
    elsewhere: Flow, tree: Path, name: str, problem: str
) -> None:
    (tree / name).touch()
    with pytest.raises(InvalidPath, match=problem) as caught:
        elsewhere.run("true")
    assert "\n" not in caught.value.message
    (tree / ".flowkitignore").write_text("*\n!main.py\n")
    (tree / "main.py").touch()
    assert output(elsewhere, "ls") == "main.py\n"


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "loop"])
def test_a_link_that_leaves_the_tree_is_refused(elsewhere: Flow, tree: Path, target: str) -> None:
    (tree / "loop").symlink_to(target)
    with pytest.raises(InvalidPath, match="the symbolic link 'loop'"):
        elsewhere.run("true")


def test_a_deep_tree(elsewhere: Flow, tree: Path) -> None:
    path = "/".join(["deep"] * 150)
    (tree / path).mkdir(parents=True)
    (tree / path / "leaf").write_text("reached")
    assert output(elsewhere, f"cat {path}/leaf") == "reached"


def test_a_task_changes_only_its_own_copy(elsewhere: Flow, tree: Path) -> None:
    (tree / "file").write_text("as sent")
    for number in range(300):
        (tree / f"more{number}").touch()
    first = elsewhere.submit("echo changed > file; chmod 000 more1; rm more2", wait=True)
    assert first.status == "completed"
    assert output(elsewhere, "cat file; ls | wc -l") == "as sent301\n"
    assert len(list(elsewhere.snapshots.list())) == 1


def test_a_batch_and_a_sweep_send_a_tree_once(elsewhere: Flow, tree: Path) -> None:
    (tree / "value").write_text("7")
    tasks = elsewhere.submit_many([{"command": "cat value"}, {"command": "cat value; echo"}])
    for task in tasks:
        task.wait(timeout=30)
    assert [task.logs() for task in tasks] == ["7", "7\n"]
    sweep = elsewhere.sweep("echo $(cat value){N}", {"N": [1, 2]})
    sweep.wait(timeout=30)
    assert sweep.status == "completed"
    assert len(list(elsewhere.snapshots.list())) == 1


def test_each_attempt_starts_from_the_code_as_it_was_sent(elsewhere: Flow, tree: Path) -> None:
    (tree / "count").write_text("x")
    command = 'printf x >> count; cat count; test "$FLOWKIT_ATTEMPT" = 2'
    task = elsewhere.submit(command, retries=1, wait=True)
    assert (task.status, task.attempt, task.logs()) == ("completed", 2, "xx")


def test_a_plan_sends_nothing_and_says_what_is_wrong(elsewhere: Flow, tree: Path) -> None:
    assert elsewhere.tasks.plan("true").feasible
    wrong: list[dict[str, Any]] = [{"code": "nowhere"}, {"working_dir": "nowhere"}]
    for fields in wrong:
        with pytest.raises(InvalidTaskConfig, match="nowhere"):
            elsewhere.tasks.plan("true", **fields)
        with pytest.raises(InvalidTaskConfig, match="nowhere"):
            elsewhere.run("true", **fields)
    assert list(elsewhere.snapshots.list()) == []


def test_local_data_is_sent_whole_and_mounted_read_only(
    elsewhere: Flow, tree: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / ".gitignore").write_text("*.csv\n")
    (data / "my table.csv").write_text("1,2")
    (data / "link.csv").symlink_to("my table.csv")
    mounts = {"/data": str(data), "/table.csv": str(data / "link.csv")}
    assert elsewhere.tasks.plan("true", mounts=mounts).feasible
    found = output(elsewhere, "cat /table.csv '/data/my table.csv'; ls", code=False, mounts=mounts)
    assert found == "1,21,2"
    assert output(elsewhere, "! touch /data/new", code=False, mounts=mounts)
    with pytest.raises(InvalidMount, match="neither a directory nor a file"):
        elsewhere.run("true", code=False, mounts={"/data": "/dev/null"})


def test_new_code_reaches_a_task_that_runs(elsewhere: Flow, tree: Path) -> None:
    (tree / "same").write_text("s")
    (tree / "changed").write_text("old")
    (tree / "gone").write_text("g")
    task = elsewhere.run(
        "echo mine > own; echo ready; until grep -q new changed; do :; done;"
        " until test -e added/file; do :; done; cat changed own gone; ls -l changed"
    )
    eventually(lambda: "ready" in task.logs(), within=20)
    (tree / "changed").write_text("new")
    (tree / "changed").chmod(0o750)
    (tree / "gone").unlink()
    (tree / "added").mkdir()
    (tree / "added" / "file").touch()
    update = elsewhere.upload_code_to_task(task.task_id)
    assert (update.written, update.unchanged, update.size_bytes) == (2, 1, 3)
    task.wait(timeout=30)
    # What only the task has stays, also what the new code has no more.
    assert task.logs().startswith("ready\nnewmine\ng-rwxr-x---")
    with pytest.raises(Conflict, match="only a task that runs"):
        elsewhere.upload_code_to_task(task.task_id)


def test_a_program_that_reads_never_sees_half_of_a_file(elsewhere: Flow, tree: Path) -> None:
    size = 3_000_000
    (tree / "content").write_bytes(b"a" * size)
    sums = [hashlib.md5(letter * size).hexdigest() for letter in (b"a", b"b")]
    task = elsewhere.run(
        "echo ready; while true; do case $(md5sum <content) in"
        f" {sums[0]}*) ;; {sums[1]}*) echo whole; exit;; *) echo torn; exit 1;; esac; done"
    )
    eventually(lambda: "ready" in task.logs(), within=20)
    (tree / "content").write_bytes(b"b" * size)
    elsewhere.upload_code_to_task(task.task_id)
    task.wait(timeout=30)
    assert task.logs().split() == ["ready", "whole"]


def test_new_code_reaches_a_task_that_waits(elsewhere: Flow, tree: Path) -> None:
    (tree / "file").write_text("old")
    task = elsewhere.run("cat file", hold=True)
    (tree / "file").write_text("new")
    with pytest.raises(InvalidRequest, match="not within the task's workspace"):
        elsewhere.upload_code_to_task(task.task_id, target_dir="/elsewhere")
    elsewhere.upload_code_to_task(task.task_id)
    elsewhere.tasks.release(task)
    task.wait(timeout=30)
    assert task.logs() == "new"


def test_code_goes_into_a_directory_of_the_workspace(elsewhere: Flow, tree: Path) -> None:
    (tree / "file").write_text("code")
    task = elsewhere.run("echo ready; until test -e lib/file; do :; done; cat lib/file", code=False)
    eventually(lambda: "ready" in task.logs(), within=20)
    elsewhere.upload_code_to_task(task.task_id, source_dir=tree, target_dir="/workspace/lib")
    task.wait(timeout=30)
    assert task.logs() == "ready\ncode"


def test_a_task_in_place_has_no_copy_to_update(flow: Flow, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    task = flow.run("sleep 60")
    try:
        task.wait(until="running", timeout=20)
        with pytest.raises(Conflict, match="no copy to update"):
            flow.upload_code_to_task(task.task_id, source_dir=tmp_path / "code")
    finally:
        task.cancel(force=True)
