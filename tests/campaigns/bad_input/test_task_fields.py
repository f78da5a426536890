"""Volumes, mounts, outputs, secrets, code and conditions of tasks that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowkit import MountSpec, TaskConfig, VolumeSpec
from flowkit.errors import InvalidMount, InvalidRequest, InvalidTaskConfig
from tests.campaigns.bad_input.calls import Call, Odd, check_call
from tests.campaigns.bad_input.hints import (
    CODE,
    DURATION,
    MOUNT,
    OUTPUT,
    SECRETS,
    TASK_VOLUME,
    VOLUME_NAME,
)

VOLUME_LIST = "as in [VolumeSpec(name='data', mount_path='/data')], or ['data:/data']"
VOLUME_SPEC = "as in VolumeSpec(name='data', size_gb=100, mount_path='/data')"
SIZE_GB = "a whole number of GB from 1 to 1000000"
INTERFACE = "block for one task at a time, file for many"
MOUNTS = "as in {'/data': 'volume://datasets'}"
SECRET_LIST = (
    "as in ['HF_TOKEN'], {'HF_TOKEN': 'my-token'} or [{'name': 'netrc', 'file': '.netrc'}]"
)
RETRIES = "a whole number from 0 to 1000, as in 3 or {'max': 3}"
TARGET = "write it from the root, as in /data"


NAMES = {
    "MountSpec": MountSpec,
    "Odd": Odd,
    "TaskConfig": TaskConfig,
    "VOLUME_ID": "vol_00000000000000000000000000",
    "VolumeSpec": VolumeSpec,
}
"""What calls are made of."""

CALLS = [
    Call(
        'TaskConfig(volumes="data")',
        InvalidMount,
        "volumes of type str are not a list",
        VOLUME_LIST,
    ),
    Call("TaskConfig(volumes=7)", InvalidMount, "volumes of type int are not a list", VOLUME_LIST),
    Call(
        "TaskConfig(volumes=[7])",
        InvalidMount,
        "a volume of type int cannot be read",
        "as in VolumeSpec(name='data', mount_path='/data')",
    ),
    Call('TaskConfig(volumes=["a b"])', InvalidMount, "invalid volume 'a b'", TASK_VOLUME),
    Call(
        'TaskConfig(volumes=[{"nam": "x"}])',
        InvalidMount,
        "a volume of a task has no field 'nam'",
        "did you mean name?",
    ),
    Call(
        'TaskConfig(volumes=[{"size_gb": 5}])',
        InvalidMount,
        "a volume of a task has either a name or a volume_id",
        VOLUME_SPEC,
    ),
    Call(
        'TaskConfig(volumes=[{"name": "x", "volume_id": VOLUME_ID}])',
        InvalidMount,
        "a volume of a task has either a name or a volume_id",
        VOLUME_SPEC,
    ),
    Call(
        'TaskConfig(volumes=[{"name": "x", "size_gb": 0}])',
        InvalidRequest,
        "invalid size_gb 0",
        SIZE_GB,
    ),
    Call(
        'TaskConfig(volumes=[{"name": "x", "interface": "tape"}])',
        InvalidRequest,
        "invalid interface 'tape'",
        INTERFACE,
    ),
    Call(
        'TaskConfig(volumes=[{"volume_id": "vol_abc123"}])',
        InvalidMount,
        "invalid volume_id 'vol_abc123'",
        "an id is vol_ and 26 letters or digits; a name is given as name=",
    ),
    Call(
        'TaskConfig(volumes=[{"volume_id": VOLUME_ID, "size_gb": 5}])',
        InvalidMount,
        "size_gb and interface are for a volume that may have to be created",
        "leave them out, or give a name in place of volume_id",
    ),
    Call(
        'TaskConfig(volumes=[{"name": "x", "mount_path": "data"}])',
        InvalidMount,
        "the mount target 'data' is not an absolute path",
        TARGET,
    ),
    Call(
        'TaskConfig(volumes=[{"name": "x", "mount_path": "/etc"}])',
        InvalidMount,
        "the mount target '/etc' is in /etc, which is the system's",
        "choose /data or /mnt/…",
    ),
    Call(
        'TaskConfig(volumes=["x"] * 65)', InvalidMount, "there are 65 mounts", "a task has up to 64"
    ),
    Call("TaskConfig(mounts=7)", InvalidMount, "mounts of type int cannot be read", MOUNTS),
    Call("TaskConfig(mounts=[7])", InvalidMount, "a mount is text, not int", MOUNT),
    Call('TaskConfig(mounts="")', InvalidMount, "a mount is empty", MOUNT),
    Call('TaskConfig(mounts=b"x")', InvalidMount, "mounts of type bytes cannot be read", MOUNTS),
    Call('TaskConfig(mounts={"/data": 7})', InvalidMount, "a mount source is text, not int", MOUNT),
    Call('TaskConfig(mounts={7: "x"})', InvalidMount, "a mount target is text, not int", MOUNT),
    Call(
        'TaskConfig(mounts={"data": "volume://x"})',
        InvalidMount,
        "the mount target 'data' is not an absolute path",
        TARGET,
    ),
    Call(
        'TaskConfig(mounts={"/data": "ftp://x"})',
        InvalidMount,
        "invalid mount source 'ftp://x': flowkit does not know ftp://",
        MOUNT,
    ),
    Call(
        'TaskConfig(mounts={"source": "x", "targt": "/data"})',
        InvalidMount,
        "a mount of a task has no field 'targt'",
        "did you mean target?",
    ),
    Call("TaskConfig(mounts=Odd())", InvalidMount, "mounts of type Odd cannot be read", MOUNTS),
    Call(
        'TaskConfig(command="x", mounts={"/a": "x", "/a/b": "y"}).to_wire()',
        InvalidMount,
        "the mount target '/a/b' is inside of another one, '/a'",
        "choose targets that are beside each other",
    ),
    Call(
        'TaskConfig(command="x", mounts={"/a": "./nowhere"}).to_wire()',
        InvalidMount,
        "the mount source {cwd}/nowhere does not exist",
        "name a file or directory of this machine, or a volume as volume://NAME",
    ),
    Call(
        'MountSpec(source="s3://bucket", read_only=False)',
        InvalidMount,
        "s3://bucket can be mounted read-only alone",
        "leave out read_only: only what is in a volume can be written",
    ),
    Call(
        'MountSpec(source="s3://bucket", secret="a b")',
        InvalidMount,
        "the secret of a mount is not a secret's name",
        "as in secret='S3_KEYS'",
    ),
    Call(
        'MountSpec(source="volume://x", read_only="yes")',
        InvalidMount,
        "read_only of a mount is not true or false",
        "leave it out",
    ),
    Call(
        "VolumeSpec()",
        InvalidMount,
        "a volume of a task has either a name or a volume_id",
        VOLUME_SPEC,
    ),
    Call('VolumeSpec(name="a/b")', InvalidRequest, "invalid volume name 'a/b'", VOLUME_NAME),
    Call('VolumeSpec(name="x", size_gb=1.5)', InvalidRequest, "invalid size_gb 1.5", SIZE_GB),
    Call(
        "TaskConfig(outputs=7)",
        InvalidTaskConfig,
        "invalid outputs 7: it is not a path, or a list of paths",
        "as in ['checkpoints/']",
    ),
    Call(
        'TaskConfig(outputs=["/x"])',
        InvalidTaskConfig,
        "invalid output '/x': it is not in the working directory",
        OUTPUT,
    ),
    Call(
        "TaskConfig(outputs=[7])",
        InvalidTaskConfig,
        "invalid outputs 7: it is not text",
        "put it in quotes",
    ),
    Call(
        'TaskConfig(outputs="../x")',
        InvalidTaskConfig,
        "invalid output '../x': it is not in the working directory",
        OUTPUT,
    ),
    Call(
        'TaskConfig(outputs="a\\nb")',
        InvalidTaskConfig,
        "invalid output 'a\\nb': it has a character that cannot be printed",
        "let the task give what it keeps another name",
    ),
    Call(
        'TaskConfig(outputs=["x"] * 1000)',
        InvalidTaskConfig,
        "there are 1000 outputs",
        "a task has at most 256",
    ),
    Call(
        'TaskConfig(secrets="A")',
        InvalidTaskConfig,
        "secrets are neither a list nor a dict",
        SECRET_LIST,
    ),
    Call(
        "TaskConfig(secrets=7)",
        InvalidTaskConfig,
        "secrets are neither a list nor a dict",
        SECRET_LIST,
    ),
    Call(
        'TaskConfig(secrets=["a b"])', InvalidTaskConfig, "the name of a secret is not one", SECRETS
    ),
    Call(
        'TaskConfig(secrets={"A B": "x"})',
        InvalidTaskConfig,
        "the variable of a secret is not a name",
        "letters, digits and _, as in HF_TOKEN",
    ),
    Call(
        'TaskConfig(secrets=[{"nam": "x"}])',
        InvalidTaskConfig,
        "a secret of a task has no field 'nam'",
        "did you mean name?",
    ),
    Call(
        'TaskConfig(secrets=[{"name": "x", "file": "../x"}])',
        InvalidTaskConfig,
        "the file of a secret is not a path in the home",
        "as in .config/token",
    ),
    Call("TaskConfig(code=7)", InvalidTaskConfig, "invalid code of type int", CODE),
    Call(
        'TaskConfig(code="https://host/x")',
        InvalidTaskConfig,
        "invalid code 'https://host/x': it is no directory",
        CODE,
    ),
    Call(
        'TaskConfig(code={"repo": "x"})',
        InvalidTaskConfig,
        "code has no field 'repo'",
        "fields: repository, ref, secret",
    ),
    Call(
        'TaskConfig(code={"ref": "x"})',
        InvalidTaskConfig,
        "code names no repository",
        "as in {'repository': 'https://…'}",
    ),
    Call(
        'TaskConfig(code={"repository": "https://a:b@host/x"})',
        InvalidTaskConfig,
        "a password does not belong into the URL of a repository",
        "keep a token as a secret, and name that: {'repository': …, 'secret': …}",
    ),
    Call(
        "TaskConfig(depends_on=7)",
        InvalidTaskConfig,
        "invalid depends_on of type int: it is no task",
        "give a task, its id, or its name in the same batch, as in afterany:task_...",
    ),
    Call(
        'TaskConfig(depends_on="never:x")',
        InvalidTaskConfig,
        "invalid condition 'never' in depends_on",
        "conditions: after, afterok, afterany",
    ),
    Call(
        'TaskConfig(depends_on={"x": "never"})',
        InvalidTaskConfig,
        "invalid condition 'never' in depends_on",
        "conditions: after, afterok, afterany",
    ),
    Call(
        'TaskConfig(depends_on=["x"] * 300)',
        InvalidTaskConfig,
        "depends_on names 300 tasks",
        "a task has at most 256",
    ),
    Call(
        "TaskConfig(retries=-1)",
        InvalidTaskConfig,
        "invalid retries: -1 is not how often a task is started again",
        RETRIES,
    ),
    Call(
        'TaskConfig(retries="3")',
        InvalidTaskConfig,
        "invalid retries: this is not how often a task is started again",
        RETRIES,
    ),
    Call(
        'TaskConfig(retries={"on": ["error"]})',
        InvalidTaskConfig,
        "invalid retries: this is not how often a task is started again",
        RETRIES,
    ),
    Call(
        'TaskConfig(retries={"max": 3, "onn": []})',
        InvalidTaskConfig,
        "retries has no field 'onn'",
        "did you mean on?",
    ),
    Call(
        'TaskConfig(retries={"max": 3, "on": ["sunset"]})',
        InvalidTaskConfig,
        "invalid retries: 'sunset' is no cause",
        "causes: error, preempted, node_lost, out_of_memory, max_run_time, start_failed",
    ),
    Call(
        'TaskConfig(retries={"max": 3, "backoff": "soon"})',
        InvalidTaskConfig,
        "invalid duration 'soon': not a duration",
        DURATION,
    ),
    Call(
        'TaskConfig(hold="yes")',
        InvalidTaskConfig,
        "invalid hold 'yes': it is not true or false",
        "as in True",
    ),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.text)
def test_a_task_that_cannot_be_is_none(bare: Path, call: Call) -> None:
    check_call(call, bare, NAMES)
