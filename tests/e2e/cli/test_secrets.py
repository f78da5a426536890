"""`secret`, `profile-file`, `outputs`, `gateway gc` on a real gateway."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conditions import eventually
from tests.e2e.cli.conftest import CommandLine, Terminal

VALUE = "s3cret-0123456789"
SCRIPT = "mkdir -p run/best; printf 1 > run/a; printf 22 > run/best/b; echo done"


def test_a_secret_from_stdin_reaches_a_task_and_is_not_shown(cli: CommandLine) -> None:
    content = f"{VALUE}\nsecond line\n".encode()
    kept = cli("secret", "set", "FROM_STDIN", stdin=content)
    assert (kept.exit_code, kept.stdout) == (0, b"")
    assert kept.error == ["flowkit: FROM_STDIN is set"]
    for form in ("table", "json"):
        listed = cli("secret", "ls", "-o", form)
        assert b"FROM_STDIN" in listed.stdout
        assert VALUE.encode() not in listed.stdout
    ran = cli("run", "--secret", "FROM_STDIN", "--", "sh", "-c", 'printf %s "$FROM_STDIN"')
    assert ran.stdout == content.removesuffix(b"\n")
    assert cli("secret", "rm", "FROM_STDIN").stdout == b"FROM_STDIN\n"
    assert cli("secret", "rm", "FROM_STDIN").exit_code == 3


def test_a_value_on_the_command_line_is_warned_about(cli: CommandLine) -> None:
    kept = cli("secret", "set", "GIVEN", VALUE)
    assert kept.exit_code == 0
    assert "shell's history" in kept.error[0]
    assert VALUE not in "".join(kept.error)
    document = json.loads(cli("secret", "set", "GIVEN", "-", "-o", "json", stdin=b"x").stdout)
    assert document["name"] == "GIVEN"
    assert "value" not in document


def test_a_terminal_is_asked_without_echo(
    cli: CommandLine, terminal: Callable[..., Terminal]
) -> None:
    asked = terminal("secret", "set", "TYPED")
    eventually(lambda: "TYPED: " in asked.text)
    asked.type(f"{VALUE}\n".encode())
    assert asked.wait() == 0
    assert VALUE not in asked.text
    assert "TYPED is set" in asked.text
    ran = cli("run", "--secret", "TYPED", "--", "sh", "-c", 'echo "$TYPED"')
    assert ran.stdout.decode() == f"{VALUE}\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["secret", "set", "A"], b"", "the value of A is empty"),
        (["secret", "set", "A"], b"\n", "the value of A is empty"),
        (["secret", "set", "A"], b"s3cret\xff", "the value on stdin is not UTF-8 text"),
        (["secret", "set", "A"], b"s3cret\0x", "a secret's value holds a NUL character"),
        (["secret", "set", "A"], b"s3cret" * 30000, "a secret's value is longer than 131072"),
        (["secret", "set", "s3cret value"], b"x", "that is not a secret's name"),
        (["profile-file", "put", "../x"], b"x", "invalid path '../x' of a profile file"),
        (["profile-file", "put", "/etc/x"], b"x", "invalid path '/etc/x' of a profile file"),
        (["profile-file", "put", "x", "--mode", "999"], b"x", "--mode: '999' is no mode"),
        (["profile-file", "put", "x"], b"x" * 65537, "a profile file has 65537 bytes"),
        (["profile-file", "put", "x"], b"\xff", "a profile file is not UTF-8 text"),
        (["gateway", "gc", "--kind", "logs"], b"", "--kind: 'logs' is not one of workspace"),
        (["gateway", "gc", "--older-than", "7"], b"", "--older-than: invalid duration '7'"),
        (["gateway", "serve", "--gc-age", "x=1d"], b"", "--gc-age: 'x=1d' is not KIND=AGE"),
        (["gateway", "serve", "--gc-age", "cache=1"], b"", "--gc-age: invalid duration '1'"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_that_shows_no_secret(
    cli: CommandLine, arguments: list[str], stdin: bytes, message: str
) -> None:
    finished = cli(*arguments, stdin=stdin)
    assert (finished.exit_code, finished.stdout) == (2, b"")
    assert finished.error[0].startswith(f"flowkit: error: {message}")
    assert finished.error[1].startswith("hint: ")
    assert b"s3cret" not in finished.stderr


def test_a_profile_file_is_kept_shown_and_forgotten(cli: CommandLine) -> None:
    kept = cli("profile-file", "put", "~/.netrc", "--mode", "640", stdin=b"machine x\n")
    assert kept.stdout == b".netrc\n"
    assert "your own home" in kept.error[0]
    row = cli("profile-file", "ls").stdout.decode().splitlines()[1].split()
    assert row[:3] == [".netrc", "640", "10"]
    assert cli("profile-file", "cat", ".netrc").stdout == b"machine x\n"
    cli("profile-file", "put", ".netrc", stdin=b"")
    assert cli("profile-file", "cat", ".netrc").stdout == b""
    assert cli("profile-file", "rm", ".netrc").exit_code == 0
    assert cli("profile-file", "cat", ".netrc").exit_code == 3


def test_a_terminal_is_no_file(terminal: Callable[..., Terminal]) -> None:
    asked = terminal("profile-file", "put", ".netrc")
    assert asked.wait() == 2
    assert "flowkit profile-file put .netrc < FILE" in asked.text


def test_outputs_are_listed_and_downloaded(cli: CommandLine, tmp_path: Path) -> None:
    ran = cli("run", "--name", "kept", "--outputs", "run", "--", "sh", "-c", SCRIPT)
    assert ran.exit_code == 0
    lines = cli("outputs", "kept").stdout.decode().splitlines()
    assert [line.split()[-1] for line in lines] == [
        "PATH",
        "run/",
        "run/a",
        "run/best/",
        "run/best/b",
    ]
    found = json.loads(cli("outputs", "kept", "run/best", "-o", "json").stdout)
    assert [(file["path"], file["size_bytes"]) for file in found] == [("run/best/b", 2)]
    into = tmp_path / "results"
    got = cli("outputs", "kept", "--into", str(into))
    assert got.error[-1] == f"flowkit: received 2, 3 B in all, into {into}"
    assert (into / "run/best/b").read_text() == "22"
    document = json.loads(cli("outputs", "kept", "run/a", "--into", str(into), "-o", "json").stdout)
    assert (document["files"], document["size_bytes"]) == (1, 1)
    assert cli("outputs", "kept", "gone").exit_code == 3
    assert cli("outputs", "none-of-this-name").exit_code == 3


def test_garbage_is_named_before_it_goes(fresh: CommandLine) -> None:
    with_workspace = {"command": ["sh", "-c", "printf 123 > file"]}
    task = json.loads(fresh("api", "POST", "/v1/tasks", "-d", json.dumps(with_workspace)).stdout)[
        "id"
    ]
    fresh("wait", task)
    report = json.loads(fresh("gateway", "gc", "--dry-run", "-o", "json").stdout)
    assert report == {"dry_run": True, "items": [], "size_bytes": 0}
    assert fresh("gateway", "gc").error == ["flowkit: nothing is old"]

    def named() -> list[str]:
        return (
            fresh("gateway", "gc", "--dry-run", "--older-than", "1s").stdout.decode().splitlines()
        )

    _, row = eventually(named)
    assert row.split()[:4] == ["workspace", task, "3", "B"]
    gone = fresh("gateway", "gc", "--older-than", "1s", "--kind", "workspace")
    assert gone.error == ["flowkit: gone: 1, 3 B in all"]
    assert named() == []
