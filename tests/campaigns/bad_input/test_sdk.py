"""Calls of the SDK with what no argument can be: typed errors, before anything is sent or started."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flowkit import (
    AsyncClient,
    AsyncFlow,
    Client,
    Flow,
    FlowError,
    GPURequest,
    InstanceRequirements,
    TaskConfig,
)
from flowkit.errors import (
    ConfigError,
    InvalidGPURequest,
    InvalidRequest,
    InvalidTaskConfig,
    TaskNotFound,
)
from flowkit.task_config import FIELDS
from tests.campaigns.bad_input.hints import (
    COUNT,
    DURATION,
    HERE,
    KEY,
    LABEL,
    MODELS,
    NAME,
    PRICE,
    PRIORITY,
    PROJECT,
    SIZE,
    TIME,
    URL,
    VARIABLE,
)
from tests.campaigns.bad_input.house import inventory

A_COMMAND = "as in ['ls', '-l']"
A_REQUEST = "write text such as 'a100:4' or 'gpu:0.5', a whole number, or leave gpu unset"
TASK_ID = "a task's id is task_ and 26 letters or digits, as list_tasks() shows it"
IDEMPOTENCY = "use 1 to 255 printable ASCII characters without spaces"
FIELD_NAMES = f"fields: {', '.join(FIELDS)}"


class Row(NamedTuple):
    """A call, and the error that it raises; `{cwd}` stands for the working directory."""

    call: str
    """As text, because a type checker refuses most of them."""
    error: type[FlowError]
    message: str
    hint: str | re.Pattern[str]


class Odd:
    """Has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


NAMES = {
    "FlowError": FlowError,
    "GPURequest": GPURequest,
    "ID": "task_00000000000000000000000000",
    "InstanceRequirements": InstanceRequirements,
    "Odd": Odd,
    "Path": Path,
    "TaskConfig": TaskConfig,
    "inf": float("inf"),
    "nan": float("nan"),
    "timedelta": timedelta,
}

ROWS = [
    Row(
        'TaskConfig(comand="x")',
        InvalidTaskConfig,
        "a task has no field 'comand'",
        "did you mean command?",
    ),
    Row(
        "TaskConfig(command=7)",
        InvalidTaskConfig,
        "invalid command 7: it is not text for bash, or a list of words",
        A_COMMAND,
    ),
    Row(
        "TaskConfig(command=[])", InvalidTaskConfig, "the command is empty", "name a program to run"
    ),
    Row(
        'TaskConfig(command=[""])',
        InvalidTaskConfig,
        "the command is empty",
        "name a program to run",
    ),
    Row(
        'TaskConfig(command="")', InvalidTaskConfig, "the command is empty", "name a program to run"
    ),
    Row(
        'TaskConfig(command=["a", 7])',
        InvalidTaskConfig,
        "invalid command of type list: it is not text for bash, or a list of words",
        A_COMMAND,
    ),
    Row(
        'TaskConfig(command=b"x")',
        InvalidTaskConfig,
        "invalid command of type bytes: it is not text for bash, or a list of words",
        A_COMMAND,
    ),
    Row(
        'TaskConfig(command="a\\0b")',
        InvalidTaskConfig,
        "command holds a NUL character",
        "take it out: no program can be given one",
    ),
    Row(
        'TaskConfig(command="\\udcff")',
        InvalidTaskConfig,
        "command holds bytes that are not UTF-8",
        "write it in UTF-8, or leave it out",
    ),
    Row(
        'TaskConfig(command="x"*200000)',
        InvalidTaskConfig,
        "command is longer than 131072 characters",
        "use at most 131072",
    ),
    Row(
        'TaskConfig(command=["x"]*100000)',
        InvalidTaskConfig,
        "the command has 100000 words",
        "a command has at most 4096",
    ),
    Row(
        "TaskConfig(command=Odd())",
        InvalidTaskConfig,
        "invalid command of type Odd: it is not text for bash, or a list of words",
        A_COMMAND,
    ),
    Row(
        'TaskConfig(command={"a": 1})',
        InvalidTaskConfig,
        "invalid command of type dict: it is not text for bash, or a list of words",
        A_COMMAND,
    ),
    Row(
        'TaskConfig("x")',
        InvalidTaskConfig,
        "a task's fields are given by name",
        "as in TaskConfig(command=...)",
    ),
    Row(
        "TaskConfig(name=7)",
        InvalidTaskConfig,
        "invalid name 7: it is not text",
        "put it in quotes",
    ),
    Row('TaskConfig(name="")', InvalidTaskConfig, "invalid name ''", NAME),
    Row('TaskConfig(name="a\\n")', InvalidTaskConfig, "invalid name 'a\\n'", NAME),
    Row(
        'TaskConfig(name="x"*129)',
        InvalidTaskConfig,
        "name is longer than 128 characters",
        "use at most 128",
    ),
    Row(
        'TaskConfig(gpu="a1000")',
        InvalidGPURequest,
        "invalid GPU request 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
    ),
    Row(
        "TaskConfig(gpu=0)", InvalidGPURequest, "invalid GPU request 0: count 0 is too small", COUNT
    ),
    Row(
        "TaskConfig(gpu=-1)",
        InvalidGPURequest,
        "invalid GPU request -1: count -1 is too small",
        COUNT,
    ),
    Row(
        "TaskConfig(gpu=True)",
        InvalidGPURequest,
        "invalid GPU request True: bool is not a GPU request",
        A_REQUEST,
    ),
    Row(
        "TaskConfig(gpu=1.5)",
        InvalidGPURequest,
        "invalid GPU request of type float: float is not a GPU request",
        A_REQUEST,
    ),
    Row(
        "TaskConfig(gpu=nan)",
        InvalidGPURequest,
        "invalid GPU request of type float: float is not a GPU request",
        A_REQUEST,
    ),
    Row(
        "TaskConfig(gpu=[])",
        InvalidGPURequest,
        "invalid GPU request of type list: the list is empty",
        "leave gpu unset for a task without a GPU",
    ),
    Row(
        'TaskConfig(gpu=["a100", 7.5])',
        InvalidGPURequest,
        "invalid GPU request of type float: float is not a GPU request",
        A_REQUEST,
    ),
    Row(
        'TaskConfig(gpu={"a100": 1})',
        InvalidGPURequest,
        "invalid GPU request of type dict: dict is not a GPU request",
        A_REQUEST,
    ),
    Row(
        'TaskConfig(gpu=b"a100")',
        InvalidGPURequest,
        "invalid GPU request of type bytes: bytes is not a GPU request",
        A_REQUEST,
    ),
    Row(
        "TaskConfig(gpu=Odd())",
        InvalidGPURequest,
        "invalid GPU request of type Odd: Odd is not a GPU request",
        A_REQUEST,
    ),
    Row(
        "TaskConfig(gpu=10**30)",
        InvalidGPURequest,
        "invalid GPU request of type int: no cluster is so large",
        "the count is at least 1, at most 1000000",
    ),
    Row(
        "TaskConfig(instance_type=7)",
        InvalidTaskConfig,
        "invalid instance_type 7: it is not text",
        "put it in quotes",
    ),
    Row(
        'TaskConfig(instance_type="lots")',
        InvalidGPURequest,
        "invalid instance type 'lots': unknown GPU model 'lots'",
        MODELS,
    ),
    Row(
        'TaskConfig(instance_type="")',
        InvalidGPURequest,
        "invalid instance type '': it is empty",
        "name a machine such as 4xa100-80gb",
    ),
    Row(
        'TaskConfig(instance_type="h100,a100")',
        InvalidGPURequest,
        "invalid instance type 'h100,a100': it does not name exactly one model",
        "name one, as in 4xa100-80gb, or use gpu= to ask for any of several",
    ),
    Row(
        'TaskConfig(min_gpu_memory_gb="lots")',
        InvalidTaskConfig,
        "invalid memory size 'lots': not a size",
        SIZE,
    ),
    Row(
        "TaskConfig(min_gpu_memory_gb=-1)",
        InvalidTaskConfig,
        "invalid memory size -1: a size is more than 0, and at most 1000000 GB",
        SIZE,
    ),
    Row(
        'TaskConfig(cpus="many")',
        InvalidTaskConfig,
        "invalid cpus 'many': it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    Row(
        "TaskConfig(cpus=nan)",
        InvalidTaskConfig,
        "invalid cpus nan: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    Row(
        "TaskConfig(cpus=inf)",
        InvalidTaskConfig,
        "invalid cpus inf: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    Row(
        "TaskConfig(cpus=0)",
        InvalidTaskConfig,
        "invalid cpus 0: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    Row(
        "TaskConfig(cpus=True)",
        InvalidTaskConfig,
        "invalid cpus True: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    Row(
        "TaskConfig(cpus=10**400)",
        InvalidTaskConfig,
        "invalid cpus of type int: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    Row(
        "TaskConfig(cpus=[1])",
        InvalidTaskConfig,
        "invalid cpus of type list: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    Row(
        "TaskConfig(memory_gb=nan)",
        InvalidTaskConfig,
        "invalid memory size nan: a size is more than 0, and at most 1000000 GB",
        SIZE,
    ),
    Row(
        'TaskConfig(memory_gb="10kb")',
        InvalidTaskConfig,
        "invalid memory size '10kb': not a size",
        SIZE,
    ),
    Row(
        "TaskConfig(memory_gb=10**400)",
        InvalidTaskConfig,
        "invalid memory size of type int: a size is more than 0, and at most 1000000 GB",
        SIZE,
    ),
    Row(
        "TaskConfig(memory_gb=True)",
        InvalidTaskConfig,
        "invalid memory size of type bool: a size is a number or text, not bool",
        SIZE,
    ),
    Row(
        "TaskConfig(memory_gb=[])",
        InvalidTaskConfig,
        "invalid memory size of type list: a size is a number or text, not list",
        SIZE,
    ),
    Row(
        "TaskConfig(num_instances=1.0)",
        InvalidTaskConfig,
        "invalid num_instances 1.0: it is not a whole number above 0, up to 100000",
        "as in 4",
    ),
    Row(
        "TaskConfig(num_instances=0)",
        InvalidTaskConfig,
        "invalid num_instances 0: it is not a whole number above 0, up to 100000",
        "as in 4",
    ),
    Row(
        'TaskConfig(num_instances="2")',
        InvalidTaskConfig,
        "invalid num_instances '2': it is not a whole number above 0, up to 100000",
        "as in 4",
    ),
    Row(
        'TaskConfig(env="A=1")',
        InvalidTaskConfig,
        "invalid env of type str: it is not a dict, or a list of NAME=VALUE and NAME",
        "as in {'A': '1'}",
    ),
    Row(
        'TaskConfig(env=["A=1", 7])',
        InvalidTaskConfig,
        "invalid env of type int: it is not NAME=VALUE or NAME",
        "as in ['A=1', 'HOME']",
    ),
    Row(
        'TaskConfig(env={"A B": "1"})',
        InvalidTaskConfig,
        "invalid variable name 'A B' in env",
        VARIABLE,
    ),
    Row(
        'TaskConfig(env={7: "1"})', InvalidTaskConfig, "invalid variable name '7' in env", VARIABLE
    ),
    Row(
        'TaskConfig(env={"A": 1})',
        InvalidTaskConfig,
        "invalid env A of type int: it is not text",
        "put it in quotes",
    ),
    Row(
        'TaskConfig(env={"A": "\\0"})',
        InvalidTaskConfig,
        "env A holds a NUL character",
        "take it out: no program can be given one",
    ),
    Row(
        'TaskConfig(env={"A": "\\ud800"})',
        InvalidTaskConfig,
        "env A holds bytes that are not UTF-8",
        "write it in UTF-8, or leave it out",
    ),
    Row(
        'TaskConfig(env={"A": "x"*200000})',
        InvalidTaskConfig,
        "env A is longer than 131072 characters",
        "use at most 131072",
    ),
    Row(
        "TaskConfig(env=7)",
        InvalidTaskConfig,
        "invalid env of type int: it is not a dict, or a list of NAME=VALUE and NAME",
        "as in {'A': '1'}",
    ),
    Row(
        'TaskConfig(env={f"A{i}": "1" for i in range(5000)}, command="x").to_wire()',
        InvalidTaskConfig,
        "env has 5000 variables",
        "a task has at most 4096",
    ),
    Row(
        'TaskConfig(command="x", env={"NOT_SET_HERE": None}).to_wire()',
        InvalidTaskConfig,
        "env takes NOT_SET_HERE from the caller, where it is not set",
        "export NOT_SET_HERE, or give it a value",
    ),
    Row(
        "TaskConfig(working_dir=7)",
        InvalidTaskConfig,
        "invalid working_dir 7: it is not a path",
        "as in /data/run1",
    ),
    Row(
        'TaskConfig(working_dir="")',
        InvalidTaskConfig,
        "working_dir is empty",
        "write . for the current directory",
    ),
    Row(
        'TaskConfig(working_dir="a\\0b")',
        InvalidTaskConfig,
        "working_dir holds a NUL character",
        "take it out: no program can be given one",
    ),
    Row(
        'TaskConfig(working_dir=b"x")',
        InvalidTaskConfig,
        "invalid working_dir of type bytes: it is not a path",
        "as in /data/run1",
    ),
    Row(
        "TaskConfig(region=7)",
        InvalidTaskConfig,
        "invalid region 7: it is not text",
        "put it in quotes",
    ),
    Row(
        'TaskConfig(region="")', InvalidTaskConfig, "region is empty", "leave it out for any region"
    ),
    Row(
        'TaskConfig(max_price_per_hour="free")',
        InvalidRequest,
        "invalid price 'free': it is not a number",
        PRICE,
    ),
    Row(
        "TaskConfig(max_price_per_hour=nan)",
        InvalidRequest,
        "invalid price NaN: it is not a number",
        PRICE,
    ),
    Row(
        "TaskConfig(max_price_per_hour=[])",
        InvalidRequest,
        "invalid price of type list: it is not a number",
        PRICE,
    ),
    Row(
        'TaskConfig(max_price_per_hour="1_0")',
        InvalidRequest,
        "invalid price '1_0': it is not a number",
        PRICE,
    ),
    Row(
        'TaskConfig(max_price_per_hour="１２")',
        InvalidRequest,
        "invalid price '１２': it is not a number",
        PRICE,
    ),
    Row(
        'TaskConfig(max_price_per_hour="1e999999999")',
        InvalidRequest,
        "invalid price '1e999999999': it is not a number",
        PRICE,
    ),
    Row(
        "TaskConfig(max_price_per_hour=Odd())",
        InvalidRequest,
        "invalid price of type Odd: it is not a number",
        PRICE,
    ),
    Row(
        'TaskConfig(max_run_time="90")',
        InvalidTaskConfig,
        "invalid duration '90': the unit is missing",
        "write 90s for seconds, 90m for minutes",
    ),
    Row(
        "TaskConfig(max_run_time=nan)",
        InvalidTaskConfig,
        "invalid duration nan: a duration is more than 0 and finite",
        DURATION,
    ),
    Row(
        "TaskConfig(max_run_time=-1)",
        InvalidTaskConfig,
        "invalid duration -1: a duration is more than 0 and finite",
        DURATION,
    ),
    Row(
        "TaskConfig(max_run_time=1e9)",
        InvalidTaskConfig,
        "max_run_time is more than 365d",
        "leave it out for no limit",
    ),
    Row(
        "TaskConfig(max_run_time=timedelta(0))",
        InvalidTaskConfig,
        "invalid duration datetime.timedelta(0): a duration is more than 0 and finite",
        DURATION,
    ),
    Row(
        "TaskConfig(max_run_time=[])",
        InvalidTaskConfig,
        "invalid duration of type list: a duration is text or a number, not list",
        DURATION,
    ),
    Row(
        'TaskConfig(priority="urgent")',
        InvalidTaskConfig,
        "invalid priority 'urgent': it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    Row(
        "TaskConfig(priority=1001)",
        InvalidTaskConfig,
        "invalid priority 1001: it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    Row(
        "TaskConfig(priority=1.5)",
        InvalidTaskConfig,
        "invalid priority 1.5: it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    Row(
        "TaskConfig(priority=True)",
        InvalidTaskConfig,
        "invalid priority True: it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    Row(
        'TaskConfig(labels=["a"])',
        InvalidTaskConfig,
        "invalid labels of type list: it is not a dict",
        "as in {'team': 'vision'}",
    ),
    Row('TaskConfig(labels={"": "x"})', InvalidTaskConfig, "invalid label ''", LABEL),
    Row(
        'TaskConfig(labels={"a": 7})',
        InvalidTaskConfig,
        "invalid label a 7: it is not text",
        "put it in quotes",
    ),
    Row('TaskConfig(labels={7: "a"})', InvalidTaskConfig, "invalid label '7'", LABEL),
    Row(
        'TaskConfig(labels={"a": "x"*256})',
        InvalidTaskConfig,
        "label a is longer than 255 characters",
        "use at most 255",
    ),
    Row(
        'TaskConfig(labels={f"a{i}": "1" for i in range(500)})',
        InvalidTaskConfig,
        "there are 500 labels",
        "a task has at most 64",
    ),
    Row(
        'TaskConfig(image="x")',
        InvalidTaskConfig,
        "image is not supported yet by this release",
        "leave out image",
    ),
    Row(
        'TaskConfig(**{"a\\nb": 1})', InvalidTaskConfig, "a task has no field 'a\\nb'", FIELD_NAMES
    ),
    Row(
        "TaskConfig.of(7)",
        InvalidTaskConfig,
        "invalid command 7: it is not text for bash, or a list of words",
        A_COMMAND,
    ),
    Row(
        'TaskConfig.of(b"x")',
        InvalidTaskConfig,
        "invalid command of type bytes: it is not text for bash, or a list of words",
        A_COMMAND,
    ),
    Row(
        'TaskConfig.of("gone.yaml")',
        InvalidTaskConfig,
        "there is no file gone.yaml",
        "a command that ends in .yaml is given as a list: [command]",
    ),
    Row(
        'TaskConfig.of(Path("gone.yaml"))',
        InvalidTaskConfig,
        "there is no file gone.yaml",
        "name a YAML file",
    ),
    Row(
        "TaskConfig.from_yaml(7)",
        InvalidTaskConfig,
        "invalid file 7: it is not the path of a YAML file",
        "as in task.yaml",
    ),
    Row(
        'TaskConfig.from_yaml("")',
        InvalidTaskConfig,
        "invalid file '': it is not the path of a YAML file",
        "as in task.yaml",
    ),
    Row(
        'TaskConfig.from_yaml("a\\0b")',
        InvalidTaskConfig,
        "there is no file a\\x00b",
        "its name holds a NUL character",
    ),
    Row(
        'TaskConfig.from_yaml("\\udcff")',
        InvalidTaskConfig,
        "there is no file \\udcff",
        "name a YAML file",
    ),
    Row("TaskConfig.from_dict({7: 1})", InvalidTaskConfig, "a task has no field '7'", FIELD_NAMES),
    Row(
        "TaskConfig.from_dict(7)",
        InvalidTaskConfig,
        "invalid task 7: it is not a dict of fields",
        "as in {'command': 'python a.py'}",
    ),
    Row(
        "TaskConfig().to_wire()", InvalidTaskConfig, "there is no command to run", "give a command"
    ),
    Row(
        'TaskConfig(command="x").replace(comand="y")',
        InvalidTaskConfig,
        "a task has no field 'comand'",
        "did you mean command?",
    ),
    Row(
        'Flow(api_url="x")',
        ConfigError,
        "invalid api_url 'x' (argument): it starts with neither http:// nor https://",
        URL,
    ),
    Row(
        "Flow(api_url=7)", ConfigError, "invalid api_url '7' (argument): not the text of a URL", URL
    ),
    Row(
        'Flow(api_url=b"http://x")',
        ConfigError,
        "invalid api_url \"b'http://x'\" (argument): not the text of a URL",
        URL,
    ),
    Row(
        'Flow(api_url="http://" + "a"*300)',
        ConfigError,
        "invalid api_url 'http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' (argument): its host cannot be the name of one",
        URL,
    ),
    Row(
        'Flow(api_url="http://é..x")',
        ConfigError,
        "invalid api_url 'http://é..x' (argument): write its host in ASCII, as in xn--bcher-kva.example",
        URL,
    ),
    Row(
        'Flow(api_url="http://x:port")',
        ConfigError,
        "invalid api_url 'http://x:port' (argument): its port is not a number from 1 to 65535",
        URL,
    ),
    Row(
        'Flow(api_url="http://x", api_key="a\\nb")',
        ConfigError,
        "invalid api_key (argument): it is not printable ASCII without spaces",
        KEY,
    ),
    Row(
        'Flow(api_url="http://x", api_key=7)',
        ConfigError,
        "invalid api_key (argument): it is not printable ASCII without spaces",
        KEY,
    ),
    Row(
        'Flow(api_key="k")',
        ConfigError,
        "an api_key needs an api_url",
        "leave it out to run on this machine",
    ),
    Row(
        'Flow(api_url="http://x", project="a b")',
        ConfigError,
        "invalid project 'a b' (argument)",
        PROJECT,
    ),
    Row('Flow(project="UPPER")', ConfigError, "invalid project 'UPPER' (argument)", PROJECT),
    Row('Flow(project="")', ConfigError, "invalid project '' (argument)", PROJECT),
    Row("Flow(project=7)", ConfigError, "invalid project int (argument)", PROJECT),
    Row(
        'Flow(profile="gone")',
        ConfigError,
        "profile 'gone' (argument) is not in {cwd}/home/config.toml",
        "it has no profile",
    ),
    Row("Flow(profile=7)", ConfigError, "invalid profile of type int", "name one by its text"),
    Row(
        'Flow(profile="")',
        ConfigError,
        "profile '' (argument) is not in {cwd}/home/config.toml",
        "it has no profile",
    ),
    Row("Flow(timeout=0)", InvalidRequest, "invalid timeout 0", "a number of seconds"),
    Row("Flow(timeout=nan)", InvalidRequest, "invalid timeout nan", "a number of seconds"),
    Row('Flow(timeout="5s")', InvalidRequest, "invalid timeout '5s'", "a number of seconds"),
    Row("Flow(timeout=-1)", InvalidRequest, "invalid timeout -1", "a number of seconds"),
    Row(
        "Flow(max_retries=-1)",
        InvalidRequest,
        "invalid max_retries -1",
        "a whole number from 0 to 100",
    ),
    Row(
        "Flow(max_retries=1000)",
        InvalidRequest,
        "invalid max_retries 1000",
        "a whole number from 0 to 100",
    ),
    Row(
        'Flow(max_retries="2")',
        InvalidRequest,
        "invalid max_retries '2'",
        "a whole number from 0 to 100",
    ),
    Row(
        "Flow(max_retries=[])",
        InvalidRequest,
        "invalid max_retries []",
        "a whole number from 0 to 100",
    ),
    Row(
        'flow.run("x", comand="y")',
        InvalidTaskConfig,
        "a task has no field 'comand'",
        "did you mean command?",
    ),
    Row(
        'flow.run("x", gpu="a1000")',
        InvalidGPURequest,
        "invalid GPU request 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
    ),
    Row(
        'flow.run("x", idempotency_key="")',
        InvalidRequest,
        "invalid idempotency key ''",
        IDEMPOTENCY,
    ),
    Row(
        'flow.run("x", idempotency_key="a b")',
        InvalidRequest,
        "invalid idempotency key 'a b'",
        IDEMPOTENCY,
    ),
    Row(
        'flow.run("x", idempotency_key="x"*300)',
        InvalidRequest,
        "invalid idempotency key 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
        IDEMPOTENCY,
    ),
    Row(
        'flow.run("x", idempotency_key="a\\r\\nb: c")',
        InvalidRequest,
        "invalid idempotency key 'a\\r\\nb: c'",
        IDEMPOTENCY,
    ),
    Row(
        'flow.run("x", mounts={"a": "b"})',
        InvalidTaskConfig,
        "mounts is not supported yet by this release",
        "leave out mounts",
    ),
    Row(
        'flow.run("x", ports=80)',
        InvalidTaskConfig,
        "ports is not supported yet by this release",
        "leave out ports",
    ),
    Row(
        'flow.run("x", working_dir="gone")',
        InvalidTaskConfig,
        "working_dir {cwd}/gone does not exist",
        HERE,
    ),
    Row(
        'flow.run("x", wait="yes", cpus=-1)',
        InvalidTaskConfig,
        "invalid cpus -1: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    Row(
        "flow.run(7)",
        InvalidTaskConfig,
        "invalid command 7: it is not text for bash, or a list of words",
        A_COMMAND,
    ),
    Row("flow.run(None)", InvalidTaskConfig, "there is no command to run", "give a command"),
    Row("flow.run([])", InvalidTaskConfig, "the command is empty", "name a program to run"),
    Row('flow.submit("")', InvalidTaskConfig, "the command is empty", "name a program to run"),
    Row(
        "flow.submit_many(7)",
        InvalidTaskConfig,
        "tasks of type int are not a list",
        "as in [task, task]",
    ),
    Row(
        'flow.submit_many(["x", 7])',
        InvalidTaskConfig,
        "invalid command 7: it is not text for bash, or a list of words",
        A_COMMAND,
    ),
    Row(
        'flow.submit_many("abc")',
        InvalidTaskConfig,
        "tasks of type str are not a list",
        "as in [task, task]",
    ),
    Row(
        'flow.submit_many(["true"]*10001)',
        InvalidRequest,
        "10001 tasks are too many for one call",
        "submit up to 10000 at a time",
    ),
    Row('flow.get_task("")', TaskNotFound, "there is no task ''", TASK_ID),
    Row("flow.get_task(7)", TaskNotFound, "there is no task of type int", TASK_ID),
    Row("flow.get_task(None)", TaskNotFound, "there is no task of type NoneType", TASK_ID),
    Row('flow.get_task("task_short")', TaskNotFound, "there is no task 'task_short'", TASK_ID),
    Row('flow.get_task("../x")', TaskNotFound, "there is no task '../x'", TASK_ID),
    Row(
        'flow.get_task("task_00000000000000000000000000\\n")',
        TaskNotFound,
        "there is no task 'task_00000000000000000000000000\\n'",
        TASK_ID,
    ),
    Row('flow.status("no such")', TaskNotFound, "there is no task 'no such'", TASK_ID),
    Row('flow.cancel("\\udcff")', TaskNotFound, "there is no task '\\udcff'", TASK_ID),
    Row('flow.wait_for("nope")', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Row(
        'flow.wait_for(ID, until="never")',
        InvalidRequest,
        "cannot wait until 'never'",
        "running or terminal",
    ),
    Row(
        "flow.wait_for(ID, timeout=-1)",
        InvalidRequest,
        "invalid timeout -1",
        "seconds, or text such as 10m",
    ),
    Row(
        "flow.wait_for(ID, timeout=nan)",
        InvalidRequest,
        "invalid timeout nan",
        "seconds, or text such as 10m",
    ),
    Row(
        'flow.wait_for(ID, timeout="soon")',
        InvalidTaskConfig,
        "invalid duration 'soon': not a duration",
        DURATION,
    ),
    Row(
        'flow.wait_for(ID, timeout="0s")',
        InvalidTaskConfig,
        "invalid duration '0s': a duration is more than 0 and finite",
        DURATION,
    ),
    Row(
        "flow.wait_for(ID, timeout=[])",
        InvalidRequest,
        "invalid timeout []",
        "seconds, or text such as 10m",
    ),
    Row('flow.logs("nope")', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Row(
        "flow.logs(ID, tail=-1)",
        InvalidRequest,
        "invalid tail -1",
        "a whole number of lines, from 0 on",
    ),
    Row(
        "flow.logs(ID, tail=1.5)",
        InvalidRequest,
        "invalid tail 1.5",
        "a whole number of lines, from 0 on",
    ),
    Row(
        'flow.logs(ID, tail="all")',
        InvalidRequest,
        "invalid tail 'all'",
        "a whole number of lines, from 0 on",
    ),
    Row(
        'flow.logs(ID, stream="stdin")',
        InvalidRequest,
        "a task has no stream 'stdin'",
        "stdout, stderr or both",
    ),
    Row(
        'flow.logs(ID, source="x", stream="stdout")',
        InvalidRequest,
        "stdout and x are both asked for",
        "name one",
    ),
    Row(
        'flow.logs(ID, stream="stdout", stderr=True)',
        InvalidRequest,
        "stderr and stdout are both asked for",
        "name one",
    ),
    Row(
        'flow.logs(ID, since="nonsense")',
        InvalidRequest,
        "invalid time 'nonsense': not a time that can be read",
        TIME,
    ),
    Row(
        "flow.logs(ID, since=5)",
        InvalidRequest,
        "invalid time of type int",
        "a datetime, or text such as 5m",
    ),
    Row(
        'drain(flow.logs(ID, follow=True, since="nonsense"))',
        InvalidRequest,
        "invalid time 'nonsense': not a time that can be read",
        TIME,
    ),
    Row(
        "drain(flow.tasks.log_chunks(ID, offset=-1))",
        InvalidRequest,
        "invalid offset -1",
        "a whole number of bytes, from 0 on",
    ),
    Row(
        'drain(flow.tasks.log_chunks(ID, offset="x"))',
        InvalidRequest,
        "invalid offset 'x'",
        "a whole number of bytes, from 0 on",
    ),
    Row(
        'flow.list_tasks(status="nonsense")',
        InvalidRequest,
        "a task has no status 'nonsense'",
        "one of pending, starting, running, preempting, paused, completed, failed, cancelled",
    ),
    Row(
        "flow.list_tasks(status=7)",
        InvalidRequest,
        "invalid status of type int",
        "it is a state such as running, or a list of these",
    ),
    Row(
        "flow.list_tasks(limit=-1)",
        InvalidRequest,
        "invalid limit -1",
        "a whole number, or None for all",
    ),
    Row(
        'flow.list_tasks(limit="10")',
        InvalidRequest,
        "invalid limit '10'",
        "a whole number, or None for all",
    ),
    Row(
        'flow.list_tasks(name="")',
        InvalidRequest,
        "invalid name ''",
        "it is the name of a task, or left out for any",
    ),
    Row(
        "flow.list_tasks(name=7)",
        InvalidRequest,
        "invalid name of type int",
        "it is the name of a task, or left out for any",
    ),
    Row(
        'flow.list_tasks(labels=[""])',
        InvalidRequest,
        "invalid label ''",
        "it is NAME=VALUE, or NAME for any value",
    ),
    Row(
        "flow.list_tasks(labels=7)",
        InvalidRequest,
        "invalid labels of type int",
        "it is a dict, or a list of NAME=VALUE and NAME",
    ),
    Row(
        'flow.list_tasks(labels={"a": 7})',
        InvalidRequest,
        "invalid label of type int",
        "it is NAME=VALUE, or NAME for any value",
    ),
    Row(
        "flow.list_tasks(labels=[7])",
        InvalidRequest,
        "invalid label of type int",
        "it is NAME=VALUE, or NAME for any value",
    ),
    Row(
        'flow.tasks.update(ID, priority="urgent")',
        InvalidTaskConfig,
        "invalid priority 'urgent': it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    Row(
        "flow.tasks.update(ID, priority=99999)",
        InvalidTaskConfig,
        "invalid priority 99999: it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    Row('flow.tasks.update(ID, name="a/b")', InvalidTaskConfig, "invalid name 'a/b'", NAME),
    Row(
        'flow.tasks.update(ID, labels=["x"])',
        InvalidTaskConfig,
        "invalid labels of type list: it is not a dict",
        "as in {'team': 'vision'}",
    ),
    Row(
        'flow.tasks.update(ID, labels={"a": 7})',
        InvalidTaskConfig,
        "invalid label a 7: it is not text",
        "put it in quotes",
    ),
    Row(
        'flow.tasks.update(ID, clear=["gpu"])',
        InvalidRequest,
        "a task's 'gpu' cannot be cleared",
        "one of name, priority, labels",
    ),
    Row('flow.tasks.delete("x")', TaskNotFound, "there is no task 'x'", TASK_ID),
    Row('drain(flow.events("nope"))', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Row(
        "drain(flow.events(after=-1, follow=True))",
        InvalidRequest,
        "invalid event number -1",
        "a whole number from 0 on",
    ),
    Row(
        'drain(flow.events(after="x", follow=True))',
        InvalidRequest,
        "invalid event number 'x'",
        "a whole number from 0 on",
    ),
    Row(
        "drain(flow.events(follow=True, limit=3))",
        InvalidRequest,
        "a limit does not go with follow",
        "stop reading instead",
    ),
    Row(
        'flow.find_instances("a1000")',
        InvalidGPURequest,
        "invalid GPU request 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
    ),
    Row(
        'flow.find_instances({"gpu_typ": "a100"})',
        InvalidRequest,
        "instances have no requirement 'gpu_typ'",
        "did you mean gpu_type?",
    ),
    Row(
        'flow.find_instances({"max_price": "free"})',
        InvalidRequest,
        "invalid price 'free': it is not a number",
        PRICE,
    ),
    Row(
        "flow.find_instances(7)",
        InvalidRequest,
        "requirements of type int cannot be read",
        "a GPU type, a dict, or InstanceRequirements",
    ),
    Row(
        'flow.find_instances({"region": 7})',
        InvalidRequest,
        "the region is no text, or empty",
        "leave it out for any",
    ),
    Row(
        'flow.normalize_instance_request(0, "a100")',
        InvalidGPURequest,
        "invalid number of GPUs 0",
        "the number of GPUs is a whole number from 1 to 1000000",
    ),
    Row(
        'flow.normalize_instance_request("4", "a100")',
        InvalidGPURequest,
        "invalid number of GPUs '4'",
        "the number of GPUs is a whole number from 1 to 1000000",
    ),
    Row(
        'flow.normalize_instance_request(4, "a1000")',
        InvalidGPURequest,
        "invalid instance type 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
    ),
    Row(
        "flow.normalize_instance_request(4, 7)",
        InvalidGPURequest,
        "invalid instance type 7: it does not name exactly one model",
        "name one, as in 4xa100-80gb, or use gpu= to ask for any of several",
    ),
    Row(
        'flow.normalize_instance_request(4, "h100,a100")',
        InvalidGPURequest,
        "invalid instance type 'h100,a100': it does not name exactly one model",
        "name one, as in 4xa100-80gb, or use gpu= to ask for any of several",
    ),
    Row(
        'InstanceRequirements(gpu_type="a1000")',
        InvalidGPURequest,
        "invalid GPU request 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
    ),
    Row(
        'GPURequest.parse("")',
        InvalidGPURequest,
        "invalid GPU request '': it is empty",
        "name a model such as a100, or leave gpu unset",
    ),
    Row(
        "GPURequest.parse(None)",
        InvalidGPURequest,
        "invalid GPU request of type NoneType: NoneType is not a GPU request",
        A_REQUEST,
    ),
    Row(
        "GPURequest.parse(1.5)",
        InvalidGPURequest,
        "invalid GPU request of type float: float is not a GPU request",
        A_REQUEST,
    ),
    Row(
        "GPURequest(0)",
        InvalidGPURequest,
        "invalid GPU request of type tuple: count 0 is too small",
        COUNT,
    ),
    Row(
        'Client(api_url="x")',
        ConfigError,
        "invalid api_url 'x' (argument): it starts with neither http:// nor https://",
        URL,
    ),
    Row(
        'Client().run("x", gpuu="a100")',
        InvalidTaskConfig,
        "a task has no field 'gpuu'",
        "did you mean gpu?",
    ),
    Row('Client().status("nope")', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Row('Client().cancel("nope")', TaskNotFound, "there is no task 'nope'", TASK_ID),
]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory, and a home beside it; the test must leave both as they are."""
    for name in ("API_URL", "API_KEY", "PROJECT", "PROFILE"):
        monkeypatch.delenv(f"FLOWKIT_{name}", raising=False)
    monkeypatch.setenv("FLOWKIT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert inventory(tmp_path) == {}


def _check(row: Row, error: FlowError, cwd: Path) -> None:
    assert type(error) is row.error
    assert error.code == row.error.code
    assert error.message.replace(str(cwd), "{cwd}") == row.message
    assert error.hint is not None
    hint = row.hint if isinstance(row.hint, re.Pattern) else re.compile(re.escape(row.hint))
    assert hint.fullmatch(error.hint)
    assert str(error) == f"{error.message}\nhint: {error.hint}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.call)
def test_a_wrong_call_raises_a_typed_error(bare: Path, row: Row) -> None:
    with Flow() as flow:
        names = NAMES | {"Flow": Flow, "Client": Client, "flow": flow, "drain": list}
        with pytest.raises(FlowError) as caught:
            eval(row.call, names)
    _check(row, caught.value, bare)


async def _awaited(call: str, names: dict[str, object]) -> None:
    called = eval(call, names)
    if inspect.isawaitable(called):
        await called


async def _drain(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


@pytest.mark.parametrize(
    "row", [row for row in ROWS if re.search(r"[fF]low|Client", row.call)], ids=lambda row: row.call
)
async def test_a_wrong_call_raises_the_same_where_it_is_awaited(bare: Path, row: Row) -> None:
    async with AsyncFlow() as flow:
        names = NAMES | {"Flow": AsyncFlow, "Client": AsyncClient, "flow": flow, "drain": _drain}
        with pytest.raises(FlowError) as caught:
            await _awaited(row.call, names)
    _check(row, caught.value, bare)
