"""Mounts where mount namespaces are forbidden: links, and their paths announced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowkit_gateway.engines.engine import BindMount, StartError
from tests.gateway.local.attempts import Attempts


def announced(target: str) -> dict[str, str]:
    """The environment as a task with a mount is given it."""
    return {"PATH": os.environ["PATH"], "FLOWKIT_MOUNT_DATA": target}


async def test_the_machine_says_how_it_mounts(linking: Attempts) -> None:
    assert linking.engine.capabilities().mounts == "links"


async def test_a_machines_owner_may_forbid_namespaces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FLOWKIT_NAMESPACES", "never")

    async with Attempts(tmp_path) as attempts:
        assert attempts.engine.capabilities().mounts == "links"


async def test_the_task_is_told_where_its_mount_is(
    linking: Attempts, source: Path, target: str
) -> None:
    end = await linking.shell(
        'cat "$FLOWKIT_MOUNT_DATA/words"; echo hi >"$FLOWKIT_MOUNT_DATA/new"',
        env=announced(target),
        mounts=(BindMount(target, source, False),),
    )

    assert (end.exit_code, linking.output()) == (0, b"from the source\n")
    assert (source / "new").read_text() == "hi\n"
    assert os.readlink(f"{linking.run_dir()}/mounts{target}") == str(source)


async def test_what_the_task_itself_calls_like_a_mount_is_kept(
    linking: Attempts, source: Path, target: str
) -> None:
    env = {**announced(target), "FLOWKIT_MOUNT_OTHER": "mine"}

    await linking.shell(
        "echo $FLOWKIT_MOUNT_OTHER", env=env, mounts=(BindMount(target, source, False),)
    )

    assert linking.output() == b"mine\n"


async def test_in_its_own_workspace_the_target_is_a_link(linking: Attempts, source: Path) -> None:
    inside = str(linking.run_dir() / "workspace" / "deep" / "data")

    end = await linking.run(["cat", "deep/data/words"], mounts=(BindMount(inside, source, False),))

    assert (end.exit_code, linking.output()) == (0, b"from the source\n")


async def test_a_task_may_work_in_a_mount(linking: Attempts, source: Path, target: str) -> None:
    end = await linking.run(
        ["cat", "words"], working_dir=target, mounts=(BindMount(target, source, False),)
    )

    assert (end.exit_code, linking.output()) == (0, b"from the source\n")


async def test_what_could_be_written_is_not_called_read_only(
    linking: Attempts, source: Path, target: str
) -> None:
    with pytest.raises(StartError, match="this machine allows no mount namespaces"):
        await linking.start(["true"], mounts=(BindMount(target, source, True),))


async def test_what_is_read_only_anyway_is_mounted_so(
    linking: Attempts, source: Path, target: str
) -> None:
    os.chmod(source, 0o555)

    end = await linking.shell(
        'ls "$FLOWKIT_MOUNT_DATA"',
        env=announced(target),
        mounts=(BindMount(target, source, True),),
    )

    assert (end.exit_code, linking.output()) == (0, b"words\n")


async def test_a_source_that_is_gone_is_named(
    linking: Attempts, tmp_path: Path, target: str
) -> None:
    with pytest.raises(StartError, match="gone: it is not there"):
        await linking.start(["true"], mounts=(BindMount(target, tmp_path / "gone", False),))


async def test_what_is_in_the_way_is_not_removed(linking: Attempts, source: Path) -> None:
    workspace = linking.run_dir() / "workspace"
    workspace.mkdir(parents=True)
    (workspace / "data").write_text("mine")

    with pytest.raises(StartError, match="something is there already"):
        await linking.start(["true"], mounts=(BindMount(str(workspace / "data"), source, False),))

    assert (workspace / "data").read_text() == "mine"
