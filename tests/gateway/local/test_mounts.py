"""Mounts in a view of the task's own: what it sees, and that the machine keeps nothing of it."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit_gateway.engines.engine import BindMount, State
from flowkit_gateway.engines.local import claim
from tests.gateway.local.attempts import Attempts, marked, reached
from tests.gateway.local.test_endings import DAEMON
from tests.gateway.local.test_outcomes import SLATE

NOBODY = 65534


@pytest.fixture(autouse=True)
def _nothing_stays(target: str) -> Iterator[None]:
    before = mounted()
    yield
    assert not os.path.lexists(os.path.dirname(target))
    assert not os.path.lexists(target)
    assert [each for each in mounted() if each not in before and "flowkit" in each] == []


def mounted() -> list[str]:
    with open("/proc/self/mountinfo") as file:
        return [line.split()[4] for line in file]


def call(*command: str) -> bytes:
    return subprocess.run(command, capture_output=True, check=True).stdout


def bind(source: Path, target: str, *, read_only: bool = False) -> tuple[BindMount]:
    return (BindMount(target, source, read_only),)


async def test_a_mount_is_where_the_task_looks_for_it(
    mounting: Attempts, source: Path, target: str
) -> None:
    end = await mounting.shell(
        f"cat {target}/words && mkdir {target}/new && echo hi >{target}/new/file",
        mounts=bind(source, target),
    )

    assert (end.exit_code, end.reason) == (0, "exited"), end.message
    assert mounting.output() == b"from the source\n"
    assert (source / "new" / "file").read_text() == "hi\n"


async def test_a_read_only_mount_cannot_be_written_not_even_by_root(
    mounting: Attempts, source: Path, target: str
) -> None:
    end = await mounting.shell(
        f"cd {target}; touch new; rm words; echo more >>words; chmod 777 .; mv words other; cat *",
        mounts=bind(source, target, read_only=True),
    )

    assert end.exit_code == 0
    assert mounting.output() == b"from the source\n"
    assert mounting.output("stderr").count(b"Read-only file system") == 5
    assert os.listdir(source) == ["words"]
    assert (source / "words").read_text() == "from the source\n"


async def test_of_two_mounts_of_one_source_one_may_be_read_only(
    mounting: Attempts, source: Path, target: str
) -> None:
    mounts = bind(source, f"{target}/ro", read_only=True) + bind(source, f"{target}/rw")

    end = await mounting.shell(
        f"echo hi >{target}/rw/new && cat {target}/ro/new && ! touch {target}/ro/new",
        mounts=mounts,
    )

    assert end.exit_code == 0, mounting.output("stderr")
    assert mounting.output() == b"hi\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount below the source")
async def test_what_is_mounted_below_a_read_only_source_is_read_only_too(
    mounting: Attempts, source: Path, target: str
) -> None:
    (source / "below").mkdir()
    call("mount", "-t", "tmpfs", "none", str(source / "below"))
    try:
        end = await mounting.shell(
            f"touch {target}/below/new", mounts=bind(source, target, read_only=True)
        )
    finally:
        call("umount", str(source / "below"))

    assert end.exit_code == 1
    assert b"Read-only file system" in mounting.output("stderr")


async def test_a_file_is_mounted_as_a_file(mounting: Attempts, source: Path, target: str) -> None:
    end = await mounting.run(
        ["cat", f"{target}/w.txt"], mounts=bind(source / "words", f"{target}/w.txt")
    )

    assert (end.exit_code, mounting.output()) == (0, b"from the source\n")


async def test_a_directory_that_is_there_is_covered(
    mounting: Attempts, source: Path, tmp_path: Path
) -> None:
    covered = tmp_path / "covered"
    covered.mkdir()
    (covered / "before").touch()

    end = await mounting.run(["ls", str(covered)], mounts=bind(source, str(covered)))

    assert (end.exit_code, mounting.output()) == (0, b"words\n")
    assert [path.name for path in covered.iterdir()] == ["before"]


async def test_everything_else_is_as_on_the_machine(
    mounting: Attempts, source: Path, target: str
) -> None:
    everything = "ls -A / /usr /etc /mnt /dev /proc/self/ /sys; echo >/dev/null; readlink /bin"
    outside = call("bash", "-c", everything)

    end = await mounting.shell(everything, mounts=bind(source, target))

    assert end.exit_code == 0, mounting.output("stderr")
    added = Path(target).parent.name.encode()
    assert [
        line for line in mounting.output().splitlines() if line != added
    ] == outside.splitlines()


async def test_the_attempts_directory_stays_where_it_is(
    mounting: Attempts, source: Path, target: str, tmp_path: Path
) -> None:
    end = await mounting.shell(f"pwd; echo kept >here; ls {tmp_path}", mounts=bind(source, target))

    assert end.exit_code == 0
    assert mounting.output().splitlines()[0] == str(mounting.run_dir() / "workspace").encode()
    assert (mounting.run_dir() / "workspace" / "here").read_text() == "kept\n"


async def test_nothing_is_lost_where_the_view_differs_from_the_machine(
    mounting: Attempts, source: Path, target: str
) -> None:
    """A file that would vanish with the view cannot be created at all."""
    end = await mounting.shell(f"echo >{Path(target).parent}/file", mounts=bind(source, target))

    assert end.exit_code == 1


async def test_a_task_may_work_in_a_mount(mounting: Attempts, source: Path, target: str) -> None:
    (source / "run.sh").write_text("#!/bin/sh\npwd; cat words\n")
    (source / "run.sh").chmod(0o755)

    end = await mounting.run(["./run.sh"], working_dir=target, mounts=bind(source, target))

    assert end.exit_code == 0, end.message
    assert mounting.output() == f"{target}\nfrom the source\n".encode()


async def test_a_mount_in_the_attempts_own_workspace(mounting: Attempts, source: Path) -> None:
    inside = mounting.run_dir() / "workspace" / "deep" / "data"

    end = await mounting.run(["cat", "deep/data/words"], mounts=bind(source, str(inside)))

    assert (end.exit_code, mounting.output()) == (0, b"from the source\n")


async def test_a_link_on_the_way_to_a_target_is_followed(
    mounting: Attempts, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    end = await mounting.run(
        ["cat", f"{tmp_path}/real/words"], mounts=bind(source, f"{tmp_path}/link")
    )

    assert end.exit_code == 0, end.message


async def test_the_command_starts_with_a_clean_slate(
    mounting: Attempts, source: Path, target: str
) -> None:
    """As without mounts, though it is another code that starts it."""
    await mounting.run(["python3", "-I", "-S", "-c", SLATE], task_id="plain")

    await mounting.run(["python3", "-I", "-S", "-c", SLATE], mounts=bind(source, target))

    assert mounting.output() == mounting.output(task_id="plain")


async def test_a_missing_command_is_named(mounting: Attempts, source: Path, target: str) -> None:
    end = await mounting.run(["no-such-command"], mounts=bind(source, target))

    assert (end.exit_code, end.reason) == (127, "start_failed")
    assert end.message == "command not found: no-such-command"


async def test_a_place_in_which_the_task_writes_is_not_replaced(
    mounting: Attempts, source: Path, tmp_path: Path
) -> None:
    where = f"{tmp_path}/data"

    end = await mounting.run(["true"], working_dir=str(tmp_path), mounts=bind(source, where))

    assert end.reason == "start_failed"
    assert end.message == (
        f"cannot mount at {where}: it is not there, and the task writes to {tmp_path};"
        " create it, or choose another target"
    )
    assert "data" not in os.listdir(tmp_path)


async def test_a_place_in_which_everybody_writes_is_not_replaced(
    mounting: Attempts, source: Path, target: str
) -> None:
    end = await mounting.run(["true"], mounts=bind(source, f"/tmp{target}"))

    assert end.reason == "start_failed"
    assert "the task writes to /tmp" in (end.message or "")


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (["{target}", "{target}/in"], "cannot mount at {target}/in: it is inside of {target}"),
        (["{target}", "{target}"], "cannot mount at {target}: it is taken"),
        (["/"], "cannot mount at /: it is taken"),
        (["/etc/hosts"], "cannot mount {source} at /etc/hosts: it is a file"),
        (["/etc/hosts/in"], "cannot mount at /etc/hosts/in: /etc/hosts is not a directory"),
    ],
)
async def test_targets_that_cannot_be(
    mounting: Attempts, source: Path, target: str, targets: list[str], message: str
) -> None:
    mounts = tuple(BindMount(each.format(target=target), source, False) for each in targets)

    end = await mounting.run(["true"], mounts=mounts)

    assert (end.exit_code, end.reason) == (None, "start_failed")
    assert end.message == message.format(target=target, source=source)


async def test_a_source_that_is_gone_is_named(
    mounting: Attempts, tmp_path: Path, target: str
) -> None:
    end = await mounting.run(["true"], mounts=bind(tmp_path / "gone", target))

    assert end.reason == "start_failed"
    assert end.message == f"cannot mount {tmp_path}/gone: it is not there"


async def test_a_daemon_ends_with_its_task(mounting: Attempts, source: Path, target: str) -> None:
    end = await mounting.run(
        ["python3", "-I", "-S", "-c", DAEMON], grace_period=0.1, mounts=bind(source, target)
    )

    assert (end.reason, end.exit_code) == ("exited", 0)
    assert marked(mounting.task_id) == []


async def test_max_run_time(mounting: Attempts, source: Path, target: str) -> None:
    end = await mounting.run(["sleep", "1000"], max_run_time=0.1, mounts=bind(source, target))

    assert (end.reason, end.exit_code) == ("max_run_time", 143)


async def test_memory_is_bounded(mounting: Attempts, source: Path, target: str) -> None:
    hog = "held = b'x' * 200_000_000; import time; time.sleep(1000)"
    end = await mounting.run(
        ["python3", "-I", "-S", "-c", hog], memory_bytes=100_000_000, mounts=bind(source, target)
    )

    assert (end.reason, end.exit_code) == ("out_of_memory", 137)


@pytest.mark.parametrize("force", [False, True])
async def test_cancel(mounting: Attempts, source: Path, target: str, force: bool) -> None:
    await mounting.start(["bash", "-c", "echo up; sleep 1000"], mounts=bind(source, target))
    await mounting.written(b"up")

    await mounting.engine.cancel(mounting.task_id, 1, force=force)

    assert (await mounting.end()).reason == "cancelled"
    assert marked(mounting.task_id) == []


async def test_cancel_while_mounts_are_being_made(
    mounting: Attempts, source: Path, target: str
) -> None:
    await mounting.start(["sleep", "1000"], mounts=bind(source, target))

    await mounting.engine.cancel(mounting.task_id, 1, force=False)

    assert (await mounting.end()).reason == "cancelled"


async def test_a_killed_supervisor_leaves_nothing(
    mounting: Attempts, source: Path, target: str
) -> None:
    await mounting.start(
        ["bash", "-c", "setsid sleep 1000 & echo up; sleep 1000"], mounts=bind(source, target)
    )
    await mounting.written(b"up")
    owner = await reached(lambda: claim.read(str(mounting.run_dir())))

    os.kill(owner.pid, signal.SIGKILL)

    assert (await mounting.end()).state is State.LOST
    assert marked(mounting.task_id) == []


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.002, 0.004, 0.008])
async def test_a_supervisor_that_is_killed_while_mounts_are_made_leaves_nothing(
    mounting: Attempts, source: Path, target: str, delay: float
) -> None:
    await mounting.start(["sleep", "1000"], mounts=bind(source, target))
    owner = await reached(lambda: claim.read(str(mounting.run_dir())))
    await asyncio.sleep(delay)

    os.kill(owner.pid, signal.SIGKILL)

    assert (await mounting.end()).state is State.LOST
    assert marked(mounting.task_id) == []


AS_NOBODY = """
import ctypes, os, sys
from flowkit_gateway.engines.local.mount_namespace import Mount, enter
writable, readable, target = sys.argv[1:4]
if os.geteuid() == 0:
    os.setgid(int(sys.argv[4])); os.setuid(int(sys.argv[4]))
    # As a process is that was this user's from its start.
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
enter([
    Mount(target=target + "/rw", source=writable, read_only=False),
    Mount(target=target + "/ro", source=readable, read_only=True),
], "/nowhere", ())
os.execv("/bin/sh", ["sh", "-c", sys.argv[5]])
"""


def test_an_ordinary_user_has_mounts_too(mounting: Attempts, target: str) -> None:
    """In a user namespace, in which the task keeps its user and gains no right."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        (writable := Path(directory, "writable")).mkdir()
        writable.chmod(0o777)
        script = f"cd {shlex.quote(target)}; id -u; echo hi >rw/new; touch ro/new; umount rw"

        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, writable, writable, target, str(NOBODY), script],
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.stdout == f"{os.geteuid() or NOBODY}\n", done.stderr
        assert "Read-only file system" in done.stderr
        assert "umount" in done.stderr
        assert (writable / "new").read_text() == "hi\n"
        assert (writable / "new").stat().st_uid == (os.geteuid() or NOBODY)
