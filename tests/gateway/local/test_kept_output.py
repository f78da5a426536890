"""What is kept of a command's output: every byte, in order, within the limit and the disk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from flowkit_gateway.engines.local.output import RECORD, STDERR, STDOUT, Output
from flowkit_gateway.logs.reader import AttemptLog, View
from tests.gateway.local.attempts import Attempts

NOTICE = b"flowkit: output limit of %d bytes reached; the rest is discarded\n"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    directory = tmp_path / "small"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", directory], check=True)
    yield directory
    # Lazily: the supervisor of a test that failed may still hold it.
    subprocess.run(["umount", "-l", directory], check=True)


@pytest.fixture
async def cramped(small_disk: Path) -> AsyncIterator[Attempts]:
    """An engine whose run directories are on a file system of 64 KiB."""
    async with Attempts(small_disk / "tasks") as attempts:
        yield attempts


def index(run_dir: Path) -> list[tuple[int, ...]]:
    return list(RECORD.iter_unpack((run_dir / "index").read_bytes()))


def assert_sound(run_dir: Path) -> None:
    """The index ascends, and claims exactly the bytes that the streams have."""
    ends = {STDOUT: 0, STDERR: 0}
    for merged, end, _, stream in index(run_dir):
        assert end > ends[stream]
        ends[stream] = end
        assert merged == sum(ends.values())
    for stream, name in ((STDOUT, "stdout"), (STDERR, "stderr")):
        size = (run_dir / name).stat().st_size if (run_dir / name).exists() else 0
        assert size == ends[stream]


async def test_output_is_kept_byte_for_byte(attempts: Attempts) -> None:
    script = "import os; os.write(1, bytes(range(256)) * 4096); os.write(2, b'no newline')"
    end = await attempts.run(["python3", "-I", "-S", "-c", script])

    assert attempts.output() == bytes(range(256)) * 4096
    assert attempts.output("stderr") == b"no newline"
    assert end.output_bytes == (1 << 20) + 10
    assert_sound(attempts.run_dir())


async def test_streams_are_kept_in_the_order_of_arrival(attempts: Attempts) -> None:
    script = "for i in {1..20}; do echo out$i; sleep 0.01; echo err$i >&2; sleep 0.01; done"
    await attempts.shell(script)

    chunks = AttemptLog(attempts.run_dir(), complete=True).read(View.MERGED, 0, 1 << 20)
    text = b"".join(chunk.data for chunk in chunks).decode().split()
    assert text == [f"{stream}{i}" for i in range(1, 21) for stream in ("out", "err")]


async def test_much_output_is_kept(attempts: Attempts) -> None:
    await attempts.shell("seq 2000000 | head -c 8000000")

    kept = attempts.output()
    assert len(kept) == 8_000_000
    assert kept.startswith(b"1\n2\n3\n")
    assert_sound(attempts.run_dir())


async def test_a_silent_command_leaves_no_log(attempts: Attempts) -> None:
    await attempts.run(["true"])

    left = sorted(path.name for path in attempts.run_dir().iterdir())
    assert left == ["claim", "exit", "workspace"]


async def test_output_beyond_the_limit_is_counted_and_noted(attempts: Attempts) -> None:
    end = await attempts.shell("head -c 300000 /dev/zero; echo err >&2", max_output_bytes=100_000)

    assert end.exit_code == 0
    assert attempts.output() == bytes(100_000)
    assert attempts.output("stderr") == NOTICE % 100_000
    assert end.output_dropped_bytes == 200_004
    assert_sound(attempts.run_dir())


async def test_output_of_exactly_the_limit_is_all_kept(attempts: Attempts) -> None:
    end = await attempts.shell("printf 12345; printf 67890 >&2", max_output_bytes=10)

    assert (attempts.output(), attempts.output("stderr")) == (b"12345", b"67890")
    assert end.output_dropped_bytes == 0


def test_the_notice_is_a_line_of_its_own(tmp_path: Path) -> None:
    output = Output(str(tmp_path), 7)
    output.write(STDERR, b"half a line")

    assert (tmp_path / "stderr").read_bytes() == b"half a \n" + NOTICE % 7
    assert output.dropped == 4


async def test_a_full_disk_costs_output_and_nothing_else(cramped: Attempts) -> None:
    end = await cramped.shell("head -c 1000000 /dev/zero; echo last >&2; exit 7")

    assert (end.exit_code, end.reason) == (7, "exited")
    notices = len(cramped.output("stderr").removesuffix(b"last\n"))
    assert end.output_bytes - notices + end.output_dropped_bytes == 1_000_005
    assert end.output_bytes > 0
    # Whether the index still found room or not, all that was kept can be read.
    chunks = AttemptLog(cramped.run_dir(), complete=True).read(View.MERGED, 0, 1 << 20)
    assert sum(len(chunk.data) for chunk in chunks) == end.output_bytes


def test_output_goes_on_once_a_full_disk_has_room_again(small_disk: Path) -> None:
    output = Output(str(small_disk), 1 << 30)
    output.write(STDOUT, b"early")
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(bytes(1 << 20))
    output.write(STDOUT, bytes(10_000))
    lost = output.dropped
    assert lost > 0

    ballast.unlink()
    output.write(STDOUT, b"late")

    assert (small_disk / "stdout").read_bytes() == b"early" + bytes(10_000 - lost) + b"late"
    last_notice = (small_disk / "stderr").read_bytes().splitlines()[-1]
    assert last_notice == b"flowkit: %d bytes of output were lost here" % lost
    assert output.dropped == lost
    assert_sound(small_disk)


def test_the_index_catches_up_with_the_streams(small_disk: Path) -> None:
    """Here the disk is full for the index while the stream's last page still has room."""
    output = Output(str(small_disk), 1 << 30)
    output.write(STDOUT, b"a")
    for _ in range(127):
        output.write(STDERR, b"b")
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(bytes(1 << 20))
    output.write(STDOUT, b"c")
    assert (small_disk / "stdout").read_bytes() == b"ac"
    assert len(index(small_disk)) == 128

    ballast.unlink()
    output.write(STDERR, b"d")

    assert_sound(small_disk)
    assert [record[3] for record in index(small_disk)[-2:]] == [STDOUT, STDERR]
    assert output.dropped == 0


async def test_a_task_that_finds_no_room_to_start_says_so(
    small_disk: Path, cramped: Attempts
) -> None:
    with pytest.raises(OSError, match="No space"):
        (small_disk / "ballast").write_bytes(bytes(1 << 20))

    end = await cramped.run(["true"])

    assert (end.reason, end.exit_code) == ("start_failed", None)
    assert "never started" in (end.message or "")
    assert "disk" in (end.message or "")
