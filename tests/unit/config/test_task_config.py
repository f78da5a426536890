"""What people write of a task, and what goes over the wire."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flowkit import FlowError, GPURequest, InvalidGPURequest, InvalidTaskConfig, TaskConfig
from flowkit.task_config import NOT_YET_SUPPORTED, InPlace


def wire(**fields: Any) -> dict[str, object]:
    """Return what goes over the wire, less the command that every task has."""
    document = TaskConfig(**{"command": ["true"]} | fields).to_wire().to_dict()
    if "command" not in fields:
        del document["command"]
    return document


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"command": "a | b"}, {"command": ["bash", "-c", "a | b"]}),
        ({"command": ["a", "|", "b"]}, {"command": ["a", "|", "b"]}),
        ({"command": ("a", "")}, {"command": ["a", ""]}),
        ({"name": "train.1_a-b"}, {"name": "train.1_a-b"}),
        ({"gpu": "A100:2"}, {"gpu": ["a100:2"]}),
        ({"gpu": 2}, {"gpu": ["gpu:2"]}),
        ({"gpu": GPURequest.parse("4xh100")}, {"gpu": ["h100:4"]}),
        ({"gpu": ["h100:8", "a100-80gb:8"]}, {"gpu": ["h100:8", "a100-80gb:8"]}),
        ({"gpu": None}, {}),
        ({"instance_type": "4xa100"}, {"instance_type": "4xa100"}),
        ({"min_gpu_memory_gb": "40gb"}, {"min_gpu_memory_gb": 40.0}),
        ({"min_gpu_memory_gb": 40}, {"min_gpu_memory_gb": 40.0}),
        ({"cpus": 0.5}, {"cpus": 0.5}),
        ({"memory_gb": "512mb"}, {"memory_gb": 0.5}),
        ({"memory_gb": 64}, {"memory_gb": 64.0}),
        ({"num_instances": 2}, {"num_instances": 2}),
        ({"env": {"A": "1", "B": ""}}, {"env": {"A": "1", "B": ""}}),
        ({"env": ["A=1", "B=", "C=a=b"]}, {"env": {"A": "1", "B": "", "C": "a=b"}}),
        ({"working_dir": Path("/data")}, {"working_dir": "/data"}),
        ({"region": "eu"}, {"region": "eu"}),
        (
            {"max_price_per_hour": 12.0},
            {"max_price_per_hour": {"amount_minor": 1200, "currency": "USD"}},
        ),
        (
            {"max_price_per_hour": "0.29"},
            {"max_price_per_hour": {"amount_minor": 29, "currency": "USD"}},
        ),
        ({"max_run_time": "1h30m"}, {"max_run_time": 5400.0}),
        ({"max_run_time": 90}, {"max_run_time": 90.0}),
        ({"max_run_time": timedelta(minutes=2)}, {"max_run_time": 120.0}),
        ({"priority": "low"}, {"priority": -100}),
        ({"priority": "med"}, {"priority": 0}),
        ({"priority": "HIGH"}, {"priority": 100}),
        ({"priority": 7}, {"priority": 7}),
        ({"labels": {"team": "vision"}}, {"labels": {"team": "vision"}}),
        (
            {"slurm": {"qos": "high", "exclusive": None}},
            {"slurm": {"qos": "high", "exclusive": ""}},
        ),
    ],
)
def test_every_form_is_read(fields: dict[str, Any], expected: dict[str, object]) -> None:
    assert wire(**fields) == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"command": ""}, "command is empty"),
        ({"command": "  "}, "command is empty"),
        ({"command": []}, "command is empty"),
        ({"command": [""]}, "command is empty"),
        ({"command": [1]}, "invalid command"),
        ({"command": 7}, "invalid command 7"),
        ({"command": "a\0b"}, "NUL"),
        ({"command": "\udcff"}, "not UTF-8"),
        ({"name": "a b"}, "invalid name 'a b'"),
        ({"name": "-a"}, "invalid name"),
        ({"name": ""}, "invalid name"),
        ({"name": 7}, "invalid name 7"),
        ({"cpus": 0}, "invalid cpus 0"),
        ({"cpus": "4"}, "invalid cpus '4'"),
        ({"cpus": True}, "invalid cpus True"),
        ({"cpus": float("nan")}, "invalid cpus nan"),
        ({"num_instances": 1.5}, "invalid num_instances 1.5"),
        ({"memory_gb": "64 apples"}, "64 apples"),
        ({"memory_gb": -1}, "invalid memory size"),
        ({"env": "A=1"}, "invalid env"),
        ({"env": {"1A": "x"}}, "invalid variable name '1A'"),
        ({"env": {"A-B": "x"}}, "invalid variable name 'A-B'"),
        ({"env": ["=x"]}, "invalid variable name ''"),
        ({"env": [7]}, "invalid env of type int"),
        ({"env": {"A": 1}}, "invalid env A of type int"),
        ({"env": {"A": "\0"}}, "env A holds a NUL"),
        ({"working_dir": 7}, "invalid working_dir 7"),
        ({"region": ["eu"]}, "invalid region"),
        ({"max_price_per_hour": -1}, "invalid price"),
        ({"max_price_per_hour": 0.001}, "invalid price"),
        ({"max_price_per_hour": "cheap"}, "invalid price 'cheap'"),
        ({"max_price_per_hour": float("inf")}, "invalid price"),
        ({"max_run_time": "90"}, "unit is missing"),
        ({"max_run_time": 0}, "more than 0"),
        ({"priority": "urgent"}, "invalid priority 'urgent'"),
        ({"priority": 1001}, "invalid priority 1001"),
        ({"priority": 1.5}, "invalid priority 1.5"),
        ({"labels": ["a=b"]}, "invalid labels"),
        ({"slurm": "qos=high"}, "invalid slurm"),
        ({"slurm": {"--qos": "high"}}, "invalid slurm flag '--qos'"),
        ({"labels": {"a b": "c"}}, "invalid label 'a b'"),
        ({"labels": {"a": 1}}, "invalid label a 1"),
        ({"labels": {"a": "x" * 256}}, "longer than 255"),
        ({"gpu": "a1000"}, "a1000"),
        ({"gpu": True}, "True"),
        ({"instance_type": "a1000"}, "a1000"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(FlowError, match=message) as caught:
        TaskConfig(**{"command": "true"} | fields)
    assert isinstance(caught.value, ValueError)


def test_a_gpu_has_an_error_of_its_own() -> None:
    with pytest.raises(InvalidGPURequest):
        TaskConfig(command="true", gpu="a1000")


def test_an_unknown_field_is_named_with_a_likely_one() -> None:
    with pytest.raises(InvalidTaskConfig, match="no field 'comand'") as caught:
        TaskConfig(comand="true")  # type: ignore[call-arg]  # what the test is about
    assert caught.value.hint == "did you mean command?"
    with pytest.raises(InvalidTaskConfig, match="no field 'xyzzy'") as caught:
        TaskConfig.from_dict({"xyzzy": 1})
    assert "command" in str(caught.value.hint)


@pytest.mark.parametrize("name", sorted(NOT_YET_SUPPORTED))
def test_a_field_of_a_later_release_is_not_called_unknown(name: str) -> None:
    with pytest.raises(InvalidTaskConfig, match=f"{name} is not supported yet"):
        TaskConfig.from_dict({"command": "true", name: []})


def test_a_task_without_a_command_is_not_sent() -> None:
    with pytest.raises(InvalidTaskConfig, match="no command"):
        TaskConfig(name="x").to_wire()


def test_a_variable_can_be_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "abc")
    assert wire(env={"TOKEN": None}) == wire(env=["TOKEN"]) == {"env": {"TOKEN": "abc"}}


def test_a_variable_that_the_caller_lacks_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(InvalidTaskConfig, match="takes TOKEN from the caller"):
        wire(env=["TOKEN"])


def test_overrides_go_first() -> None:
    config = TaskConfig(command="true", cpus=1, name="a")
    assert config.replace(cpus=2, name=None) == TaskConfig(command="true", cpus=2)
    assert config.cpus == 1
    with pytest.raises(InvalidTaskConfig, match="no field 'cpu'"):
        config.replace(cpu=2)


class TestInPlace:
    """A task that runs in its caller's place."""

    def test_it_runs_in_the_callers_directory(self, tmp_path: Path) -> None:
        task = TaskConfig(command="true").to_wire(InPlace(str(tmp_path), {}))
        assert task.working_dir == str(tmp_path)

    def test_a_relative_directory_is_the_callers(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        task = TaskConfig(command="true", working_dir="sub").to_wire(InPlace(str(tmp_path), {}))
        assert task.working_dir == str(tmp_path / "sub")

    def test_the_home_directory_is_written_as_ever(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        task = TaskConfig(command="true", working_dir="~").to_wire(InPlace("/", {}))
        assert task.working_dir == str(tmp_path)

    @pytest.mark.parametrize("name", ["nowhere", "file"])
    def test_a_directory_that_is_none_is_refused(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(InvalidTaskConfig, match=rf"working_dir .*/{name} (is not|does not)"):
            TaskConfig(command="true", working_dir=name).to_wire(InPlace(str(tmp_path), {}))

    def test_it_sees_of_the_environment_what_makes_it_the_same_place(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = {
            "PATH": "/bin",
            "VIRTUAL_ENV": "/v",
            "CONDA_PREFIX": "/c",
            "PYTHONPATH": "/p",
            "HOME": "/h",
            "LANG": "C",
            "LC_ALL": "C",
        }
        others = {"AWS_SECRET_ACCESS_KEY": "s", "FLOWKIT_API_KEY": "k", "LC_1-2": "x", "SHLVL": "1"}
        monkeypatch.setattr("os.environ", kept | others)
        assert TaskConfig(command="true").to_wire(InPlace.here()).caller_env == kept

    def test_a_variable_that_is_not_utf8_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LC_NAME", "\udcff")
        with pytest.raises(InvalidTaskConfig, match="variable LC_NAME holds bytes"):
            InPlace.here()

    def test_elsewhere_nothing_of_the_caller_is_sent(self) -> None:
        task = TaskConfig(command="true").to_wire()
        assert (task.caller_env, task.working_dir) == (None, None)

    def test_a_directory_that_is_gone_is_no_obstacle_to_another(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        elsewhere = TaskConfig(command="true", working_dir=tmp_path).to_wire(InPlace.here())
        assert elsewhere.working_dir == str(tmp_path)
        for directory in (None, ".", "sub"):
            with pytest.raises(InvalidTaskConfig, match="current directory does not exist"):
                TaskConfig(command="true", working_dir=directory).to_wire(InPlace.here())


class TestOf:
    """What may stand for a task."""

    @pytest.mark.parametrize(
        ("given", "command"),
        [
            ("python train.py", "python train.py"),
            ("python train.py --config a.yaml", "python train.py --config a.yaml"),
            (["python", "a.yaml"], ["python", "a.yaml"]),
            ({"command": "true"}, "true"),
            (TaskConfig(command="true"), "true"),
        ],
    )
    def test_a_command(self, given: Any, command: object) -> None:
        assert TaskConfig.of(given).command == command

    @pytest.mark.parametrize("name", ["task.yaml", "task.yml", "a task.yaml"])
    def test_a_file_by_its_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path(name).write_text("command: 'true'\n")
        assert TaskConfig.of(name).command == TaskConfig.of(Path(name)).command == "true"

    def test_a_file_that_is_not_there(self) -> None:
        with pytest.raises(InvalidTaskConfig, match=r"there is no file nowhere\.yaml"):
            TaskConfig.of("nowhere.yaml")
