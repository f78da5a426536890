"""Outputs and secrets of real tasks, by the SDK."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowkit import Flow
from flowkit.errors import FileNotFound, SecretNotFound, TaskNotFound

SCRIPT = (
    "mkdir -p run/best; echo 1 > run/1.pt; echo 2 > run/best/2.pt; chmod 750 run/1.pt; echo m > m"
)


def names(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*.*"))


def test_outputs_arrive_at_their_own_paths(flow: Flow, tmp_path: Path) -> None:
    task = flow.submit(SCRIPT, outputs=["run", "m"], wait=True)
    listed = [file.path for file in flow.outputs.list(task)]
    assert listed == ["m", "run", "run/1.pt", "run/best", "run/best/2.pt"]
    assert [file.path for file in flow.outputs.list(task, "run", recursive=False)] == [
        "run/1.pt",
        "run/best",
    ]
    everything = tmp_path / "all"
    assert flow.outputs.download(task, into=everything).files == 3
    assert names(everything) == ["run/1.pt", "run/best/2.pt"]
    assert os.stat(everything / "run/1.pt").st_mode & 0o777 == 0o750
    some = tmp_path / "some"
    flow.outputs.download(task.id, "run/best/", into=some)
    flow.outputs.download(task, "run/1.pt", into=some)
    assert names(some) == ["run/1.pt", "run/best/2.pt"]


def test_what_is_not_there_leaves_nothing_behind(flow: Flow, tmp_path: Path) -> None:
    task = flow.submit("true", outputs=["run"], wait=True)
    for wrong, error in ((task.id, FileNotFound), (f"task_{'0' * 26}", TaskNotFound)):
        with pytest.raises(error):
            flow.outputs.download(wrong, "gone", into=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_secret_reaches_tasks_until_it_is_deleted(flow: Flow) -> None:
    flow.secrets.set("TOKEN", "first-0123456789")
    flow.secrets.set("TOKEN", "second-0123456789")
    task = flow.submit('echo "$HUB"', secrets={"HUB": "TOKEN"}, wait=True)
    assert str(task.logs()) == "second-0123456789\n"
    flow.secrets.delete("TOKEN")
    with pytest.raises(SecretNotFound) as raised:
        flow.run("true", secrets=["TOKEN"])
    assert raised.value.details[0].loc == "/body/secrets/0/name"
    assert list(flow.secrets.list()) == []
