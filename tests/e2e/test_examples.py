"""Each example runs as its own words say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conditions import eventually
from tests.isolated_home import FLOWKIT, isolated_home

ROOT = Path(__file__).resolve().parents[2]
KEY = "key-of-the-example-tests"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with isolated_home(tmp_path_factory.mktemp("home")) as environment:
        yield environment


def output_of(words: list[str | Path], environment: dict[str, str], *, code: int = 0) -> str:
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def python(name: str) -> list[str | Path]:
    return [sys.executable, f"examples/{name}"]


def test_quickstart(environment: dict[str, str]) -> None:
    *steps, last = output_of(python("quickstart.py"), environment).splitlines()
    assert steps == ["step 1", "step 2", "step 3"]
    assert re.fullmatch(r"task_\w+ failed 3", last)


def test_async_many(environment: dict[str, str]) -> None:
    lines = output_of(python("async_many.py"), environment).splitlines()
    assert lines == [
        f"rate-{rate} completed training with {rate}" for rate in ("0.1", "0.03", "0.01", "0.003")
    ]


def test_training_runs_as_a_task_and_by_hand(environment: dict[str, str]) -> None:
    train = ["examples/train_numpy.py", "--epochs", "2"]
    by_hand = output_of([sys.executable, *train], environment)
    as_task = output_of(
        [FLOWKIT, "run", "--gpu", "a100:2", "--", sys.executable, *train], environment
    )
    assert losses(as_task) == losses(by_hand)
    assert len(losses(as_task)) == 2
    assert re.search(r"^task +task_", as_task, re.MULTILINE)


def losses(text: str) -> list[str]:
    return re.findall(r"loss (\d\.\d+)", text)


def test_task_file(environment: dict[str, str]) -> None:
    output = output_of([FLOWKIT, "run", "-f", "examples/task.yaml"], environment)
    assert "epoch  3/3" in output


def test_a_task_file_for_here_and_for_a_cluster(environment: dict[str, str]) -> None:
    """On a cluster it is run by the test of the document on Slurm."""
    output = output_of([FLOWKIT, "run", "-f", "examples/anywhere.yaml"], environment)
    assert "node 0 of 1\nloss 0.607\n" in output


def test_training_is_resumed(environment: dict[str, str]) -> None:
    """By `resume_training.py`, which runs `train_resumable.py` as tasks."""
    lines = output_of(python("resume_training.py"), environment).splitlines()
    started = re.fullmatch(r"resumed starting at epoch (\d+)", lines.pop(1))
    assert started is not None
    assert 10 <= int(started[1]) < 100
    assert lines == [
        "long cancelled short completed",
        "resumed completed",
        "slope 3.00 after 100 epochs",
    ]


def test_generated_client(environment: dict[str, str], tmp_path: Path) -> None:
    key_file = tmp_path / "keys"
    key_file.write_text(f"{KEY}\n")
    key_file.chmod(0o600)
    data = tmp_path / "data"
    serve: list[str | Path] = [
        FLOWKIT,
        "gateway",
        "serve",
        "--port",
        "0",
        "--api-key-file",
        key_file,
    ]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen([*serve, "--data-dir", data], env=environment, stderr=log) as gateway,
    ):
        try:
            url = eventually(lambda: url_of(data, gateway), within=30)
            output = output_of(
                python("generated_client.py"),
                {**environment, "FLOWKIT_API_URL": url, "FLOWKIT_API_KEY": KEY},
            )
        finally:
            gateway.terminate()
    assert output.splitlines() == [
        "engine: local",
        "by-hand completed 0",
        r"stdout 'hi\n'",
        "tasks: ['by-hand']",
        "refused: 422 invalid_gpu_request",
    ]


def url_of(data: Path, gateway: subprocess.Popen[bytes]) -> str:
    """Where the gateway listens; empty until it does."""
    assert gateway.poll() is None, "the gateway has ended"
    announcement = data / "gateway.json"
    if not announcement.exists():
        return ""
    url: str = json.loads(announcement.read_text())["url"]
    return url


def test_every_example_has_a_test() -> None:
    distributed = ROOT / "tests" / "gateway" / "engines" / "test_torchrun.py"
    tested = Path(__file__).read_text() + distributed.read_text()
    for example in (ROOT / "examples").iterdir():
        if example.is_file():
            assert example.name in tested
