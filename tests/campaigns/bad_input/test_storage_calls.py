"""Calls about data, code and sweeps that cannot be: nothing is sent or started."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowkit.errors import (
    FileNotFound,
    InvalidMount,
    InvalidPath,
    InvalidRequest,
    InvalidSweep,
    InvalidTaskConfig,
    NotFound,
    SweepNotFound,
    TaskNotFound,
    VolumeNotFound,
)
from tests.campaigns.bad_input.calls import Call, check_awaited, check_call
from tests.campaigns.bad_input.hints import (
    FROM_ROOT,
    HOME_PATH,
    PRINCIPAL,
    REMOTE,
    SECRET_NAME,
    VOLUME,
    VOLUME_NAME,
)

SIZE_GB = "a whole number of GB from 1 to 1000000"
INTERFACE = "block for one task at a time, file for many"
TASK_ID = "a task's id is task_ and 26 letters or digits, as list_tasks() shows it"
VALUES = "write case:a,b,c or range:0,10,2 or linspace:0,1,5, or give a list"
TARGET = "write it from the root, as in /data"


NAMES = {
    "ID": "task_00000000000000000000000000",
    "VOLUME_ID": "vol_00000000000000000000000000",
}
"""What calls are made of."""

CALLS = [
    Call("flow.create_volume(0)", InvalidRequest, "invalid size_gb 0", SIZE_GB),
    Call('flow.create_volume("5")', InvalidRequest, "invalid size_gb '5'", SIZE_GB),
    Call("flow.create_volume(True)", InvalidRequest, "invalid size_gb True", SIZE_GB),
    Call(
        'flow.create_volume(5, name="a b")',
        InvalidRequest,
        "invalid volume name 'a b'",
        VOLUME_NAME,
    ),
    Call(
        "flow.create_volume(5, name=7)",
        InvalidRequest,
        "invalid volume name of type int",
        VOLUME_NAME,
    ),
    Call(
        'flow.create_volume(5, interface="tape")',
        InvalidRequest,
        "invalid interface 'tape'",
        INTERFACE,
    ),
    Call(
        'flow.create_volume(5, region="")',
        InvalidRequest,
        "invalid region",
        "text of 1 to 64 characters, or leave it out",
    ),
    Call(
        'flow.volumes.create(5, permission="w")',
        InvalidRequest,
        "invalid permission 'w'",
        "rw to read and write, ro to read only",
    ),
    Call('flow.volumes.get("a b")', VolumeNotFound, "there is no volume 'a b'", VOLUME),
    Call("flow.volumes.get(7)", VolumeNotFound, "there is no volume of type int", VOLUME),
    Call(
        'flow.volumes.update(VOLUME_ID, name="a b")',
        InvalidRequest,
        "invalid volume name 'a b'",
        VOLUME_NAME,
    ),
    Call(
        'flow.volumes.update(VOLUME_ID, clear="size_gb")',
        InvalidRequest,
        "a volume's 'size_gb' cannot be cleared",
        "only name",
    ),
    Call(
        "flow.volumes.clone(VOLUME_ID, size_gb=-1)", InvalidRequest, "invalid size_gb -1", SIZE_GB
    ),
    Call(
        'flow.volumes.share(VOLUME_ID, "ada")', InvalidRequest, "invalid principal 'ada'", PRINCIPAL
    ),
    Call(
        "flow.volumes.share(VOLUME_ID, 7)",
        InvalidRequest,
        "invalid principal of type int",
        PRINCIPAL,
    ),
    Call(
        'flow.volumes.share(VOLUME_ID, "user:ada", "rwx")',
        InvalidRequest,
        "invalid permission 'rwx'",
        "rw to read and write, ro to read only",
    ),
    Call(
        'flow.volumes.unshare(VOLUME_ID, "ada")',
        InvalidRequest,
        "invalid principal 'ada'",
        PRINCIPAL,
    ),
    Call(
        'flow.volumes.accept("x")',
        NotFound,
        "there is no invitation 'x'",
        "`flowkit volume invitations` lists them",
    ),
    Call(
        "flow.volumes.decline(7)",
        NotFound,
        "there is no invitation of another type than text",
        "`flowkit volume invitations` lists them",
    ),
    Call('flow.delete_volume("")', VolumeNotFound, "there is no volume ''", VOLUME),
    Call(
        'flow.list_volumes("many")',
        InvalidRequest,
        "invalid limit 'many'",
        "a whole number, or None for all",
    ),
    Call('flow.mount_volume("a b", ID)', VolumeNotFound, "there is no volume 'a b'", VOLUME),
    Call('flow.mount_volume("x", "nope")', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Call(
        'flow.mount_volume("x", ID, "data")',
        InvalidMount,
        "the mount target 'data' is not an absolute path",
        TARGET,
    ),
    Call(
        'flow.storage.upload("gone", "v:x")',
        FileNotFound,
        "there is no file gone on this machine",
        "check the path",
    ),
    Call('flow.storage.upload(".", 7)', InvalidPath, "a remote path is text, not int", REMOTE),
    Call('flow.storage.upload(".", "x")', InvalidPath, "'x' is no remote path", REMOTE),
    Call(
        'flow.storage.download("v:../x")',
        InvalidPath,
        "the path '../x' has the name '..'",
        FROM_ROOT,
    ),
    Call(
        'flow.storage.download("http://host/x")',
        InvalidPath,
        "'http://host/x' is a URL and no remote path",
        REMOTE,
    ),
    Call(
        'drain(flow.storage.read("v:"))', InvalidPath, "v: names no file in it", "as in v:data.csv"
    ),
    Call(
        'flow.storage.write("v:a\\nb", b"")',
        InvalidPath,
        "the path 'a\\nb' has characters in it that no path should have",
        "leave out control characters and line ends",
    ),
    Call('flow.storage.mkdir("/")', InvalidPath, "/ names no file in it", "as in /data.csv"),
    Call('flow.storage.delete("v:")', InvalidPath, "v: names no file in it", "as in v:data.csv"),
    Call(
        'flow.storage.rename("v:a", "w:a")',
        InvalidRequest,
        "v:a and w:a are not in one volume",
        "download the file and upload it, or mount both in a task",
    ),
    Call('flow.storage.stat("")', InvalidPath, "'' is no remote path", REMOTE),
    Call('drain(flow.storage.list("x"))', InvalidPath, "'x' is no remote path", REMOTE),
    Call('drain(flow.outputs.list("nope"))', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Call('flow.outputs.download("nope")', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Call(
        'flow.secrets.set("a b", "x")', InvalidRequest, "that is not a secret's name", SECRET_NAME
    ),
    Call(
        'flow.secrets.set("A", 7)',
        InvalidRequest,
        "a secret's value is text, not int",
        "bytes.decode() makes it",
    ),
    Call('flow.secrets.delete("")', InvalidRequest, "that is not a secret's name", SECRET_NAME),
    Call(
        'flow.profile_files.put("/x", "a")',
        InvalidPath,
        "invalid path '/x' of a profile file",
        HOME_PATH,
    ),
    Call(
        'flow.profile_files.put(".x", 7)',
        InvalidRequest,
        "a file's content is text or bytes, not int",
        "read the file first, as with Path.read_bytes()",
    ),
    Call(
        'flow.profile_files.put(".x", "a", mode=0o7777)',
        InvalidRequest,
        "invalid mode 0o7777",
        "permissions as in 0o600",
    ),
    Call(
        'flow.profile_files.get("../x")',
        InvalidPath,
        "invalid path '../x' of a profile file",
        HOME_PATH,
    ),
    Call('flow.upload_code_to_task("nope")', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Call(
        'flow.upload_code_to_task(ID, target_dir="/etc")',
        InvalidRequest,
        "invalid target_dir '/etc': it is not within the task's workspace",
        "write /workspace, or a path relative to it",
    ),
    Call(
        "flow.upload_code_to_task(ID, git_incremental=False)",
        InvalidRequest,
        "git_incremental=False is not possible: only what differs travels",
        "leave it out",
    ),
    Call(
        "flow.upload_code_to_task(ID, progress_reporter=7)",
        InvalidRequest,
        "a progress_reporter of type int cannot be called",
        "give a function of one text",
    ),
    Call(
        'flow.snapshots.create("gone")',
        InvalidTaskConfig,
        "{cwd}/gone does not exist",
        "name the directory of the code",
    ),
    Call('flow.tasks.hold("nope")', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Call("flow.tasks.release(7)", TaskNotFound, "there is no task of type int", TASK_ID),
    Call('drain(flow.tasks.attempts("nope"))', TaskNotFound, "there is no task 'nope'", TASK_ID),
    Call(
        "flow.logs(ID, attempt=0)",
        InvalidRequest,
        "invalid attempt 0",
        "the number of an attempt, from 1 on",
    ),
    Call(
        'flow.logs(ID, attempt="1")',
        InvalidRequest,
        "invalid attempt '1'",
        "the number of an attempt, from 1 on",
    ),
    Call(
        'flow.sweep("x", {})',
        InvalidSweep,
        "there is no parameter to sweep over",
        "name one, as in LR=case:0.1,0.2",
    ),
    Call(
        'flow.sweep("x", 7)',
        InvalidSweep,
        "parameters of type int are no names with values",
        "as in {'LR': 'linspace:0.1,0.5,5', 'SEED': [1, 2, 3]}",
    ),
    Call('flow.sweep("x", {"A": 7})', InvalidSweep, "A: a value 7 is no list of values", VALUES),
    Call('flow.sweep("x", {"A": []})', InvalidSweep, "A has no values", "give it at least one"),
    Call(
        'flow.sweep("x", {"A B": [1]})',
        InvalidSweep,
        "invalid parameter name 'A B'",
        "a name is that of a variable: letters, digits and _, not first a digit",
    ),
    Call(
        'flow.sweep("x", {"A": [1, object]})',
        InvalidSweep,
        "A: a value of type type is neither text nor a number",
        VALUES,
    ),
    Call(
        'flow.sweep("x", {"A": "kase:1"})',
        InvalidSweep,
        "A: 'kase:1' is no list of values",
        "did you mean case?",
    ),
    Call(
        'flow.sweep("x", {"A": [1]}, max_parallel=0)',
        InvalidSweep,
        "invalid max_parallel 0",
        "a whole number from 1 to 10000",
    ),
    Call(
        'flow.sweep("x", {"A": [1]}, combine="sum")',
        InvalidSweep,
        "values cannot be combined by 'sum'",
        "product or zip",
    ),
    Call(
        'flow.sweep("x", {"A": [1]}, on_failure="cry")',
        InvalidSweep,
        "invalid on_failure 'cry'",
        "continue or stop",
    ),
    Call(
        'flow.sweep("", {"A": [1]})',
        InvalidTaskConfig,
        "the command is empty",
        "name a program to run",
    ),
    Call(
        'flow.sweep("x", {"A": [1, 2], "B": [1]}, combine="zip")',
        InvalidSweep,
        "values of different number cannot be zipped: A has 2, B has 1",
        "give each parameter as many, or leave out zip for every combination",
    ),
    Call(
        'flow.sweeps.get("nope")',
        SweepNotFound,
        "there is no sweep 'nope'",
        "a sweep's id is sweep_ and 26 letters or digits, as flow.sweeps.list() shows it",
    ),
    Call('Client().storage.mkdir("x")', InvalidPath, "'x' is no remote path", REMOTE),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.text)
def test_a_wrong_call_raises_a_typed_error(bare: Path, call: Call) -> None:
    check_call(call, bare, NAMES)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.text)
async def test_it_raises_the_same_where_it_is_awaited(bare: Path, call: Call) -> None:
    await check_awaited(call, bare, NAMES)
