"""Volumes, mounts, outputs, secrets, code and conditions that no task can be given."""

from __future__ import annotations

import pytest

from tests.campaigns.bad_input.conftest import Refused
from tests.campaigns.bad_input.hints import (
    CODE,
    LISTED_HERE,
    MOUNT,
    NOT_UTF8,
    OUTPUT,
    SECRETS,
    TASK_VOLUME,
    WHOLE,
)
from tests.campaigns.bad_input.rows import Row, name_of

ROWS = [
    Row(["run", "--volume", "", "x"], "invalid volume ''", TASK_VOLUME),
    Row(["run", "--volume", "a:b", "x"], "invalid volume 'a:b'", TASK_VOLUME),
    Row(["run", "--volume", "a b", "x"], "invalid volume 'a b'", TASK_VOLUME),
    Row(["run", "--volume", "v:/data:rx", "x"], "invalid volume 'v:/data:rx'", TASK_VOLUME),
    Row(
        ["run", "--volume", "v:/etc", "x"],
        "the mount target '/etc' is in /etc, which is the system's",
        "choose /data or /mnt/…",
    ),
    Row(
        ["run", "--volume", "v:/", "x"],
        "the mount target '/' would hide what programs need",
        "choose /data",
    ),
    Row(
        ["run", "--volume", "v:/a/../b", "x"],
        "the mount target '/a/../b' has `..` in it",
        "write the path that is meant",
    ),
    Row(["run", "--volume", "\udcff", "x"], "--volume: not UTF-8: \\xff", NOT_UTF8),
    Row(
        ["run", "--volume", "v:/a", "--volume", "w:/a", "x"],
        "two mounts have the target '/a'",
        "change one",
    ),
    Row(
        ["run", "--volume", "v:/a", "--mount", "/a/b=w", "x"],
        "the mount target '/a/b' is inside of another one, '/a'",
        "choose targets that are beside each other",
    ),
    Row(["run", "--mount", "", "x"], "a mount is empty", MOUNT),
    Row(
        ["run", "--mount", "ftp://x/y", "x"],
        "invalid mount source 'ftp://x/y': flowkit does not know ftp://",
        MOUNT,
    ),
    Row(
        ["run", "--mount", "s3://", "x"],
        "invalid mount source 's3://': s3:// is followed by a bucket",
        "write it as s3://bucket/train",
    ),
    Row(
        ["run", "--mount", "s3://b ucket/x", "x"],
        "invalid mount source 's3://b ucket/x': s3:// is followed by a bucket",
        "write it as s3://bucket/train",
    ),
    Row(
        ["run", "--mount", "data=volume://x", "x"],
        "the mount target 'data' is not an absolute path",
        "write it from the root, as in /data",
    ),
    Row(
        ["run", "--mount", "/etc=x", "x"],
        "the mount target '/etc' is in /etc, which is the system's",
        "choose /data or /mnt/…",
    ),
    Row(
        ["run", "--mount", "/=x", "x"],
        "the mount target '/' would hide what programs need",
        "choose /data",
    ),
    Row(
        ["run", "--mount", "/proc/1=x", "x"],
        "the mount target '/proc/1' is in /proc, which is the system's",
        "choose /data or /mnt/…",
    ),
    Row(
        ["run", "--mount", "/data=./nowhere", "x"],
        "the mount source {root}/work/nowhere does not exist",
        "name a file or directory of this machine, or a volume as volume://NAME",
    ),
    Row(
        ["run", "--mount", "./nowhere", "x"],
        "the mount source {root}/work/nowhere does not exist",
        "name a file or directory of this machine, or a volume as volume://NAME",
    ),
    Row(["run", "--mount", "/data=", "x"], "a mount source is empty", MOUNT),
    Row(["run", "--mount", "=x", "x"], "a mount target is empty", MOUNT),
    Row(
        ["run", "--mount", "/a\nb=x", "x"],
        "the mount '/a\\nb=x' has characters in it that no path should have",
        "leave out control characters and line ends",
    ),
    Row(
        ["run", "--mount", "https://user:hunter2@host/x", "x"],
        "invalid mount source 'https://…@host/x': https:// is followed by a host, and nothing to sign in with",
        "write it as https://host/data.csv",
    ),
    Row(
        ["run", "--mount", "volume://a b", "x"],
        "invalid mount source 'volume://a b': volume:// is followed by the name or id of a volume",
        "write it as volume://datasets",
    ),
    Row(
        ["run", "--mount", "volume://x/../y", "x"],
        "invalid mount source 'volume://x/../y': it has `..` in its path",
        "write the path that is meant",
    ),
    Row(
        ["run", "--mount", "task://x", "x"],
        "invalid mount source 'task://x': task:// is followed by the id of a task",
        "write it as task://task_…/checkpoints",
    ),
    Row(
        ["run", "--mount", "snapshot://x", "x"],
        "invalid mount source 'snapshot://x': snapshot:// is followed by the id of a snapshot",
        "write it as snapshot://snap_…",
    ),
    Row(
        ["run", "--mount", "file://host/x", "x"],
        "invalid mount source 'file://host/x': file:// is followed by an absolute path",
        "write it with three slashes, as in file:///data",
    ),
    Row(
        ["run", "--mount", "/data=a/b", "x"],
        "invalid mount source 'a/b': neither a volume's name, a URL nor a path",
        "write ./a/b for a local path",
    ),
    Row(
        ["run", "--mount", "/" + "n" * 300 + "=x", "x"],
        "the mount target '/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...' has a name of more than 255 bytes",
        "choose a shorter one",
    ),
    Row(["run", "--mount", "x" * 5000, "x"], "a mount has more than 4096 characters", MOUNT),
    Row(
        ["run", "--mount", "/tmp=x", "x"],
        "the mount target '/tmp' would hide what programs need",
        "choose /tmp/data",
    ),
    Row(
        ["run", "--outputs", "", "x"],
        "invalid output '': it is not in the working directory",
        OUTPUT,
    ),
    Row(
        ["run", "--outputs", "/x", "x"],
        "invalid output '/x': it is not in the working directory",
        OUTPUT,
    ),
    Row(
        ["run", "--outputs", "../x", "x"],
        "invalid output '../x': it is not in the working directory",
        OUTPUT,
    ),
    Row(
        ["run", "--outputs", "~/x", "x"],
        "invalid output '~/x': it is not in the working directory",
        OUTPUT,
    ),
    Row(
        ["run", "--outputs", "a/../../x", "x"],
        "invalid output 'a/../../x': it is not in the working directory",
        OUTPUT,
    ),
    Row(
        ["run", "--outputs", "a\nb", "x"],
        "invalid output 'a\\nb': it has a character that cannot be printed",
        "let the task give what it keeps another name",
    ),
    Row(
        ["run", "--outputs", "x" * 5000, "x"],
        "outputs is longer than 4096 characters",
        "use at most 4096",
    ),
    Row(["run", "--secret", "", "x"], "the name of a secret is not one", SECRETS),
    Row(
        ["run", "--secret", "=x", "x"],
        "--secret: this is not [VARIABLE=]NAME",
        "as in --secret HF_TOKEN=my-token",
    ),
    Row(
        ["run", "--secret", "A=", "x"],
        "--secret: this is not [VARIABLE=]NAME",
        "as in --secret HF_TOKEN=my-token",
    ),
    Row(["run", "--secret", "a b", "x"], "the name of a secret is not one", SECRETS),
    Row(
        ["run", "--secret", "1A=x", "x"],
        "the variable of a secret is not a name",
        "letters, digits and _, as in HF_TOKEN",
    ),
    Row(["run", "--secret", "A=b c", "x"], "the name of a secret is not one", SECRETS),
    Row(["run", "--code", "", "x"], "invalid code ''", CODE),
    Row(
        ["run", "--code", "gone", "x"],
        "{root}/work/gone does not exist",
        "name the directory of the code",
    ),
    Row(
        ["run", "--code", "git+https://host", "x"],
        "invalid code 'git+https://host': no repository's URL",
        CODE,
    ),
    Row(
        ["run", "--code", "git+https://user:hunter2@host/x", "x"],
        "a password does not belong into the URL of a repository",
        "keep a token as a secret, and name that: {'repository': …, 'secret': …}",
    ),
    Row(
        ["run", "--code", "https://host/x", "x"],
        "invalid code 'https://host/x': it is no directory",
        CODE,
    ),
    Row(
        ["run", "--code", "git+https://host/x@", "x"],
        "invalid code 'git+https://host/x@': no repository's URL",
        CODE,
    ),
    Row(
        ["run", "--code", "/dev/null", "x"],
        "/dev/null is not a directory",
        "name the directory of the code",
    ),
    Row(
        ["run", "--depends-on", "", "x"],
        "invalid depends_on '': it is no task",
        "give a task, its id, or its name in the same batch, as in afterany:task_...",
    ),
    Row(
        ["run", "--depends-on", "afternever:task_00000000000000000000000000", "x"],
        "invalid condition 'afternever' in depends_on",
        "did you mean afterany?",
    ),
    Row(
        ["run", "--depends-on", "afterok:", "x"],
        "invalid depends_on '': it is no task",
        "give a task, its id, or its name in the same batch, as in afterany:task_...",
    ),
    Row(["run", "--retries", "-1", "x"], "--retries: -1 is too small", "it is at least 0"),
    Row(["run", "--retries", "x", "x"], "--retries: 'x' is not a whole number", WHOLE),
    Row(
        ["run", "--retries", "1001", "x"],
        "invalid retries: 1001 is not how often a task is started again",
        "a whole number from 0 to 1000, as in 3 or {'max': 3}",
    ),
    Row(["run", "--retries", "1.5", "x"], "--retries: '1.5' is not a whole number", WHOLE),
    Row(
        ["run", "--hold=yes", "x"],
        "option '--hold' does not take a value",
        "see `flowkit run --help`",
    ),
    Row(
        ["run", "--code", "none", "--volume", "never", "x"],
        "there is no volume never",
        "`flowkit volume create never --size-gb N` creates it; so does a task with a size",
        code=3,
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--mount", "/a=volume://never/x", "x"],
        "there is no volume never",
        "`flowkit volume create never --size-gb N` creates it; so does a task with a size",
        code=3,
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--mount", "task://task_00000000000000000000000000", "x"],
        "there is no task task_00000000000000000000000000 whose outputs could be mounted",
        LISTED_HERE,
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--mount", "task://{task}/none", "x"],
        "{task} has no outputs 'none'",
        "name what its `outputs` kept",
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--mount", "snapshot://snap_00000000000000000000000000", "x"],
        "there is no snapshot snap_00000000000000000000000000",
        "send the code again",
        code=3,
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--secret", "NONE", "x"],
        "there is no secret NONE",
        "`flowkit secret set NONE` makes it",
        code=3,
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--depends-on", "task_00000000000000000000000000", "x"],
        "there is no task 'task_00000000000000000000000000' to depend on",
        "give the id of a task, or the name of one in the same batch",
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--depends-on", "x", "x"],
        "there is no task 'x' to depend on",
        "give the id of a task, or the name of one in the same batch",
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--workdir", "sub", "x"],
        "working_dir sub is not absolute, and there is no code to find it in",
        "name a directory of the gateway's machine by its whole path",
        served=True,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_task_whose_data_cannot_be_is_not_begun(refused: Refused, row: Row) -> None:
    refused(row)
