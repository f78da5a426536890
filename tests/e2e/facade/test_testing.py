"""The gateway that users' own tests get."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowkit import Flow, embedded
from flowkit.testing import gateway
from tests.conditions import eventually


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_is_what_every_client_uses_inside_and_none_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWKIT_API_URL", "http://elsewhere.example")
    monkeypatch.setenv("FLOWKIT_HOME", "/elsewhere")
    with gateway(tmp_path) as flow, Flow() as other:
        assert other.server().pid == flow.server().pid
        assert os.environ["FLOWKIT_HOME"] == str(tmp_path)
    assert os.environ["FLOWKIT_API_URL"] == "http://elsewhere.example"
    assert os.environ["FLOWKIT_HOME"] == "/elsewhere"


def test_it_ends_with_its_tasks(tmp_path: Path) -> None:
    with gateway(tmp_path) as flow:
        task = flow.run("echo $$; sleep 600")
        pid = int(next(flow.logs(task.id, follow=True)))
        assert is_running(pid)
    eventually(lambda: not is_running(pid))
    assert embedded.status(tmp_path / "gateway") is None


def test_it_starts_nothing_that_is_not_used(tmp_path: Path) -> None:
    with gateway(tmp_path):
        assert embedded.status() is None
    assert list(tmp_path.iterdir()) == []


def test_it_leaves_nothing_behind() -> None:
    with gateway() as flow:
        flow.server()
        home = Path(os.environ["FLOWKIT_HOME"])
        assert home.is_dir()
    assert not home.exists()
