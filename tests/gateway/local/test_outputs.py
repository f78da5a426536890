"""What is kept of a task's files, whatever became of the task."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit_gateway.engines.engine import BindMount, State
from flowkit_gateway.engines.local import claim, outputs
from flowkit_gateway.engines.local.command import Job
from tests.gateway.local.attempts import Attempts, reached

TREE = """
mkdir -p checkpoints/1 checkpoints/2 logs/deep empty
echo one >checkpoints/1/model.pt; echo two >checkpoints/2/model.pt
echo notes >checkpoints/1/notes.txt
echo log >logs/a.log; echo deep >logs/deep/b.log
echo '{}' >metrics.json; echo '[1]' >"odd[1].txt"; echo hidden >.hidden
ln -s 2 checkpoints/latest
"""


def kept(directory: Path) -> set[str]:
    """Name everything below a directory but for directories with something in them."""
    return {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir())
    }


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    directory = tmp_path / "tree"
    directory.mkdir()
    subprocess.run(["bash", "-c", TREE], cwd=directory, check=True)
    return directory


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    directory = tmp_path / "run"
    directory.mkdir()
    return directory


def never() -> bool:
    return False


def job(run_dir: Path, tree: Path, *patterns: str) -> Job:
    return {
        "run_dir": str(run_dir),
        "workspace": str(run_dir / "workspace"),
        "num_instances": 1,
        "command": [],
        "env": {},
        "working_dir": str(tree),
        "mounts": [],
        "outputs": list(patterns),
        "max_run_time": None,
        "grace_period": 1.0,
        "max_output_bytes": 0,
        "memory_bytes": None,
        "memory_root": None,
    }


CHECKPOINTS = {
    "checkpoints/1/model.pt",
    "checkpoints/1/notes.txt",
    "checkpoints/2/model.pt",
    "checkpoints/latest",
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("metrics.json", {"metrics.json"}),
        ("./metrics.json", {"metrics.json"}),
        ("checkpoints/", CHECKPOINTS),
        ("checkpoints", CHECKPOINTS),
        ("checkpoints/*/model.pt", {"checkpoints/1/model.pt", "checkpoints/2/model.pt"}),
        ("checkpoints/?", CHECKPOINTS - {"checkpoints/latest"}),
        ("checkpoints/[2-9]", {"checkpoints/2/model.pt"}),
        ("checkpoints/latest/model.pt", {"checkpoints/latest/model.pt"}),
        ("*.json", {"metrics.json"}),
        ("**/*.log", {"logs/a.log", "logs/deep/b.log"}),
        ("logs/**", {"logs/a.log", "logs/deep/b.log"}),
        ("**/deep/*", {"logs/deep/b.log"}),
        ("odd[[]1[]].txt", {"odd[1].txt"}),
        ("empty", {"empty"}),
        ("no-such-file", set()),
        ("no-such-directory/*", set()),
        ("../*", set()),
        ("metrics.json/x", set()),
        (".hidden", {".hidden"}),
    ],
)
def test_patterns(run_dir: Path, tree: Path, pattern: str, expected: set[str]) -> None:
    assert outputs.keep(job(run_dir, tree, pattern), never) == ""

    assert kept(run_dir / "outputs") == expected


def test_two_stars_are_everything_and_patterns_may_overlap(run_dir: Path, tree: Path) -> None:
    assert outputs.keep(job(run_dir, tree, "metrics.json", "**", "checkpoints"), never) == ""

    assert kept(run_dir / "outputs") == kept(tree)


def test_contents_modes_and_times_are_kept(run_dir: Path, tree: Path) -> None:
    (tree / "checkpoints" / "1").chmod(0o555)
    (tree / "metrics.json").chmod(0o640)
    os.utime(tree / "metrics.json", ns=(10**18, 10**18 + 1))
    os.utime(tree / "checkpoints", ns=(10**18, 10**18 + 2))

    outputs.keep(job(run_dir, tree, "**"), never)

    for path in ("metrics.json", "checkpoints", "checkpoints/1", "checkpoints/1/model.pt"):
        before, after = (tree / path).stat(), (run_dir / "outputs" / path).stat()
        assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert (run_dir / "outputs" / "checkpoints" / "1" / "model.pt").read_text() == "one\n"
    assert os.readlink(run_dir / "outputs" / "checkpoints" / "latest") == "2"
    # Another name of the same file would change when that does.
    assert (run_dir / "outputs" / "metrics.json").stat().st_nlink == 1
    (tree / "checkpoints" / "1").chmod(0o755)
    (run_dir / "outputs" / "checkpoints" / "1").chmod(0o755)


def test_what_leads_out_or_is_no_file_is_left_out(run_dir: Path, tree: Path) -> None:
    (tree / "metrics.json").unlink()
    (tree / "passwd").symlink_to("/etc/passwd")
    (tree / "up").symlink_to("../run")
    (tree / "logs" / "up").symlink_to("../../run")
    (tree / "logs" / "beside").symlink_to("../empty")
    (tree / "absolute").symlink_to(tree / "empty")
    os.mkfifo(tree / "pipe")

    assert outputs.keep(job(run_dir, tree, "**", "up/*", "passwd"), never) == ""

    left_out = {"passwd", "up", "logs/up", "absolute", "pipe"}
    assert kept(run_dir / "outputs") == kept(tree) - left_out


def test_the_attempts_own_directory_is_not_kept_in_itself(tree: Path) -> None:
    run_dir = tree / "run"
    run_dir.mkdir()

    assert outputs.keep(job(run_dir, tree, "**"), never) == ""

    assert "run" not in os.listdir(run_dir / "outputs")


def test_a_name_that_is_no_text_is_kept(run_dir: Path, tree: Path) -> None:
    name = os.fsdecode(b"\xff\n")
    (tree / name).write_text("odd")

    assert outputs.keep(job(run_dir, tree, "*"), never) == ""

    assert (run_dir / "outputs" / name).read_text() == "odd"


def test_who_cannot_wait_is_told_that_not_all_was_kept(run_dir: Path, tree: Path) -> None:
    asked = iter([False, False, True])

    message = outputs.keep(job(run_dir, tree, "**"), lambda: next(asked))

    assert message == "not all outputs were kept, as the task was to end at once"
    assert (run_dir / "outputs").is_dir()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    directory = tmp_path / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(directory)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    yield directory
    subprocess.run(["umount", str(directory)], check=True)


def test_what_the_disk_cannot_hold_is_named_and_the_rest_kept(small_disk: Path, tree: Path) -> None:
    (tree / "big").write_bytes(bytes(8_000_000))

    message = outputs.keep(job(small_disk, tree, "big", "metrics.json"), never)

    assert message == "output not kept: big: No space left on device"
    assert kept(small_disk / "outputs") == {"metrics.json"}
    (tree / "bigger").write_bytes(bytes(8_000_000))
    os.rename(small_disk / "outputs", small_disk / "first")
    message = outputs.keep(job(small_disk, tree, "big*"), never)
    assert message == "2 outputs not kept, the first: big: No space left on device"


async def test_outputs_of_the_workspace_are_other_names_of_its_files(attempts: Attempts) -> None:
    end = await attempts.shell(f"{TREE} exit 3", outputs=("checkpoints", "*.json"))

    assert (end.exit_code, end.reason, end.message) == (3, "exited", None)
    assert kept(attempts.run_dir() / "outputs") == CHECKPOINTS | {"metrics.json"}
    assert (attempts.run_dir() / "outputs" / "metrics.json").samefile(
        attempts.run_dir() / "workspace" / "metrics.json"
    )
    assert stat.S_IMODE((attempts.run_dir() / "outputs").stat().st_mode) == 0o700


async def test_outputs_of_a_directory_that_others_use_are_copies(
    attempts: Attempts, tree: Path
) -> None:
    await attempts.run(["true"], working_dir=str(tree), outputs=("*.json",))

    copy = attempts.run_dir() / "outputs" / "metrics.json"
    assert copy.read_text() == "{}\n"
    assert not copy.samefile(tree / "metrics.json")


async def test_outputs_of_a_task_that_worked_in_a_mount(
    mounting: Attempts, tree: Path, target: str
) -> None:
    await mounting.run(
        ["touch", "new.json"],
        working_dir=target,
        mounts=(BindMount(target, tree, False),),
        outputs=("*.json",),
    )

    assert kept(mounting.run_dir() / "outputs") == {"metrics.json", "new.json"}


async def test_a_task_without_outputs_keeps_none(attempts: Attempts) -> None:
    await attempts.shell(TREE)

    assert "outputs" not in os.listdir(attempts.run_dir())


async def test_a_cancelled_task_keeps_its_outputs(attempts: Attempts) -> None:
    await attempts.start(
        [
            "bash",
            "-c",
            f"{TREE} trap 'echo last >last.json; exit' TERM; echo up; sleep 1000 & wait",
        ],
        outputs=("*.json",),
    )
    await attempts.written(b"up")

    await attempts.engine.cancel(attempts.task_id, 1, force=False)

    assert (await attempts.end()).message == "cancelled"
    assert kept(attempts.run_dir() / "outputs") == {"metrics.json", "last.json"}


@pytest.mark.parametrize("ending", ["killed", "max_run_time"])
async def test_a_task_that_was_killed_keeps_its_outputs(attempts: Attempts, ending: str) -> None:
    await attempts.start(
        ["bash", "-c", f"{TREE} echo up; sleep 1000"],
        outputs=("*.json",),
        max_run_time=0.5 if ending == "max_run_time" else None,
    )
    await attempts.written(b"up")
    if ending == "killed":
        await attempts.engine.cancel(attempts.task_id, 1, force=True)

    await attempts.end()

    assert kept(attempts.run_dir() / "outputs") == {"metrics.json"}


async def test_a_loss_is_said_beside_what_became_of_the_task(
    attempts: Attempts, tree: Path
) -> None:
    end = await attempts.shell(
        f"mkdir {attempts.run_dir()}/outputs.partial; kill -9 $$",
        working_dir=str(tree),
        outputs=("*.json",),
    )

    assert end.exit_code == 137
    assert end.message == ("killed by signal 9 (SIGKILL); outputs could not be kept: File exists")


async def test_a_supervisor_that_is_killed_keeps_nothing_half(
    attempts: Attempts, tmp_path: Path
) -> None:
    """Held up by so many files that it is still at it when it is killed."""
    many = tmp_path / "many"
    many.mkdir()
    for number in range(20_000):
        (many / str(number)).touch()
    await attempts.start(["true"], working_dir=str(many), outputs=("*",))
    owner = await reached(lambda: claim.read(str(attempts.run_dir())))
    await reached((attempts.run_dir() / "outputs.partial").exists)

    os.kill(owner.pid, signal.SIGKILL)

    assert (await attempts.end()).state is State.LOST
    left = os.listdir(attempts.run_dir())
    assert "outputs" not in left
    assert "outputs.partial" not in left
    reopened = await attempts.reopen()
    await reopened.attach()
    assert (await reopened.end()).state is State.LOST


async def test_an_outcome_says_when_its_outputs_were_there(attempts: Attempts) -> None:
    await attempts.shell("echo {} >a.json", outputs=("a.json",))

    outcome = json.loads((attempts.run_dir() / "exit").read_text())
    assert (attempts.run_dir() / "outputs").stat().st_ctime <= outcome["finished_at"]
