"""What answers without a gateway answers at once: nothing heavy is imported for it."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowkit._version import __version__
from tests.unit.cli.program import environment, flowkit

HEAVY = {"attrs", "dateutil", "httpx", "msgspec", "rich", "yaml", "asyncio", "ssl", "flowkit_api"}


def imported(home: Path, *arguments: str) -> set[str]:
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "flowkit", *arguments],
        capture_output=True,
        env=environment(home),
        cwd=home,
        check=True,
    )
    lines = process.stderr.decode().splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["-h"], []])
def test_version_and_help_need_not_even_click(tmp_path: Path, arguments: list[str]) -> None:
    assert not imported(tmp_path, *arguments) & (HEAVY | {"click", "inspect", "re", "typing"})


@pytest.mark.parametrize("command", ["run", "ps", "logs", "gateway", "config", "api"])
def test_help_of_a_command_imports_only_click_and_its_own_module(
    tmp_path: Path, command: str
) -> None:
    modules = imported(tmp_path, command, "--help")
    assert not modules & HEAVY
    others = {"flowkit.cli.completion", "flowkit.cli.events", "flowkit.cli.wait"}
    assert not modules & others


def test_version_is_printed(tmp_path: Path) -> None:
    finished = flowkit(tmp_path, "--version")
    assert finished == (0, f"flowkit {__version__}\n".encode(), b"")


def test_version_after_another_option_is_the_same(tmp_path: Path) -> None:
    assert flowkit(tmp_path, "--project", "a", "--version") == flowkit(tmp_path, "--version")


def test_help_after_another_option_is_the_same(tmp_path: Path) -> None:
    assert flowkit(tmp_path, "--project", "a", "--help") == flowkit(tmp_path, "--help")


def test_help_names_every_command(tmp_path: Path) -> None:
    from flowkit.cli.overview import COMMANDS

    text = flowkit(tmp_path, "--help").stdout.decode()
    for name, (_, summary) in COMMANDS.items():
        assert f"  {name} " in text
        assert summary in text


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_version_and_help_take_little_more_than_python_itself(
    tmp_path: Path, arguments: list[str]
) -> None:
    def median(command: list[str]) -> float:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            subprocess.run(command, env=environment(tmp_path), capture_output=True, check=True)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    bare = median([sys.executable, "-c", "pass"])
    assert median([sys.executable, "-m", "flowkit", *arguments]) < 4 * bare
