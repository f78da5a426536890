"""Tasks as YAML: flowkit's own words, SkyPilot's and dstack's."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from flowkit import FlowError, GPURequest, InvalidGPURequest, InvalidTaskConfig, TaskConfig
from flowkit.task_config import InPlace


def load(tmp_path: Path, text: str) -> TaskConfig:
    path = tmp_path / "task.yaml"
    path.write_text(text)
    return TaskConfig.from_yaml(path)


def test_flowkits_own_names(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        name: train
        command: [python, train.py]
        gpu: a100:2
        cpus: 4
        memory_gb: 64gb
        num_instances: 1
        env: {SEED: 7, DEBUG: yes, RATE: 1e-3, EMPTY: "", MODE: 0755, TOKEN: null, BARE: ~}
        working_dir: sub
        max_price_per_hour: 12.5
        max_run_time: 2h
        priority: high
        labels: {run: 3}
        """,
    )
    assert config == TaskConfig(
        name="train",
        command=["python", "train.py"],
        gpu="a100:2",
        cpus=4,
        memory_gb="64gb",
        num_instances=1,
        env={
            "SEED": "7",
            "DEBUG": "yes",
            "RATE": "1e-3",
            "EMPTY": "",
            "MODE": "0755",
            "TOKEN": None,
            "BARE": None,
        },
        working_dir="sub",
        max_price_per_hour=12.5,
        max_run_time="2h",
        priority="high",
        labels={"run": "3"},
    )


def test_skypilots_names(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        name: train
        workdir: .
        num_nodes: 1
        resources:
          accelerators: A100:8
          cpus: 32+
          memory: 256+
          region: us-east-1
        envs:
          SEED: 7
        run: |
          python train.py
        """,
    )
    document = config.to_wire(InPlace(str(tmp_path), {})).to_dict()
    assert document == {
        "name": "train",
        "command": ["bash", "-c", "python train.py\n"],
        "gpu": ["a100:8"],
        "cpus": 32,
        "memory_gb": 256.0,
        "region": "us-east-1",
        "num_instances": 1,
        "env": {"SEED": "7"},
        "working_dir": str(tmp_path),
        "caller_env": {},
    }


def test_dstacks_names(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        type: task
        name: train
        nodes: 1
        env: [SEED=7]
        commands:
          - python a.py
          - python b.py
        resources:
          gpu: {name: [H100, A100], memory: 80GB, count: 8}
          cpu: 16..
          memory: 128GB..
        max_duration: 2h
        max_price: 4.5
        priority: 50
        regions: [eu-west-1]
        """,
    )
    document = config.to_wire().to_dict()
    assert document["gpu"] == ["h100-80gb,a100-80gb:8"]
    assert (document["cpus"], document["memory_gb"], document["max_run_time"]) == (16, 128.0, 7200)
    assert (document["priority"], document["region"]) == (50, "eu-west-1")
    assert document["env"] == {"SEED": "7"}


@pytest.mark.parametrize(
    ("text", "gpu"),
    [
        ("accelerators: {A100: 8}", ["a100:8"]),
        ("accelerators: {H100: 8, A100: 8}", ["h100:8", "a100:8"]),
        ("accelerators: [H100:8, A100:8]", ["h100:8", "a100:8"]),
        ("gpus: 2", ["gpu:2"]),
        ("gpu: 24GB..80GB:2", ["gpu:24gb..80gb:2"]),
        ("gpu: A100:4..", ["a100:4"]),
        ("gpu: {count: 2, memory: 24GB..}", ["gpu:24gb+:2"]),
        ("gpu: {vendor: amd, count: 2}", ["amd:gpu:2"]),
    ],
)
def test_other_ways_to_ask_for_gpus(tmp_path: Path, text: str, gpu: list[str]) -> None:
    assert load(tmp_path, f"run: 'true'\nresources:\n  {text}\n").to_wire().gpu == gpu


def run(tmp_path: Path, text: str) -> tuple[int, str]:
    command = load(tmp_path, text).to_wire().command
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("text", "code", "output"),
    [
        ("setup: echo s\nrun: echo r", 0, "s\nr\n"),
        ("setup: 'false'\nrun: echo r", 1, ""),
        ("setup: cd / && X=1\nrun: echo ${X-unset}", 0, "unset\n"),
        ("setup: 'echo s # comment'\nrun: 'exit 3'", 3, "s\n"),
        ("commands: [X=1, 'echo $X # one', echo two]", 0, "1\ntwo\n"),
        ("commands: [echo one, 'false', echo two]", 1, "one\n"),
        ("commands: [exit 5, echo two]", 5, ""),
        ("run: |\n  cat <<END\n  hi\n  END\n  false\n  exit 4\n", 4, "hi\n"),
        ("commands:\n  - |\n    cat <<END\n    hi\n    END\n  - echo two\n", 0, "hi\ntwo\n"),
    ],
)
def test_commands_in_several_parts_mean_what_they_meant(
    tmp_path: Path, text: str, code: int, output: str
) -> None:
    assert run(tmp_path, text) == (code, output)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file is empty"),
        ("# nothing\n", "file is empty"),
        ("just text", "holds no fields"),
        ("- a\n- b\n", "holds no fields"),
        ("command: [a\n", r"task\.yaml:2: not YAML"),
        ("a: b: c\n", r"task\.yaml:1: not YAML"),
        ("a: &x\n b: *y\n", r"task\.yaml:2: not YAML"),
        ("\tcommand: x\n", r"task\.yaml:1: not YAML"),
        ("command: a\n---\ncommand: b\n", r"task\.yaml:2: the file holds a second document"),
        ("command: !!python/object/apply:os.system [id]\n", r"task\.yaml:1: not YAML"),
        ("command: a\ncommand: b\n", r"task\.yaml:2: command is given twice"),
        ("command: a\nenv:\n  A: 1\n  A: 2\n", r"task\.yaml:4: A is given twice"),
        ("? [a]\n: b\n", "name is no text"),
        ("command: a\nenv: {A: [1]}\n", r"task\.yaml:2: this value is no text"),
        ("command: a\ngpu: a100\ngpus: h100\n", "gpu is given twice, under two names"),
        ("command: a\nrun: b\n", "command goes with neither run"),
        ("run: a\ncommands: [b]\n", "run and commands are both given"),
        ("setup: a\n", "nothing to run"),
        ("run: 7\n", "a command is text"),
        ("commands: []\n", "a command is text"),
        ("type: service\nrun: a\n", "type 'service' is no task"),
        ("run: a\nresources: a100\n", "resources is no mapping"),
        ("run: a\nresources: {use_spot: true}\n", r"resources\.use_spot has no counterpart"),
        ("run: a\nresources: {gpu: {total_memory: 1}}\n", "total_memory has no counterpart"),
        ("run: a\nregions: [a, b]\n", "one region"),
        ("run: a\nports: []\n", "ports is not supported yet"),
        ("run: a\nresources: {ports: 80}\n", r"resources\.ports is not supported yet"),
        ("comand: a\n", "comand has no counterpart"),
        ("command: a\ncpus: many\n", r"task\.yaml:2: invalid cpus 'many'"),
        ("command: a\nmax_run_time: '90'\n", r"task\.yaml:2: invalid duration '90'"),
        ("command: a\nmax_run_time: 2026-11-20\n", r"task\.yaml:2: invalid duration"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidTaskConfig, match=message) as caught:
        load(tmp_path, text)
    assert str(tmp_path / "task.yaml") in str(caught.value)


def test_a_mistyped_name_is_mended_in_the_hint(tmp_path: Path) -> None:
    with pytest.raises(InvalidTaskConfig) as caught:
        load(tmp_path, "comand: a\n")
    assert caught.value.hint == "did you mean command?"


def test_a_bad_gpu_keeps_its_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidGPURequest, match=r"task\.yaml.*a1000"):
        load(tmp_path, "command: a\ngpu: a1000\n")


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_bytes(b"command: \xff\n")
    with pytest.raises(InvalidTaskConfig, match="not UTF-8"):
        TaskConfig.from_yaml(path)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_bytes(b"\xef\xbb\xbfcommand: a\n")
    assert TaskConfig.from_yaml(path).command == "a"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.yaml", "there is no file"),
        (".", "is a directory"),
        ("/dev/zero", "is not a file"),
        ("nowhere/task.yaml", "there is no file"),
        ("file/task.yaml", "Not a directory"),
    ],
)
def test_what_is_no_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(InvalidTaskConfig, match=message):
        TaskConfig.from_yaml(path)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTaskConfig, match="too large"):
        load(tmp_path, "# " + "x" * 1024 * 1024)


def test_aliases_that_multiply_cost_nothing(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    with pytest.raises(InvalidTaskConfig, match="a0 has no counterpart"):
        load(tmp_path, "\n".join(lines))


def test_anchors_and_merges_are_yaml_too(tmp_path: Path) -> None:
    config = load(tmp_path, "command: a\nlabels: &l {x: 1}\nenv: {<<: *l, A: 2}\n")
    assert config.env == {"x": "1", "A": "2"}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    config = TaskConfig(
        name="train",
        command="python train.py\n",
        gpu=[GPURequest.parse("h100:8"), 2],
        env={"A": "yes", "B": None},
        max_run_time=timedelta(hours=2),
        working_dir=Path("/sub"),
        labels={"run": "007"},
    )
    again = load(tmp_path, config.to_yaml())
    assert again.replace(env=None).to_wire() == config.replace(env=None).to_wire()
    assert (again.env, again.labels) == (config.env, config.labels)


def test_no_yaml_is_an_error_of_ours(tmp_path: Path) -> None:
    for text in (
        "{",
        "%",
        "@",
        "key: |\n x\n y:",
        "!!binary x: y",
        "2026-99-99: x",
        "? ?",
        "[" * 999,
    ):
        with pytest.raises(FlowError):
            load(tmp_path, text)
