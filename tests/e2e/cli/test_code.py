"""`--code`: what tasks of the command line start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.conftest import local_gateway, project
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.git.git_server import commit
from tests.unit.cli.program import Finished, flowkit

__all__ = ["local_gateway", "project"]

Run = Callable[..., Finished]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree."""
    directory = tmp_path / "tree"
    (directory / "inner").mkdir(parents=True)
    (directory / "main.sh").write_text("echo from the tree")
    (directory / "inner" / "file").touch()
    return directory


@pytest.fixture
def run(tmp_path: Path, tree: Path, local_gateway: GatewayProcess, project: str) -> Iterator[Run]:
    """Run `flowkit run` in the tree, with a gateway that others use too."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*arguments: str, command: str = "run", cwd: Path = tree, **variables: Any) -> Finished:
        return flowkit(
            home,
            command,
            *arguments,
            cwd=cwd,
            FLOWKIT_API_URL=local_gateway.url,
            FLOWKIT_API_KEY=local_gateway.token,
            FLOWKIT_PROJECT=project,
            **variables,
        )

    yield run
    # A gateway elsewhere needs none of this machine's own.
    assert not (home / "gateway").exists()


def test_the_current_directory_another_one_and_none(run: Run, tree: Path, tmp_path: Path) -> None:
    assert run("sh", "main.sh").stdout == b"from the tree\n"
    assert run("--workdir", "inner", "ls").stdout == b"file\n"
    assert run("--code", str(tree / "inner"), "ls", cwd=tmp_path).stdout == b"file\n"
    assert run("--code", "none", "ls").stdout == b""
    assert run("--code", "auto", "ls").stdout == b"inner\nmain.sh\n"


def test_a_task_file_names_its_code(run: Run, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "task.yaml").write_text(f"command: ls\ncode: {tree / 'inner'}\n")
    assert run("-f", "task.yaml", cwd=tmp_path).stdout == b"file\n"
    assert run("-f", "task.yaml", "--code", "none", cwd=tmp_path).stdout == b""


def test_what_is_wrong_with_the_code_is_one_line_and_a_hint(run: Run, tree: Path) -> None:
    (tree / "large").write_bytes(b"l" * 3_000_000)
    finished = run("true", FLOWKIT_CODE_LIMIT="0.001gb")
    assert finished.exit_code == 2
    assert finished.error == [
        f"flowkit: error: {tree} has 3 MB, more than 1 MB; the largest files: large (2.9 MB),"
        " main.sh (0.0 MB), inner/file (0.0 MB)",
        "hint: list in .flowkitignore what the task does not need, keep data in a volume,"
        " or raise FLOWKIT_CODE_LIMIT",
    ]
    for command in ("run", "plan"):
        finished = run("--code", "nowhere", "true", command=command)
        assert finished.exit_code == 2
        assert finished.error[0].endswith(f"{tree}/nowhere does not exist")
    assert run(command="ps").stdout.count(b"\n") <= 1


def test_a_commit(run: Run, tmp_path: Path) -> None:
    commit(tmp_path / "origin", {"file": "x"})
    finished = run("--code", f"git+file://{tmp_path}/origin", "ls")
    assert finished.exit_code == 2
    assert "reads git repositories by https only" in finished.error[0]
