"""Task files whose volumes, mounts, outputs, secrets, code or conditions cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowkit.errors import InvalidMount
from tests.campaigns.bad_input.hints import CODE, MOUNT, OUTPUT, SECRETS, TASK_VOLUME
from tests.campaigns.bad_input.task_files import TaskFile, check_task_file, name_of

ROWS = [
    TaskFile(
        "run: a\nfile_mounts: {a: b}\n",
        "task.yaml:2: the mount target 'a' is not an absolute path",
        "write it from the root, as in /data",
        InvalidMount,
    ),
    TaskFile(
        "run: a\nfile_mounts:\n  /data: s3://b\n",
        "task.yaml:2: invalid mount source 's3://b': s3:// is followed by a bucket",
        "write it as s3://bucket/train",
        InvalidMount,
    ),
    TaskFile(
        "run: a\nfile_mounts:\n  /data: {name: b, mode: COPY}\n",
        "task.yaml:2: mounts: a bucket is not created by flowkit",
        "name one that exists, as in source: s3://bucket/path",
    ),
    TaskFile(
        "command: a\nvolumes: data\n",
        "task.yaml:2: volumes of type str are not a list",
        "as in [VolumeSpec(name='data', mount_path='/data')], or ['data:/data']",
        InvalidMount,
    ),
    TaskFile(
        "command: a\nvolumes: [7]\n",
        "task.yaml:2: a volume of type int cannot be read",
        "as in VolumeSpec(name='data', mount_path='/data')",
        InvalidMount,
    ),
    TaskFile(
        'command: a\nvolumes: ["a b:/x"]\n',
        "task.yaml:2: invalid volume 'a b:/x'",
        TASK_VOLUME,
        InvalidMount,
    ),
    TaskFile(
        "command: a\nvolumes:\n  - name: x\n    size: 5\n",
        "task.yaml:2: a volume of a task has no field 'size'",
        "did you mean size_gb?",
        InvalidMount,
    ),
    TaskFile(
        "command: a\nvolumes:\n  - {name: x, mount_path: data}\n",
        "task.yaml:2: the mount target 'data' is not an absolute path",
        "write it from the root, as in /data",
        InvalidMount,
    ),
    TaskFile(
        'command: a\nvolumes: {/data: "a b"}\n',
        "task.yaml:2: invalid volume 'a b:/data'",
        TASK_VOLUME,
        InvalidMount,
    ),
    TaskFile(
        "command: a\nvolumes: {data: x}\n",
        "task.yaml:2: invalid volume 'x:data'",
        TASK_VOLUME,
        InvalidMount,
    ),
    TaskFile(
        "command: a\nmounts: 7\n",
        "task.yaml:2: mounts of type int cannot be read",
        "as in {'/data': 'volume://datasets'}",
        InvalidMount,
    ),
    TaskFile(
        "command: a\nmounts: {/data: 7}\n",
        "task.yaml:2: a mount source is text, not int",
        MOUNT,
        InvalidMount,
    ),
    TaskFile(
        "command: a\nmounts: {/etc: x}\n",
        "task.yaml:2: the mount target '/etc' is in /etc, which is the system's",
        "choose /data or /mnt/…",
        InvalidMount,
    ),
    TaskFile(
        "command: a\nmounts: [ftp://x]\n",
        "task.yaml:2: invalid mount source 'ftp://x': flowkit does not know ftp://",
        MOUNT,
        InvalidMount,
    ),
    TaskFile(
        "command: a\nmounts:\n  - {source: x, targt: /d}\n",
        "task.yaml:2: a mount of a task has no field 'targt'",
        "did you mean target?",
        InvalidMount,
    ),
    TaskFile(
        "command: a\noutputs: 7\n",
        "task.yaml:2: invalid outputs 7: it is not a path, or a list of paths",
        "as in ['checkpoints/']",
    ),
    TaskFile(
        "command: a\noutputs: [/x]\n",
        "task.yaml:2: invalid output '/x': it is not in the working directory",
        OUTPUT,
    ),
    TaskFile(
        "command: a\noutputs: [../x]\n",
        "task.yaml:2: invalid output '../x': it is not in the working directory",
        OUTPUT,
    ),
    TaskFile(
        "run: a\nsecrets: {HF_TOKEN: hf_abc, B: null}\n",
        "task.yaml:2: secrets: 'HF_TOKEN' has a value, where this file may only name it",
        "keep it with `flowkit secret set` and list its name: - {name: TOKEN, env: TOKEN}",
    ),
    TaskFile(
        "command: a\nsecrets: 7\n",
        "task.yaml:2: secrets are neither a list nor a dict",
        "as in ['HF_TOKEN'], {'HF_TOKEN': 'my-token'} or [{'name': 'netrc', 'file': '.netrc'}]",
    ),
    TaskFile(
        "command: a\nsecrets: [a b]\n", "task.yaml:2: the name of a secret is not one", SECRETS
    ),
    TaskFile("command: a\ncode: 7\n", "task.yaml:2: invalid code of type int", CODE),
    TaskFile(
        "command: a\ncode: {repo: x}\n",
        "task.yaml:2: code has no field 'repo'",
        "fields: repository, ref, secret",
    ),
    TaskFile(
        "command: a\ndepends_on: 7\n",
        "task.yaml:2: invalid depends_on of type int: it is no task",
        "give a task, its id, or its name in the same batch, as in afterany:task_...",
    ),
    TaskFile(
        'command: a\ndepends_on: ["never:x"]\n',
        "task.yaml:2: invalid condition 'never' in depends_on",
        "conditions: after, afterok, afterany",
    ),
    TaskFile(
        "command: a\nretries: many\n",
        "task.yaml:2: invalid retries: this is not how often a task is started again",
        "a whole number from 0 to 1000, as in 3 or {'max': 3}",
    ),
    TaskFile(
        "command: a\nretries: {max: 3, backof: 1s}\n",
        "task.yaml:2: retries has no field 'backof'",
        "did you mean backoff?",
    ),
    TaskFile(
        "command: a\nretry: true\n",
        "task.yaml:2: retry has no counterpart in a flowkit task",
        "did you mean retries?",
    ),
    TaskFile(
        "command: a\nhold: soon\n",
        "task.yaml:2: invalid hold 'soon': it is not true or false",
        "as in True",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_is_wrong_is_said_with_its_line(bare: Path, row: TaskFile) -> None:
    check_task_file(row, bare)
