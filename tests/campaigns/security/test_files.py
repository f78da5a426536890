"""What is kept on disk: for its user alone, whatever the umask, and never another user's word."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowkit import ConfigError, Flow, embedded
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.isolated_home import FLOWKIT, isolated_home

STRANGER = 65534
Disown = Callable[[Path], None]


@pytest.fixture
def disown(monkeypatch: pytest.MonkeyPatch) -> Disown:
    """Give a path to another user, or make this process one where it may not give."""

    def give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, STRANGER, STRANGER)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: STRANGER)

    return give


@pytest.fixture
def home(bare_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield bare_home
    monkeypatch.undo()
    for path in (bare_home / "gateway", *bare_home.glob("gateway/*")):
        if path.exists():
            os.chown(path, os.geteuid(), os.getegid())
    embedded.stop(bare_home / "gateway")


def open_to_others(root: Path) -> Iterator[str]:
    """Yield what others than the owner may read, enter or change; not what tasks wrote."""
    for path in [root, *sorted(root.rglob("*"))]:
        within_workspace = "workspace" in path.relative_to(root).parts[:-1]
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and not path.is_symlink() and not within_workspace:
            yield f"{mode:o} {path}"


def test_nothing_of_a_home_is_open_to_others_without_a_umask(tmp_path: Path) -> None:
    top = tmp_path / "new"
    with isolated_home(top / "deep" / "home") as environment:
        script = "touch made; echo out; echo err >&2"
        for command in (
            ["run", "--env", "TOKEN=hunter2", "--", "sh", "-c", script],
            ["config", "set", "api_key", "a" * 32, "--profile", "lab"],
        ):
            subprocess.run([FLOWKIT, *command], env=environment, umask=0, check=True, cwd=tmp_path)
        found = sorted(path.name for path in top.rglob("*"))
        assert {"config.toml", "flowkit.db", "gateway.json", "gateway.log", "stdout"} <= set(found)
        assert list(open_to_others(top)) == []


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_a_data_directory_that_was_open_is_closed(
    start_gateway: StartGateway, tmp_path: Path, mode: int
) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    data_dir.chmod(mode)
    gateway = start_gateway(data_dir=data_dir)
    with gateway.client() as client:
        client.post("/v1/tasks", json={"command": ["true"]})
    assert list(open_to_others(data_dir)) == []


def test_a_gateway_refuses_the_directory_of_another_user(tmp_path: Path, disown: Disown) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o777)
    disown(data_dir)
    gateway = GatewayProcess(data_dir)
    assert gateway.spawn().wait(timeout=20) == 1
    assert "belongs to another user" in gateway.log
    assert list(data_dir.iterdir()) == []


def test_a_gateway_that_another_user_announces_is_not_believed(home: Path, disown: Disown) -> None:
    embedded.start(home / "gateway")
    planted = home / "gateway" / "gateway.json"
    document = json.loads(planted.read_text()) | {"url": "http://203.0.113.7:80"}
    planted.write_text(json.dumps(document))
    disown(planted)
    with pytest.raises(ConfigError, match="belongs to another user"), Flow() as flow:
        flow.run("true", env={"TOKEN": "hunter2"})


def test_nothing_is_put_into_a_home_of_another_user(home: Path, disown: Disown) -> None:
    (home / "gateway").mkdir()
    disown(home / "gateway")
    with pytest.raises(ConfigError, match="belongs to another user"), Flow() as flow:
        flow.run("true")
    assert list((home / "gateway").iterdir()) == []


@pytest.mark.parametrize("place", [".flowkit.toml", "../.flowkit.toml", "config.toml"])
def test_settings_of_another_user_are_not_believed(home: Path, disown: Disown, place: str) -> None:
    path = home / place if place == "config.toml" else Path.cwd() / place
    path.write_text('api_url = "http://203.0.113.7"\n')
    disown(path)
    with pytest.raises(ConfigError, match="belongs to another user"):
        Flow()


def test_links_within_a_data_directory_are_not_followed(tmp_path: Path) -> None:
    """What a task, which is the same user, may have planted harms no file elsewhere."""
    data_dir, victim = tmp_path / "data", tmp_path / "victim"
    data_dir.mkdir()
    victim.write_text("precious")
    gateway = GatewayProcess(data_dir)
    (data_dir / "gateway.json").symlink_to(victim)
    gateway.start()
    try:
        assert victim.read_text() == "precious"
        assert not (data_dir / "gateway.json").is_symlink()
    finally:
        gateway.kill()


def test_a_discarded_task_takes_nothing_else_with_it(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o750)
    (precious / "file").write_text("")
    gateway = start_gateway(engine="local")
    with gateway.client() as client:
        script = f"mkdir sub; ln -s {precious} link; ln -s {precious} sub/link; chmod 0 sub"
        task = client.post("/v1/tasks", json={"command": ["sh", "-c", script]}).json()
        client.get(f"/v1/tasks/{task['id']}:wait")
        assert client.delete(f"/v1/tasks/{task['id']}").status_code == 204
    assert not (gateway.data_dir / "tasks" / task["id"]).exists()
    assert (precious / "file").exists()
    assert stat.S_IMODE(precious.stat().st_mode) == 0o750
