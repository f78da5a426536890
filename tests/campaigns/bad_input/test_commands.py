"""Commands, options and arguments that there are not."""

from __future__ import annotations

import pytest

from tests.campaigns.bad_input.conftest import Refused
from tests.campaigns.bad_input.hints import (
    DURATION,
    HOME,
    LISTED,
    NOT_UTF8,
    PRICE,
    TIME,
    WHOLE,
)
from tests.campaigns.bad_input.rows import Row, name_of

ROWS = [
    Row(["pss"], "no such command: pss", "did you mean `flowkit ps`?"),
    Row(["frobnicate"], "no such command: frobnicate", "see `flowkit --help`"),
    Row([""], "no such command: ''", "see `flowkit --help`"),
    Row(["\n"], "no such command: \\n", "see `flowkit --help`"),
    Row(["ps\x1b[31m"], "no such command: ps\\x1b[31m", "see `flowkit --help`"),
    Row(["\udcff"], "no such command: \\udcff", "see `flowkit --help`"),
    Row(["ps", "--lable", "a"], "no such option: --lable", "did you mean --label?"),
    Row(["--verson"], "no such option: --verson", "did you mean --version?"),
    Row(["--xyzzy"], "no such option: --xyzzy", "see `flowkit --help`"),
    Row(["-d", "run", "x"], "no such option: -d", "see `flowkit --help`"),
    Row(["ps", "extra"], "got unexpected extra argument (extra)", "see `flowkit ps --help`"),
    Row(["status"], "missing argument TASK", "see `flowkit status --help`"),
    Row(["status", "a", "b"], "got unexpected extra argument (b)", "see `flowkit status --help`"),
    Row(["--project", "x"], "missing command", "see `flowkit --help`"),
    Row(["wait"], "missing argument TASK...", "see `flowkit wait --help`"),
    Row(
        ["wait", "--timeout", "soon", "x"],
        "--timeout: invalid duration 'soon': not a duration",
        DURATION,
    ),
    Row(
        ["wait", "--timeout", "-1s", "x"],
        "--timeout: invalid duration '-1s': not a duration",
        DURATION,
    ),
    Row(
        ["wait", "--timeout", "0", "x"],
        "--timeout: invalid duration '0': a duration is more than 0",
        DURATION,
    ),
    Row(
        ["wait", "--until", "never", "x"],
        "--until: 'never' is not one of running, terminal",
        "see `flowkit wait --help`",
    ),
    Row(["wait", ""], "no task has the id or name ''", LISTED, 3),
    Row(
        ["logs", "x", "--since", "nonsense"],
        "invalid time 'nonsense': not a time that can be read",
        TIME,
    ),
    Row(["logs", "x", "--since", ""], "invalid time '': it is empty", TIME),
    Row(
        ["logs", "x", "--since", "5"],
        "invalid time '5': a number alone is neither a duration nor a time",
        TIME,
    ),
    Row(["logs", "x", "--tail", "-1"], "--tail: -1 is too small", "it is at least 0"),
    Row(
        ["logs", "x", "--node", "both"],
        "--node: 'both' is not a whole number",
        "the number of a machine, from 0, or all",
    ),
    Row(
        ["logs", "x", "--node", "-1"],
        "--node: -1 is too small",
        "the number of a machine, from 0, or all",
    ),
    Row(["logs", "x", "--tail", "all"], "--tail: 'all' is not a whole number", WHOLE),
    Row(
        ["logs", "x", "--tail", "99999999999999999999"],
        "--tail: 99999999999999999999 is too large",
        "it is at most 1000000000",
    ),
    Row(
        ["logs", "x", "--stream", "stdin"],
        "--stream: 'stdin' is not one of stdout, stderr",
        "see `flowkit logs --help`",
    ),
    Row(
        ["logs", "x", "-o", "xml"],
        "--output: 'xml' is not one of text, json",
        "see `flowkit logs --help`",
    ),
    Row(["ps", "-n", "0"], "--limit: 0 is too small", "it is at least 1"),
    Row(["ps", "-n", "many"], "--limit: 'many' is not a whole number", WHOLE),
    Row(["ps", "--status", "runing"], "a task has no status 'runing'", "did you mean running?"),
    Row(
        ["ps", "--status", "7"],
        "a task has no status '7'",
        "one of pending, starting, running, preempting, paused, completed, failed, cancelled",
    ),
    Row(["ps", "--label", ""], "invalid label ''", "it is NAME=VALUE, or NAME for any value"),
    Row(["ps", "--name", ""], "invalid name ''", "it is the name of a task, or left out for any"),
    Row(
        ["ps", "--all", "--limit", "5"],
        "--all and --limit contradict each other",
        "leave out one of them",
    ),
    Row(["ps", "-o", "JSON"], "--output: 'JSON' is not one of table, json", "did you mean json?"),
    Row(["cancel"], "name the tasks to cancel, or use --all", "flowkit cancel TASK..."),
    Row(
        ["cancel", "--all", "x"], "name the tasks to cancel, or use --all", "flowkit cancel TASK..."
    ),
    Row(["delete"], "missing argument TASK...", "see `flowkit delete --help`"),
    Row(
        ["gpus", "a1000"],
        "invalid GPU request 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
    ),
    Row(["gpus", "--max-price", "free"], "invalid price 'free': it is not a number", PRICE),
    Row(["gpus", "--region", ""], "the region is no text, or empty", "leave it out for any"),
    Row(
        ["events", "--after", "1"], "--after goes with --follow", "flowkit events -f --after NUMBER"
    ),
    Row(["events", "-f", "-n", "5"], "--limit does not go with --follow", "Ctrl-C ends following"),
    Row(["events", "-n", "0"], "--limit: 0 is too small", "it is at least 1"),
    Row(["api"], "missing argument METHOD", "see `flowkit api --help`"),
    Row(
        ["api", "FETCH", "/v1/tasks"],
        "METHOD: 'FETCH' is not one of GET, POST, PATCH, PUT, DELETE",
        "see `flowkit api --help`",
    ),
    Row(
        ["api", "GET", "v1/tasks"], "not a path: 'v1/tasks'", "it starts with a slash, as /v1/tasks"
    ),
    Row(["api", "GET", ""], "not a path: ''", "it starts with a slash, as /v1/tasks"),
    Row(["api", "GET", "/v1/\udcff"], "PATH: not UTF-8: /v1/\\xff", NOT_UTF8),
    Row(
        ["api", "GET", "/v1/tasks", "-H", "x"],
        "--header: 'x' is not 'NAME: VALUE'",
        "as in -H 'Idempotency-Key: 7f3a'",
    ),
    Row(
        ["api", "GET", "/v1/tasks", "-H", "A: é"],
        "--header: the value of A is not printable ASCII",
        "as in -H 'Idempotency-Key: 7f3a'",
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", "@gone"],
        "--data: cannot read gone: No such file or directory",
        None,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", "@"],
        "--data: @ names no file",
        "as in -d @task.json, or - for stdin",
    ),
    Row(["api", "POST", "/v1/tasks", "-d", "@."], "--data: cannot read .: Is a directory", None),
    Row(
        ["api", "POST", "/v1/tasks", "-d", "@/dev/zero"],
        "--data: /dev/zero is larger than 65536 KiB",
        None,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", "-"],
        "--data: cannot read stdin: Is a directory",
        None,
        stdin="/tmp",
    ),
    Row(["completion"], "missing argument SHELL", "see `flowkit completion --help`"),
    Row(
        ["completion", "tcsh"],
        "SHELL: 'tcsh' is not one of bash, zsh, fish",
        "see `flowkit completion --help`",
    ),
    Row(["status", "../../etc/passwd"], "no task has the id or name '../../etc/passwd'", LISTED, 3),
    Row(
        ["status", "x" * 5000],
        "no task has the id or name 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
        LISTED,
        3,
    ),
    Row(["status", "\udcff"], "TASK: not UTF-8: \\xff", NOT_UTF8),
    Row(["status", "a\nb"], "no task has the id or name 'a\\nb'", LISTED, 3),
    Row(["gateway"], "missing command", "see `flowkit gateway --help`"),
    Row(["gateway", "stat"], "no such command: stat", "did you mean `flowkit gateway start`?"),
    Row(
        ["gateway", "serve", "--port", "99999"], "--port: 99999 is too large", "it is at most 65535"
    ),
    Row(["gateway", "serve", "--port", "many"], "--port: 'many' is not a whole number", WHOLE),
    Row(["gateway", "serve", "--lease", "0"], "--lease: 0 is too small", "it is at least 1"),
    Row(
        ["gateway", "serve", "--database", "mysql://user:secret@here/flowkit"],
        "--database is not the URL of a PostgreSQL database",
        "write it as in postgresql://user@host/flowkit",
    ),
    Row(
        ["gateway", "serve", "--host"],
        "option '--host' requires an argument",
        "see `flowkit gateway serve --help`",
    ),
    Row(
        ["gateway", "serve", "--engine", "cloud"],
        "--engine: 'cloud' is not one of local, slurm, null",
        "see `flowkit gateway serve --help`",
    ),
    Row(
        ["gateway", "serve", "--data-dir", ""],
        "--data-dir: the name is empty",
        "see `flowkit gateway serve --help`",
    ),
    Row(
        ["gateway", "serve", "--api-url", "http://x"],
        "no such option: --api-url",
        "did you mean --api-key-file?",
    ),
    Row(
        ["gateway", "start", "--data-dir", "x"],
        "no such option: --data-dir",
        "see `flowkit gateway start --help`",
    ),
    Row(
        ["gateway", "logs"],
        "there is no log yet: {root}/home/gateway/gateway.log",
        "the gateway starts with the first command that needs it",
        3,
    ),
    Row(["gateway", "logs", "--tail", "-1"], "--tail: -1 is too small", "it is at least 0"),
    Row(
        ["gateway", "logs", "--data-dir", "file"],
        "cannot read file/gateway.log: Not a directory",
        "--data-dir names the directory of a gateway",
        files={"work/file": ""},
    ),
    Row(
        ["gateway", "status", "--data-dir", "file"],
        "cannot use file: Not a directory",
        HOME,
        5,
        files={"work/file": ""},
    ),
    Row(
        ["gateway", "status"],
        "no gateway is running",
        "the first command that needs one starts it; so does `flowkit gateway start`",
        3,
    ),
    Row(
        ["gateway", "stop"],
        "no gateway is running",
        "the first command that needs one starts it; so does `flowkit gateway start`",
        3,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_wrong_command_line_is_one_line_and_a_hint(refused: Refused, row: Row) -> None:
    refused(row)
