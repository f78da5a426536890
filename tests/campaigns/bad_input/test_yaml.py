"""YAML that describes no task: what is said of it, and at which line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowkit import InvalidGPURequest, InvalidRequest, InvalidTaskConfig, TaskConfig
from flowkit.peer_variables import VARIABLES
from flowkit.task_config import FIELDS
from tests.campaigns.bad_input.hints import (
    DURATION,
    LABEL,
    MODELS,
    PRICE,
    PRIORITY,
    SIZE,
    VARIABLE,
)
from tests.campaigns.bad_input.task_files import TaskFile, check_task_file, name_of

QUOTES = "put text with special characters such as : # [ { in quotes"
SPACES = "indent with spaces, not tabs, and put text with special characters in quotes"
FIELD = "write fields, as in command: python train.py"
FIELD_NAMES = f"fields: {', '.join(FIELDS)}"
NO_TEXT = "is this a text file?"
UTF8 = "save it as UTF-8 text"
# Each line twice the one before: 2 to the power of 60 at the end.
BOMB = "\n".join(
    ["command: &a0 [x, x]", *(f"l{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
)


ROWS = [
    TaskFile("", "task.yaml: the file is empty", FIELD),
    TaskFile("# nothing\n", "task.yaml: the file is empty", FIELD),
    TaskFile("null\n", "task.yaml: the file holds no fields", FIELD),
    TaskFile("just text", "task.yaml: the file holds no fields", FIELD),
    TaskFile("- a\n", "task.yaml: the file holds no fields", FIELD),
    TaskFile("7\n", "task.yaml: the file holds no fields", FIELD),
    TaskFile("command: [a\n", "task.yaml:2: not YAML: did not find expected ',' or ']'", QUOTES),
    TaskFile(
        "a: b: c\n", "task.yaml:1: not YAML: mapping values are not allowed in this context", QUOTES
    ),
    TaskFile(
        "\tcommand: x\n",
        "task.yaml:1: not YAML: found character that cannot start any token",
        SPACES,
    ),
    TaskFile(
        "command: a\n\tname: b\n",
        "task.yaml:2: not YAML: found a tab character that violates indentation",
        SPACES,
    ),
    TaskFile(
        "command: a\n---\ncommand: b\n",
        "task.yaml:2: the file holds a second document",
        "a file describes one task",
    ),
    TaskFile(
        "command: !!python/object/apply:os.system [id]\n",
        "task.yaml:1: not YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'",
        "leave the tag (!...) out",
    ),
    TaskFile("command: a\ncommand: b\n", "task.yaml:2: command is given twice", "keep one of them"),
    TaskFile(
        "command: a\nenv:\n  A: 1\n  A: 2\n", "task.yaml:4: A is given twice", "keep one of them"
    ),
    TaskFile("? [a]\n: b\n", "task.yaml:1: a field's name is no text", FIELD),
    TaskFile(
        "command: a\nenv: {A: [1]}\n", "task.yaml:2: this value is no text", "write NAME: VALUE"
    ),
    TaskFile(
        "command: a\nenv: 7\n",
        "task.yaml:2: invalid env of type int: it is not a dict, or a list of NAME=VALUE and NAME",
        "as in {'A': '1'}",
    ),
    TaskFile(
        "command: a\nenv: [A=1, 7]\n",
        "task.yaml:2: invalid env of type int: it is not NAME=VALUE or NAME",
        "as in ['A=1', 'HOME']",
    ),
    TaskFile(
        "command: a\nlabels: [a]\n",
        "task.yaml:2: invalid labels of type list: it is not a dict",
        "as in {'team': 'vision'}",
    ),
    TaskFile(
        "command: a\nlabels: {a: {b: c}}\n",
        "task.yaml:2: this value is no text",
        "write NAME: VALUE",
    ),
    TaskFile(
        "command: a\nlabels: {a: }\n",
        "task.yaml:2: invalid label a of type NoneType: it is not text",
        "put it in quotes",
    ),
    TaskFile("command: a\nlabels: {-a: b}\n", "task.yaml:2: invalid label '-a'", LABEL),
    TaskFile(
        "command: 7\n",
        "task.yaml:1: invalid command 7: it is not text for bash, or a list of words",
        "as in ['ls', '-l']",
    ),
    TaskFile(
        "command: {a: b}\n",
        "task.yaml:1: invalid command of type dict: it is not text for bash, or a list of words",
        "as in ['ls', '-l']",
    ),
    TaskFile(
        "command: [a, 7]\n",
        "task.yaml:1: invalid command of type list: it is not text for bash, or a list of words",
        "as in ['ls', '-l']",
    ),
    TaskFile("command: []\n", "task.yaml:1: the command is empty", "name a program to run"),
    TaskFile("command: ''\n", "task.yaml:1: the command is empty", "name a program to run"),
    TaskFile(
        "command: true\n",
        "task.yaml:1: invalid command True: it is not text for bash, or a list of words",
        "as in ['ls', '-l']",
    ),
    TaskFile("name: a\n", "there is no command to run", "give a command"),
    TaskFile(
        "command: a\n\ncpus: many\n",
        "task.yaml:3: invalid cpus 'many': it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "command: a\ncpus: .nan\n",
        "task.yaml:2: invalid cpus nan: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "command: a\ncpus: .inf\n",
        "task.yaml:2: invalid cpus inf: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "command: a\ncpus: -1\n",
        "task.yaml:2: invalid cpus -1: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "command: a\ncpus: 1e999\n",
        "task.yaml:2: invalid cpus '1e999': it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "command: a\ncpus: true\n",
        "task.yaml:2: invalid cpus True: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "command: a\ncpus: [1]\n",
        "task.yaml:2: invalid cpus of type list: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "command: a\ncpus: １２\n",
        "task.yaml:2: invalid cpus '１２': it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "command: a\ncpus: " + "9" * 5000,
        "task.yaml:2: not YAML: a value is not what it seems to be",
        QUOTES,
    ),
    TaskFile(
        "command: a\ncpus: 0x" + "f" * 5000,
        "task.yaml:2: invalid cpus of type int: it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "command: a\nmemory_gb: lots\n", "task.yaml:2: invalid memory size 'lots': not a size", SIZE
    ),
    TaskFile(
        "command: a\nmemory: 10kb\n", "task.yaml:2: invalid memory size '10kb': not a size", SIZE
    ),
    TaskFile(
        "run: echo $SKYPILOT_JOB_RANK\n",
        "task.yaml:1: SKYPILOT_JOB_RANK has no counterpart in a flowkit task",
        f"give it a value in env; known: {', '.join(VARIABLES)}",
    ),
    TaskFile(
        "command: a\nnum_nodes: two\n",
        "task.yaml:2: invalid num_instances 'two': it is not a whole number above 0, up to 100000",
        "as in 4",
    ),
    TaskFile(
        "command: a\nmax_run_time: '90'\n",
        "task.yaml:2: invalid duration '90': the unit is missing",
        "write 90s for seconds, 90m for minutes",
    ),
    TaskFile(
        "command: a\nmax_run_time: 2026-11-20\n",
        "task.yaml:2: invalid duration of type date: a duration is text or a number, not date",
        DURATION,
    ),
    TaskFile(
        "command: a\nmax_run_time: 400d\n",
        "task.yaml:2: max_run_time is more than 365d",
        "leave it out for no limit",
    ),
    TaskFile(
        "command: a\npriority: urgent\n",
        "task.yaml:2: invalid priority 'urgent': it is not a whole number from -1000 to 1000, nor low, med or high",
        PRIORITY,
    ),
    TaskFile(
        "command: a\nname: 7\n", "task.yaml:2: invalid name 7: it is not text", "put it in quotes"
    ),
    TaskFile(
        "command: a\nname: 2026-01-01\n",
        "task.yaml:2: invalid name of type date: it is not text",
        "put it in quotes",
    ),
    TaskFile(
        "command: a\nworking_dir: 7\n",
        "task.yaml:2: invalid working_dir 7: it is not a path",
        "as in /data/run1",
    ),
    TaskFile(
        "command: a\nworking_dir: ''\n",
        "task.yaml:2: working_dir is empty",
        "write . for the current directory",
    ),
    TaskFile(
        "command: a\nregion: {a: b}\n",
        "task.yaml:2: invalid region of type dict: it is not text",
        "put it in quotes",
    ),
    TaskFile(
        "command: a\ninstance_type: lots\n",
        "task.yaml:2: invalid instance type 'lots': unknown GPU model 'lots'",
        MODELS,
        InvalidGPURequest,
    ),
    TaskFile(
        "command: a\nmax_price_per_hour: free\n",
        "task.yaml:2: invalid price 'free': it is not a number",
        PRICE,
        InvalidRequest,
    ),
    TaskFile(
        "command: a\ngpu: a1000\n",
        "task.yaml:2: invalid GPU request 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
        InvalidGPURequest,
    ),
    TaskFile(
        "command: a\ngpu: 1.5\n",
        "task.yaml:2: invalid GPU request of type float: float is not a GPU request",
        "write text such as 'a100:4' or 'gpu:0.5', a whole number, or leave gpu unset",
        InvalidGPURequest,
    ),
    TaskFile(
        "command: a\ngpu: {count: 2, colour: red}\n",
        "task.yaml:2: gpu: colour has no counterpart in flowkit",
        "a GPU has name, count, memory, vendor",
    ),
    TaskFile(
        "command: a\ngpu: {name: A100, cout: 2}\n",
        "task.yaml:2: gpu: cout has no counterpart in flowkit",
        "did you mean count?",
    ),
    TaskFile(
        "command: a\ngpu: []\n",
        "task.yaml:2: invalid GPU request of type list: the list is empty",
        "leave gpu unset for a task without a GPU",
        InvalidGPURequest,
    ),
    TaskFile(
        "command: a\ngpu: {name: [1, 2]}\n",
        "task.yaml:2: invalid GPU request '1,2': a count stands in the list of models '1,2': '1'",
        "write the count once, after the models: h100,a100:8",
        InvalidGPURequest,
    ),
    TaskFile(
        "comand: a\n",
        "task.yaml:1: comand has no counterpart in a flowkit task",
        "did you mean command?",
    ),
    TaskFile(
        "command: a\nRun: b\n",
        "task.yaml:2: Run has no counterpart in a flowkit task",
        "did you mean run?",
    ),
    TaskFile(
        "command: a\n7: b\n", "task.yaml:2: 7 has no counterpart in a flowkit task", FIELD_NAMES
    ),
    TaskFile(
        'command: a\n"a\\nb": c\n',
        "task.yaml:2: a\\nb has no counterpart in a flowkit task",
        FIELD_NAMES,
    ),
    TaskFile(
        "command: a\nimage: b\n",
        "task.yaml:2: image is not supported yet by this release",
        "leave out image",
    ),
    TaskFile(
        "command: a\nenv: {A-B: b}\n", "task.yaml:2: invalid variable name 'A-B' in env", VARIABLE
    ),
    TaskFile(
        'command: a\nenv: {A: "\\0"}\n',
        "task.yaml:2: env A holds a NUL character",
        "take it out: no program can be given one",
    ),
    TaskFile(
        "command: a\nenv: {NOT_SET_ANYWHERE: }\n",
        "env takes NOT_SET_ANYWHERE from the caller, where it is not set",
        "export NOT_SET_ANYWHERE, or give it a value",
    ),
    TaskFile(
        "run: a\nresources: a100\n",
        "task.yaml:2: resources is no mapping",
        "write fields below it, as in gpu: a100",
    ),
    TaskFile(
        "run: a\nresources:\n  cpus: 1\n  use_spot: true\n",
        "task.yaml:4: resources.use_spot has no counterpart in a flowkit task",
        FIELD_NAMES,
    ),
    TaskFile(
        "run: a\nresources:\n  cpus: many\n",
        "task.yaml:3: invalid cpus 'many': it is not a number above 0, up to 100000",
        "as in 4 or 0.5",
    ),
    TaskFile(
        "run: a\nresources: {acelerators: a100}\n",
        "task.yaml:2: resources.acelerators has no counterpart in a flowkit task",
        "did you mean accelerators?",
    ),
    TaskFile("run: a\nresources: {[a]: b}\n", "task.yaml:2: a field's name is no text", FIELD),
    TaskFile(
        "run: a\nresources:\n  accelerators: a100\n  gpu: h100\n",
        "task.yaml:4: gpu is given twice, under two names",
        "keep one of them",
    ),
    TaskFile(
        "run: a\nstorage: {}\n",
        "task.yaml:2: storage has no counterpart in a flowkit task",
        FIELD_NAMES,
    ),
    TaskFile(
        "run: a\nports: 80\n",
        "task.yaml:2: ports is not supported yet by this release",
        "leave out ports",
    ),
    TaskFile(
        "run: a\nregions: [a, b]\n",
        "task.yaml:2: regions: a task runs in one region",
        "name the one that it is to run in",
    ),
    TaskFile(
        "type: service\nrun: a\n", "task.yaml:1: type 'service' is no task", "write type: task"
    ),
    TaskFile(
        "run: a\ncommand: b\n",
        "task.yaml:2: command goes with neither run, commands nor setup",
        "keep one of them",
    ),
    TaskFile("run: a\ncommands: [b]\n", "task.yaml:2: run and commands are both given", "keep one"),
    TaskFile("setup: a\n", "task.yaml:1: there is setup but nothing to run", "add run: ..."),
    TaskFile(
        "run: 7\n",
        "task.yaml:1: a command is text, or a list of lines of text",
        "as in run: python a.py",
    ),
    TaskFile(
        "commands: []\n",
        "task.yaml:1: a command is text, or a list of lines of text",
        "as in run: python a.py",
    ),
    TaskFile(
        "command: &a [*a]\n", "task.yaml:1: not YAML: found unconstructable recursive node", QUOTES
    ),
    TaskFile("a: &x\n b: *y\n", "task.yaml:2: not YAML: found undefined alias", QUOTES),
    TaskFile(BOMB, "task.yaml:2: l1 has no counterpart in a flowkit task", FIELD_NAMES),
    TaskFile(
        "command: a\nenv: {<<: 7}\n",
        "task.yaml:2: not YAML: expected a mapping or list of mappings for merging, but found scalar",
        QUOTES,
    ),
    TaskFile(
        "<<: [1]\n",
        "task.yaml:1: not YAML: expected a mapping for merging, but found scalar",
        QUOTES,
    ),
    TaskFile("[" * 5000, "task.yaml:2: not YAML: did not find expected node content", QUOTES),
    TaskFile("command: a\x00b\n", "task.yaml:1: not YAML: a control character ('\\x00')", NO_TEXT),
    TaskFile(
        "command: a\n# \x1b[31m\n", "task.yaml:2: not YAML: a control character ('\\x1b')", NO_TEXT
    ),
    TaskFile(
        "command: !!binary aGk=\n",
        "task.yaml:1: invalid command of type bytes: it is not text for bash, or a list of words",
        "as in ['ls', '-l']",
    ),
    TaskFile(
        "command: !!timestamp 2026-99-99\n",
        "task.yaml:1: not YAML: a value is not what it seems to be",
        QUOTES,
    ),
    TaskFile(
        "command: a\ncpus: !!int x\n",
        "task.yaml:2: not YAML: a value is not what it seems to be",
        QUOTES,
    ),
    TaskFile(
        "command: 'unclosed\n", "task.yaml:2: not YAML: found unexpected end of stream", QUOTES
    ),
    TaskFile('command: "\\q"\n', "task.yaml:1: not YAML: found unknown escape character", QUOTES),
    TaskFile("@", "task.yaml:1: not YAML: found character that cannot start any token", SPACES),
    TaskFile("%", "task.yaml:1: not YAML: could not find expected directive name", QUOTES),
    TaskFile(b"command: \xff\n", "task.yaml: not UTF-8", UTF8),
    TaskFile(b"\x89PNG\r\n\x1a\n\0\0", "task.yaml: not UTF-8", UTF8),
    TaskFile(b"\x7fELF\0", "task.yaml:1: not YAML: a control character ('\\x7f')", NO_TEXT),
    TaskFile(b"PK\x03\x04", "task.yaml:1: not YAML: a control character ('\\x03')", NO_TEXT),
    TaskFile(
        "# " + "x" * 1024 * 1024,
        "task.yaml is too large for a task's YAML",
        "it has at most 1024 KiB",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_is_wrong_is_said_with_its_line(bare: Path, row: TaskFile) -> None:
    check_task_file(row, bare)


@pytest.mark.parametrize(
    ("name", "error", "hint"),
    [
        ("gone.yaml", "there is no file gone.yaml", "name a YAML file"),
        ("task.yml", "there is no file task.yml", "did you mean task.yaml?"),
        ("no/task.yaml", "there is no file no/task.yaml", "there is no directory no either"),
        (".", ". is a directory", "name a YAML file in it"),
        ("pipe", "pipe is not a file", "write the task to a file, and name that"),
        ("/dev/stdin", "/dev/stdin is not a file", "write the task to a file, and name that"),
        ("/dev/zero", "/dev/zero is not a file", "write the task to a file, and name that"),
        (
            "task.yaml/x",
            "cannot read task.yaml/x: Not a directory",
            "name a YAML file that you may read",
        ),
        ("a\0b", "there is no file a\\x00b", "its name holds a NUL character"),
        (
            "loop",
            "cannot read loop: Too many levels of symbolic links",
            "name a YAML file that you may read",
        ),
        (
            "x" * 300,
            f"cannot read {'x' * 300}: File name too long",
            "name a YAML file that you may read",
        ),
        ("", "invalid file '': it is not the path of a YAML file", "as in task.yaml"),
    ],
)
def test_what_is_no_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("task.yaml").write_text("command: x\n")
    Path("loop").symlink_to("loop")
    os.mkfifo("pipe")
    with pytest.raises(InvalidTaskConfig) as caught:
        TaskConfig.from_yaml(name)
    assert (caught.value.message, caught.value.hint) == (error, hint)
