"""What a task is asked for: wrong numbers, units, names, files and directories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.campaigns.bad_input.conftest import Refused
from tests.campaigns.bad_input.hints import (
    COUNT,
    DURATION,
    ELSEWHERE,
    EXAMPLE,
    HERE,
    LABEL,
    MODELS,
    NAME,
    NOT_UTF8,
    NUMBER,
    PRICE,
    PRIORITY,
    SIZE,
    VARIABLE,
    WHOLE,
)
from tests.campaigns.bad_input.rows import Row, name_of


def _fifo(root: Path) -> None:
    os.mkfifo(root / "work" / "fifo")


def _closed(root: Path) -> None:
    (root / "closed").mkdir(0o000)


ROWS = [
    Row(["run"], "there is no command to run", EXAMPLE),
    Row(["run", "--gpu"], "option '--gpu' requires an argument", "see `flowkit run --help`"),
    Row(["run", "-o"], "option '-o' requires an argument", "see `flowkit run --help`"),
    Row(
        ["run", "--detach=yes", "x"],
        "option '--detach' does not take a value",
        "see `flowkit run --help`",
    ),
    Row(["run", "--gpus", "a100", "x"], "no such option: --gpus", "did you mean --gpu?"),
    Row(["run", "--timeout", "5", "x"], "no such option: --timeout", "did you mean --mount?"),
    Row(
        ["run", "--gpu", "a1000", "x"],
        "invalid GPU request 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
    ),
    Row(
        ["run", "--gpu", "a100:0", "x"], "invalid GPU request 'a100:0': count 0 is too small", COUNT
    ),
    Row(
        ["run", "--gpu", "a100:１２", "x"],
        "invalid GPU request 'a100:１２': unknown GPU model '１２'",
        MODELS,
    ),
    Row(
        ["run", "--gpu", "", "x"],
        "invalid GPU request '': it is empty",
        "name a model such as a100, or leave gpu unset",
    ),
    Row(
        ["run", "--gpu", "\x1b[31m", "x"],
        "invalid GPU request '\\x1b[31m': unknown GPU model '\\x1b[31m'",
        MODELS,
    ),
    Row(
        ["run", "--gpu", "h100:8:8", "x"],
        "invalid GPU request 'h100:8:8': count given twice: '8' and '8'",
        "write the count once, as in a100:80gb:4",
    ),
    Row(
        ["run", "--instance-type", "lots", "x"],
        "invalid instance type 'lots': unknown GPU model 'lots'",
        MODELS,
    ),
    Row(
        ["run", "--instance-type", "", "x"],
        "invalid instance type '': it is empty",
        "name a machine such as 4xa100-80gb",
    ),
    Row(
        ["run", "--gpu", "a100", "--instance-type", "8xh100", "x"],
        "--gpu and --instance-type contradict each other",
        "an instance type says what GPUs it has: leave out --gpu",
    ),
    Row(
        ["run", "--min-gpu-memory", "lots", "x"],
        "--min-gpu-memory: invalid memory size 'lots': not a size",
        SIZE,
    ),
    Row(["run", "--cpus", "two", "x"], "--cpus: 'two' is not a number", NUMBER),
    Row(["run", "--cpus", "nan", "x"], "--cpus: 'nan' is not a number", NUMBER),
    Row(["run", "--cpus", "inf", "x"], "--cpus: 'inf' is not a number", NUMBER),
    Row(["run", "--cpus", "-1", "x"], "--cpus: -1 is too small", "it is more than 0"),
    Row(["run", "--cpus", "0", "x"], "--cpus: 0 is too small", "it is more than 0"),
    Row(["run", "--cpus", "1e999", "x"], "--cpus: '1e999' is not a number", NUMBER),
    Row(["run", "--cpus", "１２", "x"], "--cpus: '１２' is not a number", NUMBER),
    Row(
        ["run", "--cpus", "200000", "x"],
        "invalid cpus 200000.0: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    Row(["run", "--cpus", "", "x"], "--cpus: '' is not a number", NUMBER),
    Row(["run", "--memory", "lots", "x"], "--memory: invalid memory size 'lots': not a size", SIZE),
    Row(["run", "--memory", "10kb", "x"], "--memory: invalid memory size '10kb': not a size", SIZE),
    Row(["run", "--memory", "-1gb", "x"], "--memory: invalid memory size '-1gb': not a size", SIZE),
    Row(["run", "--memory", "nan", "x"], "--memory: invalid memory size 'nan': not a size", SIZE),
    Row(
        ["run", "--memory", "1e999", "x"], "--memory: invalid memory size '1e999': not a size", SIZE
    ),
    Row(
        ["run", "--memory", "0gb", "x"],
        "--memory: invalid memory size '0gb': a size is more than 0, and at most 1000000 GB",
        SIZE,
    ),
    Row(
        ["run", "--memory", "１２gb", "x"],
        "--memory: invalid memory size '１２gb': not a size",
        SIZE,
    ),
    Row(
        ["run", "--memory", "99999999999999999999gb", "x"],
        "--memory: invalid memory size '99999999999999999999gb': a size is more than 0, and at most 1000000 GB",
        SIZE,
    ),
    Row(
        ["run", "--num-instances", "0", "x"], "--num-instances: 0 is too small", "it is at least 1"
    ),
    Row(
        ["run", "--num-instances", "1.5", "x"],
        "--num-instances: '1.5' is not a whole number",
        WHOLE,
    ),
    Row(
        ["run", "--num-instances", "999999999999", "x"],
        "--num-instances: 999999999999 is too large",
        "it is at most 1000000000",
    ),
    Row(
        ["run", "--max-run-time", "90", "x"],
        "--max-run-time: invalid duration '90': the unit is missing",
        "write 90s for seconds, 90m for minutes",
    ),
    Row(
        ["run", "--max-run-time", "90x", "x"],
        "--max-run-time: invalid duration '90x': not a duration",
        DURATION,
    ),
    Row(
        ["run", "--max-run-time", "-5s", "x"],
        "--max-run-time: invalid duration '-5s': not a duration",
        DURATION,
    ),
    Row(
        ["run", "--max-run-time", "0s", "x"],
        "--max-run-time: invalid duration '0s': a duration is more than 0 and finite",
        DURATION,
    ),
    Row(
        ["run", "--max-run-time", "400d", "x"],
        "max_run_time is more than 365d",
        "leave it out for no limit",
    ),
    Row(
        ["run", "--max-run-time", "１２s", "x"],
        "--max-run-time: invalid duration '１２s': not a duration",
        DURATION,
    ),
    Row(["run", "--max-price", "free", "x"], "invalid price 'free': it is not a number", PRICE),
    Row(["run", "--max-price", "nan", "x"], "invalid price 'nan': it is not a number", PRICE),
    Row(
        ["run", "--max-price", "-1", "x"],
        "invalid price '-1': it is less than a cent, or beyond any budget",
        PRICE,
    ),
    Row(["run", "--max-price", "1e999", "x"], "invalid price '1e999': it is not a number", PRICE),
    Row(
        ["run", "--max-price", "0.001", "x"],
        "invalid price '0.001': it is less than a cent, or beyond any budget",
        PRICE,
    ),
    Row(
        ["run", "--priority", "urgent", "x"],
        "invalid priority 'urgent': it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    Row(
        ["run", "--priority", "1001", "x"],
        "invalid priority 1001: it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    Row(
        ["run", "--priority", "１２", "x"],
        "invalid priority '１２': it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    Row(["run", "--name", "a/b", "x"], "invalid name 'a/b'", NAME),
    Row(["run", "--name", "", "x"], "invalid name ''", NAME),
    Row(["run", "--name", "n" * 129, "x"], "name is longer than 128 characters", "use at most 128"),
    Row(["run", "--name", "a\nb", "x"], "invalid name 'a\\nb'", NAME),
    Row(["run", "--name", "\udcff", "x"], "--name: not UTF-8: \\xff", NOT_UTF8),
    Row(
        ["run", "--label", "a", "x"], "--label: 'a' is not NAME=VALUE", "as in --label team=vision"
    ),
    Row(
        ["run", "--label", "=v", "x"],
        "--label: '=v' is not NAME=VALUE",
        "as in --label team=vision",
    ),
    Row(
        ["run", "--label", "k" * 64 + "=v", "x"],
        "invalid label 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk'",
        LABEL,
    ),
    Row(
        ["run", "--label", "k=" + "v" * 256, "x"],
        "label k is longer than 255 characters",
        "use at most 255",
    ),
    Row(["run", "--env", "A-B=1", "x"], "invalid variable name 'A-B' in env", VARIABLE),
    Row(["run", "--env", "=x", "x"], "invalid variable name '' in env", VARIABLE),
    Row(["run", "--env", "A\n=1", "x"], "invalid variable name 'A\\n' in env", VARIABLE),
    Row(["run", "--env", "A=\udcff", "x"], "--env: not UTF-8: A=\\xff", NOT_UTF8),
    Row(
        ["run", "--env", "A=" + "x" * 131073, "x"],
        "env A is longer than 131072 characters",
        "use at most 131072",
    ),
    Row(
        ["run", "--env", "NOT_SET", "x"],
        "env takes NOT_SET from the caller, where it is not set",
        "export NOT_SET, or give it a value",
    ),
    Row(
        ["run", "--env", "BYTES", "x"],
        "env BYTES holds bytes that are not UTF-8",
        "write it in UTF-8, or leave it out",
        environment={"BYTES": "\udcff"},
    ),
    Row(
        ["run", "--env-file", "gone", "x"],
        "--env-file: cannot read gone: No such file or directory",
        None,
    ),
    Row(
        ["run", "--env-file", "envs", "x"],
        "--env-file: cannot read envs: No such file or directory",
        "did you mean env?",
        files={"work/env": "A=1\n"},
    ),
    Row(["run", "--env-file", ".", "x"], "--env-file: cannot read .: Is a directory", None),
    Row(
        ["run", "--env-file", "", "x"], "--env-file: the name is empty", "see `flowkit run --help`"
    ),
    Row(
        ["run", "--env-file", "lines", "x"],
        "--env-file: lines, line 2: not NAME=VALUE",
        VARIABLE,
        files={"work/lines": "A=1\nnot a line\n"},
    ),
    Row(
        ["run", "--env-file", "bytes", "x"],
        "--env-file: bytes is not UTF-8",
        "save it as UTF-8 text",
        files={"work/bytes": b"A=\xff\n"},
    ),
    Row(
        ["run", "--env-file", "nul", "x"],
        "--env-file: nul, line 1: a NUL character in the value",
        None,
        files={"work/nul": b"A=\0\n"},
    ),
    Row(
        ["run", "--env-file", "fifo", "x"],
        "--env-file: nothing comes from the pipe fifo",
        None,
        prepare=_fifo,
    ),
    Row(
        ["run", "--env-file", "/dev/zero", "x"],
        "--env-file: /dev/zero is larger than 1024 KiB",
        None,
    ),
    Row(["run", "--workdir", "gone", "x"], "working_dir {root}/work/gone does not exist", HERE),
    Row(
        ["run", "--workdir", "file", "x"],
        "working_dir {root}/work/file is not a directory",
        HERE,
        files={"work/file": ""},
    ),
    Row(["run", "--workdir", "", "x"], "working_dir is empty", "write . for the current directory"),
    Row(
        ["run", "--workdir", "/" + "a" * 5000, "x"],
        "working_dir is longer than 4096 characters",
        "use at most 4096",
    ),
    Row(
        ["run", "--workdir", "{root}/closed", "x"],
        "working_dir {root}/closed cannot be entered",
        "it needs the permission to execute (x)",
        prepare=_closed,
        unprivileged=True,
    ),
    Row(
        ["run", "x"],
        "the current directory does not exist any more",
        ELSEWHERE,
        cwd_vanishes=True,
        leaves=["work"],
    ),
    Row(
        ["run", "--workdir", "sub", "x"],
        "the current directory does not exist any more",
        ELSEWHERE,
        cwd_vanishes=True,
        leaves=["work"],
    ),
    Row(
        ["run", "-f", "task.yml"],
        "there is no file task.yml",
        "did you mean task.yaml?",
        files={"work/task.yaml": "command: x\n"},
    ),
    Row(["run", "-f", "."], ". is a directory", "name a YAML file in it"),
    Row(
        ["run", "-f", "fifo"],
        "fifo is not a file",
        "write the task to a file, and name that",
        prepare=_fifo,
    ),
    Row(
        ["run", "-f", "/dev/stdin"],
        "/dev/stdin is not a file",
        "write the task to a file, and name that",
    ),
    Row(["run", "-f", ""], "--file: the name is empty", "see `flowkit run --help`"),
    Row(["run", "-f", "gone\n.yaml"], "there is no file gone\\n.yaml", "name a YAML file"),
    Row(
        ["run", "-f", "task.yaml"],
        "task.yaml:2: invalid cpus 'many': it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
        files={"work/task.yaml": "command: x\ncpus: many\n"},
    ),
    Row(
        ["run", "-f", "task.yaml", "x"],
        "task.yaml:1: invalid name 7: it is not text",
        "put it in quotes",
        files={"work/task.yaml": "name: 7\n"},
    ),
    Row(["run", ""], "the command is an empty word", "name a program to run"),
    Row(["run", "  "], "the command is empty", "name a program to run"),
    Row(["run", "x", "\udcff"], "COMMAND: not UTF-8: \\xff", NOT_UTF8),
    Row(["run", "--", ""], "the command is an empty word", "name a program to run"),
    Row(
        ["run", "-o", "xml", "x"],
        "--output: 'xml' is not one of text, json",
        "see `flowkit run --help`",
    ),
    Row(
        ["submit", "--gpu", "a1000", "x"],
        "invalid GPU request 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
    ),
    Row(["submit", "-d", "x"], "no such option: -d", "see `flowkit submit --help`"),
    Row(["plan"], "there is no command to run", EXAMPLE),
    Row(
        ["plan", "--memory", "lots", "x"], "--memory: invalid memory size 'lots': not a size", SIZE
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_task_that_cannot_be_asked_for_is_not_begun(refused: Refused, row: Row) -> None:
    refused(row)
