"""What the README and the documents show is run, and does what they say.

Every `python` and `sh` block runs as it stands, in a copy of `examples/`' surroundings and a home
of its own. A block that cannot run here says why, in a comment before it: `<!-- not run: ... -->`.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.isolated_home import isolated_home

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
FENCE = re.compile(
    r"(?:<!-- not run: (?P<reason>[^>]+) -->\n)?"
    r"^```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TIME_LIMIT = 60
EXAMPLE_PORT = "8766"
"""What blocks that serve a gateway write; two runs of these tests must not meet there."""


class Block(NamedTuple):
    """A fenced block of a document."""

    document: Path
    line: int
    language: str
    code: str
    reason: str | None
    """Why it is not run."""

    @property
    def id(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks() -> list[Block]:
    found = []
    for document in DOCUMENTS:
        text = document.read_text()
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start("language")) + 1
            found.append(Block(document, line, match["language"], match["code"], match["reason"]))
    return found


RUNNABLE = [block for block in blocks() if block.language in ("python", "sh") and not block.reason]
RECORDINGS = [block for block in blocks() if block.language == "console"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with isolated_home(tmp_path_factory.mktemp("home")) as environment:
        yield environment


@pytest.fixture
def surroundings(tmp_path: Path) -> Path:
    """A directory with the examples in it, where blocks may write files."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


@pytest.mark.parametrize("block", RUNNABLE, ids=[block.id for block in RUNNABLE])
def test_a_block_runs(block: Block, environment: dict[str, str], surroundings: Path) -> None:
    interpreter = {
        "python": [sys.executable, "-c"],
        "sh": ["bash", "-euo", "pipefail", "-c"],
    }[block.language]
    done = subprocess.run(
        [*interpreter, block.code.replace(EXAMPLE_PORT, str(unused_port()))],
        cwd=surroundings,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for expected in re.findall(r"# prints (.+)$", block.code, re.MULTILINE):
        assert expected in done.stdout


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("block", RECORDINGS, ids=[block.id for block in RECORDINGS])
def test_a_recording_is_what_happens(block: Block, surroundings: Path, tmp_path: Path) -> None:
    """Numbers, ids and times may differ; every other character is as recorded."""
    with isolated_home(tmp_path / "home") as environment:
        for command, recorded in parse_recording(block.code):
            assert shape(output_of(command, surroundings, environment)) == shape(recorded)


def output_of(command: str, directory: Path, environment: dict[str, str]) -> str:
    """What a shell command prints, stdout and stderr together."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    return done.stdout


def parse_recording(text: str) -> list[tuple[str, str]]:
    """The commands of a recording, each with what it printed."""
    parts = re.split(r"^\$ (.+)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def shape(output: str) -> list[str]:
    """Output without what differs from run to run; stdout and stderr may be woven differently."""
    text = re.sub(r"task_[0-9a-z]{26}", "TASK", output)
    text = re.sub(r"\d+", "0", text)
    lines = [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]
    return sorted(line for line in lines if line)


def test_the_readme_is_tested() -> None:
    """The two languages and the recording are there at all: the tests above cannot run dry."""
    readme = [block for block in blocks() if block.document == ROOT / "README.md"]
    assert {block.language for block in readme if not block.reason} >= {"python", "sh", "console"}


def test_every_command_of_make_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z-]+)", document.read_text()))
        named |= set(re.findall(r"^make ([a-z-]+)", document.read_text(), re.MULTILINE))
        assert named <= known, document.name


def test_links_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name}: {target}"
