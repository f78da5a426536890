"""Volumes, mounts, outputs and secrets as people write them, and what goes over the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowkit import FlowError, InvalidMount, InvalidTaskConfig, MountSpec, TaskConfig, VolumeSpec
from flowkit.mount_credentials import mount_credentials
from flowkit.task_config import InPlace

VOLUME_ID = "vol_0123456789abcdefghjkmnpqrs"


class Handle:
    """A volume as far as a task needs to know it."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.volume_id = VOLUME_ID


def wire(in_place: InPlace | None = None, **fields: Any) -> dict[str, Any]:
    document: dict[str, Any] = TaskConfig(command=["true"], **fields).to_wire(in_place).to_dict()
    return {name: document[name] for name in ("mounts", "outputs", "secrets") if name in document}


def mount(target: str, source: str, **more: object) -> dict[str, object]:
    return {"target": target, "source": source, **more}


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        ([], None),
        (["datasets"], mount("/volumes/datasets", "volume://datasets")),
        (["datasets:/data"], mount("/data", "volume://datasets")),
        (["volume://datasets:/data:ro"], mount("/data", "volume://datasets", read_only=True)),
        (["datasets:ro"], mount("/volumes/datasets", "volume://datasets", read_only=True)),
        (["datasets:/data:rw"], mount("/data", "volume://datasets")),
        ([f"{VOLUME_ID}:/data"], mount("/data", f"volume://{VOLUME_ID}")),
        ({"/data": "datasets"}, mount("/data", "volume://datasets")),
        (
            [VolumeSpec(size_gb=200, mount_path="/data", name="train-data")],
            mount("/data", "volume://train-data", create_size_gb=200),
        ),
        (
            [{"name": "d", "size_gb": 1, "interface": "file", "read_only": False}],
            mount(
                "/volumes/d",
                "volume://d",
                read_only=False,
                create_size_gb=1,
                create_interface="file",
            ),
        ),
        (
            [{"volume_id": VOLUME_ID, "mount_path": "/data"}],
            mount("/data", f"volume://{VOLUME_ID}"),
        ),
        ([Handle("datasets")], mount("/volumes/datasets", f"volume://{VOLUME_ID}")),
        ([Handle(None)], mount(f"/volumes/{VOLUME_ID}", f"volume://{VOLUME_ID}")),
    ],
)
def test_volumes(volumes: Any, expected: dict[str, object] | None) -> None:
    assert wire(volumes=volumes).get("mounts") == (None if expected is None else [expected])


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        ("datasets", [mount("/volumes/datasets", "volume://datasets")]),
        ("/data=s3://bucket/x", [mount("/data", "s3://bucket/x")]),
        (
            {"/data": "volume://datasets", "/models": "s3://bucket/pretrained/"},
            [mount("/data", "volume://datasets"), mount("/models", "s3://bucket/pretrained/")],
        ),
        (
            ["datasets", {"/in": "gs://bucket"}, MountSpec(source="results", target="/out")],
            [
                mount("/volumes/datasets", "volume://datasets"),
                mount("/in", "gs://bucket"),
                mount("/out", "volume://results"),
            ],
        ),
        (
            {"source": "s3://bucket", "secret": "S3", "target": "//data/"},
            [mount("/data", "s3://bucket", secret="S3")],
        ),
        (
            {"/data": {"source": "datasets", "read_only": True}},
            [mount("/data", "volume://datasets", read_only=True)],
        ),
    ],
)
def test_mounts(mounts: Any, expected: list[dict[str, object]]) -> None:
    assert wire(mounts=mounts)["mounts"] == expected


def test_a_local_path_is_sent_whole(tmp_path: Path) -> None:
    (tmp_path / "in put").mkdir()
    place = InPlace(str(tmp_path), {})
    assert wire(place, mounts="./in put")["mounts"] == [
        mount("/mnt/in put", f"file://{tmp_path}/in%20put")
    ]
    with pytest.raises(InvalidMount, match="does not exist"):
        wire(place, mounts={"/data": "./nowhere"})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"volumes": "datasets"}, "volumes of type str are not a list"),
        ({"volumes": [VolumeSpec]}, "cannot be read"),
        ({"volumes": [7]}, "a volume of type int cannot be read"),
        ({"volumes": [{"name": "a", "size": 5}]}, "no field 'size'"),
        ({"volumes": [{"size_gb": 5}]}, "either a name or a volume_id"),
        ({"volumes": [{"name": "a", "volume_id": VOLUME_ID}]}, "either a name or a volume_id"),
        ({"volumes": [{"volume_id": "datasets"}]}, "invalid volume_id 'datasets'"),
        ({"volumes": [{"volume_id": VOLUME_ID, "size_gb": 5}]}, "may have to be created"),
        ({"volumes": [{"name": "a", "size_gb": 0}]}, "invalid size_gb 0"),
        ({"volumes": [{"name": "a", "size_gb": True}]}, "invalid size_gb True"),
        ({"volumes": [{"name": "a", "size_gb": 5, "interface": "disk"}]}, "invalid interface"),
        ({"volumes": [{"name": "a", "mount_path": "data"}]}, "not an absolute path"),
        ({"volumes": [{"name": "a", "mount_path": "/etc"}]}, "which is the system's"),
        ({"volumes": ["a:b"]}, "invalid volume 'a:b'"),
        ({"volumes": ["-"]}, "invalid volume '-'"),
        ({"volumes": ["a"] * 65}, "there are 65 mounts"),
        ({"mounts": 7}, "mounts of type int cannot be read"),
        ({"mounts": {"/a": 7}}, "a mount source is text, not int"),
        ({"mounts": [7]}, "a mount is text, not int"),
        ({"mounts": {"source": "s3://bucket", "size": 1}}, "a mount of a task has no field 'size'"),
        ({"mounts": {"source": "s3://bucket", "secret": "a b"}}, "not a secret's name"),
        ({"mounts": {"source": "s3://bucket", "read_only": False}}, "read-only alone"),
        ({"mounts": {"source": "data", "read_only": "no"}}, "not true or false"),
        ({"outputs": 7}, "invalid outputs 7"),
        ({"outputs": "/tmp"}, "not in the working directory"),
        ({"outputs": ["../x"]}, "not in the working directory"),
        ({"outputs": [""]}, "not in the working directory"),
        ({"outputs": ["a"] * 257}, "there are 257 outputs"),
        ({"secrets": "TOKEN"}, "neither a list nor a dict"),
        ({"secrets": [7]}, "neither a name nor a dict"),
        ({"secrets": ["a b"]}, "the name of a secret is not one"),
        ({"secrets": {"A-B": "TOKEN"}}, "variable of a secret"),
        ({"secrets": [{"name": "A", "path": "x"}]}, "no field 'path'"),
        ({"secrets": [{"name": "A", "file": "/etc/x"}]}, "not a path in the home"),
        ({"secrets": [{"name": "A", "file": "a/../../x"}]}, "not a path in the home"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_hint(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(FlowError, match=message) as caught:
        TaskConfig(command="a", **fields)
    assert caught.value.hint


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(InvalidTaskConfig) as caught:
        TaskConfig(command="a", secrets=["hf_ the token itself"])
    assert "hf_" not in str(caught.value)


def test_volumes_and_mounts_cannot_be_at_one_place() -> None:
    config = TaskConfig(command="a", volumes=["a:/data"], mounts={"/data/b": "s3://bucket"})
    with pytest.raises(InvalidMount, match="inside of another"):
        config.to_wire()


def test_outputs_and_secrets() -> None:
    assert wire(outputs="checkpoints/")["outputs"] == ["checkpoints/"]
    assert wire(outputs=["a/**/*.json", "b"])["outputs"] == ["a/**/*.json", "b"]
    assert wire(secrets=["A", {"name": "b.c", "file": ".b"}])["secrets"] == [
        {"name": "A"},
        {"name": "b.c", "file": ".b"},
    ]
    assert wire(secrets={"TOKEN": "hub"})["secrets"] == [{"name": "hub", "env": "TOKEN"}]


KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AZURE_STORAGE_SAS_TOKEN": "t"}


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        (MountSpec(source="s3://bucket"), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
        (MountSpec(source="az://container"), ["AZURE_STORAGE_SAS_TOKEN"]),
        (MountSpec(source="s3://bucket", secret="KEYS"), []),
        (MountSpec(source="https://host/file"), []),
        (MountSpec(source="datasets"), []),
    ],
)
def test_only_what_a_mount_needs_of_the_environment_is_sent(
    spec: MountSpec, names: list[str]
) -> None:
    found = mount_credentials(
        [spec], KEYS | {"PATH": "/bin", "AWS_PROFILE": "me", "AWS_REGION": ""}
    )
    assert list(found) == names


def test_the_keys_are_no_part_of_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    config = TaskConfig(command="a", mounts="s3://bucket")
    assert config.to_wire().mount_env == {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "key",
    }
    assert "key" not in repr(config)


def test_the_content_of_a_key_file_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text('{"type": "service_account"}')
    name = "GOOGLE_APPLICATION_CREDENTIALS"
    bucket = MountSpec(source="gs://bucket")
    assert mount_credentials([bucket], {name: str(file)}) == {name: file.read_text()}
    assert mount_credentials([bucket], {name: "{}"}) == {name: "{}"}
    with pytest.raises(InvalidMount, match="cannot read"):
        mount_credentials([bucket], {name: str(tmp_path / "none")})
    file.write_bytes(b"x" * 70_000)
    with pytest.raises(InvalidMount, match="too large"):
        mount_credentials([bucket], {name: str(file)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("volumes: [datasets:/data]", mount("/data", "volume://datasets")),
        ("volumes: [{name: datasets, path: /data}]", mount("/data", "volume://datasets")),
        ("volumes: {/data: datasets}", mount("/data", "volume://datasets")),
        (
            "volumes: [{name: d, size_gb: 5, mount_path: /data}]",
            mount("/data", "volume://d", create_size_gb=5),
        ),
        ("mounts: {/data: datasets}", mount("/data", "volume://datasets")),
        ("mounts: /data=s3://bucket", mount("/data", "s3://bucket")),
        ("file_mounts: {/data: s3://bucket}", mount("/data", "s3://bucket")),
        (
            "file_mounts:\n  /data: {source: s3://bucket, mode: COPY}",
            mount("/data", "s3://bucket"),
        ),
    ],
)
def test_yaml(tmp_path: Path, text: str, expected: dict[str, object]) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(f"run: a\n{text}\n")
    config = TaskConfig.from_yaml(path)
    assert config.to_wire().to_dict()["mounts"] == [expected]
    path.write_text(config.to_yaml())
    assert TaskConfig.from_yaml(path).to_wire() == config.to_wire()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("volumes: [{instance_path: /x, path: /y}]", "task.yaml:2: volumes: instance_path has no"),
        ("file_mounts: {/data: {source: s3://b, mode: LINK}}", "task.yaml:2: mounts: mode 'LINK'"),
        ("file_mounts: {/data: {source: ./a, store: s3}}", "a bucket is not created by flowkit"),
        ("mounts: {data: s3://bucket}", "task.yaml:2: the mount target 'data'"),
        ("secrets: TOKEN", "task.yaml:2: secrets are neither"),
        ("outputs: [/tmp]", "task.yaml:2: invalid output"),
    ],
)
def test_wrong_yaml_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(f"run: a\n{text}\n")
    with pytest.raises(FlowError, match=message) as caught:
        TaskConfig.from_yaml(path)
    assert caught.value.hint


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    config = TaskConfig(
        command="a",
        volumes=[VolumeSpec(name="d", size_gb=5, mount_path="/d"), Handle("x")],
        mounts=[MountSpec(source="s3://bucket", secret="S3")],
        outputs=["out/"],
        secrets={"A": "b"},
    )
    path = tmp_path / "task.yaml"
    path.write_text(config.to_yaml())
    again = TaskConfig.from_yaml(path).to_wire()
    assert [each.source for each in again.mounts or []] == [
        "volume://d",
        f"volume://{VOLUME_ID}",
        "s3://bucket",
    ]
    assert (again.outputs, again.secrets) == (["out/"], config.to_wire().secrets)
