"""What becomes of a command: exit codes, signals, and commands that cannot be started."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flowkit_gateway.engines.engine import StartError, State
from tests.gateway.local.attempts import UMASK, Attempts

SLATE = """
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "descriptors": sorted(os.listdir("/proc/self/fd")),
    "stdin": os.readlink("/proc/self/fd/0"),
    "blocked": int(status["SigBlk"], 16),
    "leads_its_group": os.getpgid(0) == os.getpid(),
}))
"""
C_LIBRARYS_OWN_SIGNALS = 0b11 << 31
"""Signals 32 and 33, which no program can set through the C library."""


async def test_reports_running_and_then_the_end(attempts: Attempts) -> None:
    end = await attempts.run(["echo", "hi"])

    assert attempts.states() == [State.RUNNING, State.ENDED]
    assert (end.exit_code, end.reason, end.message) == (0, "exited", None)
    assert end.output_bytes == 3
    assert end.started_at is not None
    assert end.started_at <= end.at


@pytest.mark.parametrize("code", [1, 3, 125, 255])
async def test_keeps_the_exit_code(attempts: Attempts, code: int) -> None:
    end = await attempts.shell(f"exit {code}")

    assert (end.exit_code, end.reason) == (code, "exited")


async def test_names_the_signal_that_killed_the_command(attempts: Attempts) -> None:
    end = await attempts.shell("kill -9 $$")

    assert (end.exit_code, end.reason) == (137, "exited")
    assert end.message == "killed by signal 9 (SIGKILL)"


async def test_a_missing_command_is_named(attempts: Attempts) -> None:
    end = await attempts.run(["no-such-command", "x"])

    assert (end.exit_code, end.reason) == (127, "start_failed")
    assert end.message == "command not found: no-such-command"


async def test_a_file_without_permission_is_not_run(attempts: Attempts, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o644)

    end = await attempts.run([str(script)])

    assert (end.exit_code, end.reason) == (126, "start_failed")
    assert str(script) in (end.message or "")


async def test_a_script_with_a_missing_interpreter_says_so(
    attempts: Attempts, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)

    end = await attempts.run([str(script)])

    assert (end.exit_code, end.reason) == (127, "start_failed")
    assert end.message == f"cannot run {script}: its interpreter is missing"


async def test_a_missing_working_directory_is_named(attempts: Attempts) -> None:
    end = await attempts.run(["true"], working_dir="/no/such/directory")

    assert (end.exit_code, end.reason) == (None, "start_failed")
    assert "/no/such/directory" in (end.message or "")


async def test_arguments_and_environment_arrive_byte_for_byte(attempts: Attempts) -> None:
    odd = "a b\n'\"$x* \udcff é"
    env = {"PATH": os.environ["PATH"], "ODD": odd}
    end = await attempts.run(["bash", "-c", 'printf %s "$1$ODD"', "_", odd], env=env)

    assert end.exit_code == 0
    assert attempts.output() == os.fsencode(odd) * 2


async def test_programs_are_found_in_the_commands_own_path(
    attempts: Attempts, tmp_path: Path
) -> None:
    program = tmp_path / "mine"
    program.write_text("#!/bin/sh\necho mine\n")
    program.chmod(0o755)

    await attempts.run(["mine"], env={"PATH": f"/no/such:{tmp_path}"})

    assert attempts.output() == b"mine\n"


async def test_runs_in_the_directory_that_was_asked_for(attempts: Attempts, tmp_path: Path) -> None:
    await attempts.run(["pwd"], working_dir=str(tmp_path))

    assert attempts.output().decode() == f"{tmp_path}\n"


async def test_runs_in_a_private_directory_otherwise(attempts: Attempts) -> None:
    await attempts.run(["pwd"])

    workspace = attempts.run_dir() / "workspace"
    assert attempts.output().decode() == f"{workspace}\n"
    assert workspace.stat().st_mode & 0o777 == 0o700


async def test_nothing_is_readable_by_other_users(attempts: Attempts) -> None:
    await attempts.shell("echo out; echo err >&2")

    paths = [*attempts.tasks_dir.rglob("*")]
    assert [oct(path.stat().st_mode) for path in paths if path.stat().st_mode & 0o077] == []


async def test_the_command_starts_with_a_clean_slate(attempts: Attempts) -> None:
    """No descriptor, signal mask or ignored signal of the gateway's reaches the command."""
    # The first program sees the signals as they were handed over: Python ignores some itself.
    await attempts.shell(f"grep SigIgn /proc/self/status >&2; exec python3 -I -S -c '{SLATE}'")

    slate = json.loads(attempts.output())
    # The fourth descriptor is that of listing the directory.
    assert slate["descriptors"] == ["0", "1", "2", "3"]
    assert slate["stdin"] == "/dev/null"
    assert slate["blocked"] == 0
    assert slate["leads_its_group"]
    ignored = int(attempts.output("stderr").split()[1], 16)
    assert ignored & ~C_LIBRARYS_OWN_SIGNALS == 0


async def test_an_attempt_is_started_only_once(attempts: Attempts) -> None:
    await attempts.run(["true"])

    with pytest.raises(StartError, match="before"):
        await attempts.start(["true"])


async def test_a_directory_that_cannot_be_made_is_a_start_error(attempts: Attempts) -> None:
    attempts.tasks_dir.write_text("not a directory")

    with pytest.raises(StartError, match="cannot create"):
        await attempts.start(["true"])
    attempts.tasks_dir.unlink()


async def test_discard_removes_what_is_kept(attempts: Attempts) -> None:
    await attempts.shell("mkdir locked; touch locked/x; chmod 500 locked")

    await attempts.engine.discard(attempts.task_id)

    assert not (attempts.tasks_dir / attempts.task_id).exists()


async def test_files_of_the_command_have_the_mode_that_its_user_expects(
    attempts: Attempts,
) -> None:
    await attempts.shell("umask")

    assert int(attempts.output(), 8) == UMASK
