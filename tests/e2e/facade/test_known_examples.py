"""Volumes, mounts and storage as users of other SDKs call them: only the import is flowkit's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowkit import Client, Flow, TaskConfig, VolumeSpec
from tests.gateway.sources.s3_server import s3_server
from tests.isolated_home import BIN

TRAIN = """
import os, sys
print(*sys.argv[1:])
for directory in ("/data", "/ckpts", "/models"):
    if os.path.isdir(directory):
        print(directory, *os.listdir(directory))
"""
TORCHRUN = """\
#!/bin/sh
shift
exec python "$@"
"""


@pytest.fixture(autouse=True)
def project_directory(flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with what the examples run: `train.py`, and a launcher of one process."""
    assert tmp_path == Path.cwd()
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "torchrun").write_text(TORCHRUN)
    (tmp_path / "bin" / "torchrun").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{BIN}:{os.environ['PATH']}")


def test_volumes_are_created_attached_listed_and_deleted(flow: Flow) -> None:
    data = flow.create_volume(500, name="datasets")
    ckpt = flow.create_volume(100, name="checkpoints")
    cfg = TaskConfig(
        name="train",
        instance_type="a100",
        command="python train.py",
        volumes=[
            {"volume_id": data.volume_id, "mount_path": "/data"},
            {"volume_id": ckpt.volume_id, "mount_path": "/ckpts"},
        ],
    )
    task = flow.run(cfg)
    assert task.wait().logs() == "\n/data\n/ckpts\n"
    assert [(v.name, v.size_gb) for v in flow.list_volumes()] == [
        ("checkpoints", 100),
        ("datasets", 500),
    ]
    with Client() as client:
        assert client.volumes() == [ckpt, data]
    flow.delete_volume(data.volume_id)
    assert flow.list_volumes() == [ckpt]


def test_a_volume_comes_with_the_task_that_describes_it(flow: Flow) -> None:
    cfg = TaskConfig(
        name="train",
        instance_type="4xa100",
        command=["torchrun", "--nproc_per_node=4", "train.py"],
        volumes=[VolumeSpec(size_gb=200, mount_path="/data", name="train-data")],
        max_price_per_hour=12.0,
    )
    task = flow.run(cfg)
    assert task.wait().logs() == "\n/data\n"
    assert [(v.name, v.size_gb) for v in flow.list_volumes()] == [("train-data", 200)]


def test_a_task_that_waits_is_given_volumes(flow: Flow) -> None:
    volume_id = flow.create_volume(5, name="datasets", interface="file").volume_id
    for arguments, path in (
        (("datasets",), "/volumes/datasets"),
        ((volume_id, "/volumes/inputs"), "/volumes/inputs"),
    ):
        task = flow.run(["ls", "-d", path], hold=True)
        volume, *mount_point = arguments
        assert flow.mount_volume(volume, task.id, *mount_point) is True
        assert task.release().wait().logs() == f"{path}\n"


def test_a_task_reads_a_volume_and_a_bucket(
    flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.create_volume(5, name="datasets", interface="file")
    flow.storage.write("datasets:train.csv", b"1,2")
    with s3_server(tmp_path / "s3.log") as s3:
        s3.make_bucket("bucket", {"pretrained/weights.bin": b"\0", "other": b""})
        for name, value in s3.env.items():
            monkeypatch.setenv(name, value)
        task = flow.submit(
            "torchrun --nproc_per_node=4 train.py",
            gpu="a100:4",
            mounts={
                "/data": "volume://datasets",
                "/models": "s3://bucket/pretrained/",
            },
            wait=True,
        )
    assert task.logs() == "\n/data train.csv\n/models weights.bin\n"
    assert flow.submit("ls /volumes/*", mounts="volume://datasets", wait=True).logs() == (
        "train.csv\n"
    )


def test_files_are_stored_and_listed(flow: Flow, tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    with Client() as client:
        client.storage.mkdir(path="/datasets/imagenet/")
        client.storage.upload(
            local_path="train.parquet", remote_path="/datasets/imagenet/train.parquet"
        )
        listed = [
            (obj.path, obj.size_bytes, obj.modified_at.tzname())
            for obj in client.storage.list(prefix="/datasets/imagenet/")
        ]
        assert listed == [("/datasets/imagenet/train.parquet", 4, "UTC")]
        assert [obj.path for obj in client.storage.list(prefix="/datasets/")] == [
            "/datasets/imagenet"
        ]


def test_code_of_a_task_is_updated_while_it_runs(flow: Flow, tmp_path: Path) -> None:
    task = flow.run("until [ -e new.py ]; do sleep 0.01; done; cat new.py", code=True, wait=True)
    source = tmp_path / "changed"
    source.mkdir()
    (source / "new.py").write_text("new")
    stages: list[str] = []
    flow.upload_code_to_task(
        task.id,
        source_dir=source,
        timeout=600,
        target_dir="/workspace",
        progress_reporter=stages.append,
        git_incremental=True,
    )
    assert task.wait().logs() == "new"
    assert stages == ["sending", "updating"]
