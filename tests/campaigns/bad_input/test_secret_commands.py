"""Secrets, profile files and old files that cannot be."""

from __future__ import annotations

import pytest

from tests.campaigns.bad_input.conftest import Refused
from tests.campaigns.bad_input.hints import (
    DURATION,
    HOME_PATH,
    LISTED,
    LISTED_HERE,
    SECRET_NAME,
)
from tests.campaigns.bad_input.rows import Row, name_of

ROWS = [
    Row(["secret"], "missing command", "see `flowkit secret --help`"),
    Row(["secret", "set"], "missing argument NAME", "see `flowkit secret set --help`"),
    Row(["secret", "set", ""], "that is not a secret's name", SECRET_NAME),
    Row(["secret", "set", "a b"], "that is not a secret's name", SECRET_NAME),
    Row(["secret", "set", "x" * 200], "that is not a secret's name", SECRET_NAME),
    Row(["secret", "set", "1A"], "that is not a secret's name", SECRET_NAME),
    Row(
        ["secret", "ls", "x"], "got unexpected extra argument (x)", "see `flowkit secret ls --help`"
    ),
    Row(["secret", "rm"], "missing argument NAME...", "see `flowkit secret rm --help`"),
    Row(["secret", "rm", "a b"], "that is not a secret's name", SECRET_NAME),
    Row(["secret", "set", "A"], "the value of A is empty", "flowkit secret set A < FILE"),
    Row(["secret", "get", "A"], "no such command: get", "did you mean `flowkit secret set`?"),
    Row(
        ["secret", "set", "A"],
        "a secret's value holds a NUL character",
        "take it out",
        stdin="/dev/zero",
    ),
    Row(["profile-file"], "missing command", "see `flowkit profile-file --help`"),
    Row(["profile-file", "put"], "missing argument PATH", "see `flowkit profile-file put --help`"),
    Row(["profile-file", "put", "/etc/x"], "invalid path '/etc/x' of a profile file", HOME_PATH),
    Row(["profile-file", "put", "../x"], "invalid path '../x' of a profile file", HOME_PATH),
    Row(
        ["profile-file", "put", ".netrc", "--mode", "999"],
        "--mode: '999' is no mode",
        "three octal digits, as in 640",
    ),
    Row(
        ["profile-file", "put", ".netrc", "--mode", "4755"],
        "--mode: '4755' is no mode",
        "three octal digits, as in 640",
    ),
    Row(["profile-file", "put", ""], "invalid path '' of a profile file", HOME_PATH),
    Row(["profile-file", "put", "a\nb"], "invalid path 'a\\nb' of a profile file", HOME_PATH),
    Row(
        ["profile-file", "put", ".netrc", "gone"],
        "got unexpected extra argument (gone)",
        "see `flowkit profile-file put --help`",
    ),
    Row(["profile-file", "cat"], "missing argument PATH", "see `flowkit profile-file cat --help`"),
    Row(["profile-file", "cat", "../x"], "invalid path '../x' of a profile file", HOME_PATH),
    Row(["profile-file", "rm", ""], "invalid path '' of a profile file", HOME_PATH),
    Row(
        ["profile-file", "put", ".netrc"],
        "a profile file has 65537 bytes",
        "it has at most 64 KiB; keep what is larger in a volume",
        stdin="/dev/zero",
    ),
    Row(["hold"], "missing argument TASK...", "see `flowkit hold --help`"),
    Row(["hold", ""], "no task has the id or name ''", LISTED, code=3),
    Row(["hold", "--all"], "no such option: --all", "see `flowkit hold --help`"),
    Row(["release"], "missing argument TASK...", "see `flowkit release --help`"),
    Row(["release", "a b"], "no task has the id or name 'a b'", LISTED, code=3),
    Row(
        ["gateway", "gc", "--older-than", "7"],
        "--older-than: invalid duration '7': the unit is missing",
        "write 7s for seconds, 7m for minutes",
    ),
    Row(
        ["gateway", "gc", "--kind", "logs"],
        "--kind: 'logs' is not one of workspace, snapshot, cache, upload",
        "see `flowkit gateway gc --help`",
    ),
    Row(
        ["gateway", "gc", "--older-than", "-1d"],
        "--older-than: invalid duration '-1d': not a duration",
        DURATION,
    ),
    Row(
        ["gateway", "gc", "--older-than", ""],
        "--older-than: invalid duration '': not a duration",
        DURATION,
    ),
    Row(["gateway", "gc", "--dry-rum"], "no such option: --dry-rum", "did you mean --dry-run?"),
    Row(
        ["gateway", "gc", "x"],
        "got unexpected extra argument (x)",
        "see `flowkit gateway gc --help`",
    ),
    Row(
        ["gateway", "serve", "--gc-age", "x"],
        "--gc-age: 'x' is not KIND=AGE",
        "KIND is workspace, snapshot, cache, upload; as in workspace=2d",
    ),
    Row(
        ["gateway", "serve", "--gc-age", "logs=1d"],
        "--gc-age: 'logs=1d' is not KIND=AGE",
        "KIND is workspace, snapshot, cache, upload; as in workspace=2d",
    ),
    Row(
        ["gateway", "serve", "--gc-age", "workspace=soon"],
        "--gc-age: invalid duration 'soon': not a duration",
        DURATION,
    ),
    Row(
        ["gateway", "serve", "--gc-age", "workspace="],
        "--gc-age: invalid duration '': not a duration",
        DURATION,
    ),
    Row(
        ["secret", "rm", "NONE"],
        "there is no secret NONE",
        "`flowkit secret set NONE` makes it",
        code=3,
        served=True,
    ),
    Row(
        ["profile-file", "cat", ".none"],
        "there is no profile file .none",
        "`flowkit profile-file ls` lists them",
        code=3,
        served=True,
    ),
    Row(
        ["profile-file", "rm", ".none"],
        "there is no profile file .none",
        "`flowkit profile-file ls` lists them",
        code=3,
        served=True,
    ),
    Row(
        ["hold", "{task}"],
        "{task} is completed; only a queued task can be held or released",
        None,
        code=1,
        served=True,
    ),
    Row(
        ["hold", "task_00000000000000000000000000"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        code=3,
        served=True,
    ),
    Row(
        ["release", "{task}"],
        "{task} is completed; only a queued task can be held or released",
        None,
        code=1,
        served=True,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_tasks_are_handed_stays_as_it_is(refused: Refused, row: Row) -> None:
    refused(row)
