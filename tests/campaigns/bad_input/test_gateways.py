"""Gateways that refuse, that are not there, and that cannot start."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaigns.bad_input.conftest import Refused
from tests.campaigns.bad_input.hints import (
    KEY_LINE,
    LISTED,
    LISTED_HERE,
    NOT_UTF8,
    OFFERS,
    UNKNOWN_HOST,
)
from tests.campaigns.bad_input.rows import Row, name_of


def _fifo(root: Path) -> None:
    os.mkfifo(root / "work" / "fifo", 0o600)


def _keys(text: str | bytes, mode: int = 0o600) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        path = root / "work" / "keys"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)

    return write


ROWS = [
    Row(
        ["ps"],
        "the key is not accepted",
        "Check FLOWKIT_API_KEY or the profile in use.",
        4,
        served=True,
        environment={"FLOWKIT_API_KEY": "not-the-key-of-this-gateway"},
    ),
    Row(
        ["run", "x"],
        "the key is not accepted",
        "Check FLOWKIT_API_KEY or the profile in use.",
        4,
        served=True,
        environment={"FLOWKIT_API_KEY": "not-the-key-of-this-gateway"},
    ),
    Row(
        ["run", "--code", "none", "--cpus", "90000", "x"],
        re.compile(r"90000 CPUs are asked for, but there are [0-9.]+"),
        re.compile(r"ask for at most [0-9.]+ CPUs"),
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--memory", "999999gb", "x"],
        re.compile(r"999999 GB of memory are asked for, of [0-9.]+ GB"),
        re.compile(r"ask for at most [0-9.]+ GB"),
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--gpu", "a100:4000", "x"],
        "nothing here has a100:4000",
        OFFERS,
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--instance-type", "512xcpu", "x"],
        re.compile(r"512 CPUs are asked for, but there are [0-9.]+"),
        re.compile(r"ask for at most [0-9.]+ CPUs"),
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--num-instances", "65", "x"],
        "num_instances is 65, but the local engine runs 64",
        "ask for at most 64",
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--num-instances", "2", "--cpus", "600", "x"],
        re.compile(r"600 CPUs for each of 2 instances are asked for, but there are [0-9.]+"),
        re.compile(r"ask for at most [0-9.]+ CPUs for each of 2 instances"),
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--num-instances", "9", "--gpu", "a100:1", "x"],
        "there is no room for 9 instances of what is asked for",
        OFFERS,
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--region", "mars", "x"],
        "there is no region 'mars' here",
        "leave region unset, or use 'local'",
        served=True,
    ),
    Row(
        ["run", "--workdir", "/gone", "x"],
        "working_dir '/gone' is not a directory on the gateway's machine",
        None,
        served=True,
    ),
    Row(
        ["submit", "--code", "none", "--gpu", "h100:9", "x"],
        "nothing here has h100:9",
        OFFERS,
        served=True,
    ),
    Row(
        ["submit", "--code", "none", "--min-gpu-memory", "9000gb", "--gpu", "a100", "x"],
        "a100 has no GPU with the 9000 GB that min_gpu_memory_gb asks for",
        "leave min_gpu_memory_gb out, or ask for another GPU",
        served=True,
    ),
    Row(
        ["run", "--code", "none", "-o", "json", "--gpu", "4000xgpu", "x"],
        "nothing here has gpu:4000",
        OFFERS,
        served=True,
    ),
    Row(["status", "nosuch"], "no task has the id or name 'nosuch'", LISTED, 3, served=True),
    Row(
        ["status", "task_short"], "no task has the id or name 'task_short'", LISTED, 3, served=True
    ),
    Row(
        ["status", "TASK_00000000000000000000000000"],
        "no task has the id or name 'TASK_00000000000000000000000000'",
        LISTED,
        3,
        served=True,
    ),
    Row(
        ["status", "task_00000000000000000000000000"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        3,
        served=True,
    ),
    Row(
        ["logs", "task_00000000000000000000000000"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        3,
        served=True,
    ),
    Row(
        ["logs", "-f", "task_00000000000000000000000000"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        3,
        served=True,
    ),
    Row(
        ["wait", "task_00000000000000000000000000"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        3,
        served=True,
    ),
    Row(
        ["wait", "nosuch", "--timeout", "1s"],
        "no task has the id or name 'nosuch'",
        LISTED,
        3,
        served=True,
    ),
    Row(
        ["cancel", "task_00000000000000000000000000"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        3,
        served=True,
    ),
    Row(
        ["cancel", "nosuch", "task_00000000000000000000000000"],
        "no task has the id or name 'nosuch'",
        LISTED,
        3,
        served=True,
    ),
    Row(["delete", "nosuch"], "no task has the id or name 'nosuch'", LISTED, 3, served=True),
    Row(
        ["events", "task_00000000000000000000000000"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        3,
        served=True,
    ),
    Row(
        ["events", "-f", "task_00000000000000000000000000"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        3,
        served=True,
    ),
    Row(
        ["status", "{task}"],
        "there is no task {task}",
        LISTED_HERE,
        3,
        served=True,
        environment={"FLOWKIT_PROJECT": "another"},
    ),
    Row(
        ["logs", "{task}"],
        "there is no task {task}",
        LISTED_HERE,
        3,
        served=True,
        environment={"FLOWKIT_PROJECT": "another"},
    ),
    Row(["api", "GET", "/v1/nothing"], "there is nothing at this path", None, 3, served=True),
    Row(
        ["api", "GET", "/v1/task"],
        "there is nothing at this path",
        "Did you mean `/v1/tasks`?",
        3,
        served=True,
    ),
    Row(["api", "GET", "/"], "there is nothing at this path", None, 3, served=True),
    Row(
        ["api", "DELETE", "/v1/tasks"],
        "DELETE is not for this path",
        "This path takes GET, HEAD, OPTIONS, POST.",
        served=True,
    ),
    Row(
        ["api", "GET", "/v1/tasks?page_size=0"],
        "/query/page_size must be at least 1",
        None,
        served=True,
    ),
    Row(
        ["api", "GET", "/v1/tasks?page_sise=1"],
        "/query/page_sise is not known",
        "Did you mean `page_size`?",
        served=True,
    ),
    Row(
        ["api", "GET", "/v1/tasks?status=nonsense"],
        "/query/status/0 must be `pending`, `starting`, `running`, `preempting`, `paused`, `completed`, `failed` or `cancelled`",
        None,
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks"],
        "the body must be JSON",
        "Send the header `Content-Type: application/json`.",
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", "{"],
        "the body is not JSON: input data was truncated",
        "Send one JSON document in UTF-8.",
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", ""],
        "the request has no body",
        "Send one JSON document.",
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", '{"command": "x"}'],
        "/body/command must be a list",
        None,
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", '{"command": ["x"], "gpuu": 1}'],
        "/body/gpuu is not known",
        "Did you mean `gpu`?",
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", '{"command": ["x"], "cpus": NaN}'],
        "the body is not JSON: invalid character (byte 27)",
        "Send one JSON document in UTF-8.",
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", '{"command": ["x"], "cpus": 1, "cpus": 2}'],
        "the body names a member of an object twice",
        None,
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", '{"command": ["x"], "gpu": ["a1000"]}'],
        "invalid GPU request 'a1000': unknown GPU model 'a1000'",
        "did you mean a100 or a6000 or a5000?",
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", "[" * 100000],
        "the body is nested too deep",
        None,
        served=True,
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", "@bytes"],
        "the body is not JSON: invalid character (byte 0)",
        "Send one JSON document in UTF-8.",
        served=True,
        files={"work/bytes": b"\xff\0"},
    ),
    Row(
        ["api", "POST", "/v1/tasks", "-d", "{}", "-H", "Content-Type: text/plain"],
        "the body must be JSON",
        "Send the header `Content-Type: application/json`.",
        served=True,
    ),
    Row(
        ["api", "GET", "/v1/tasks", "-H", "Host: evil.example"],
        "this gateway is not served under the name in the Host header",
        "Use its address, or start it with --allowed-host NAME.",
        4,
        served=True,
    ),
    Row(
        ["gateway", "serve", "--host", "no-such-host.invalid"],
        "no-such-host.invalid can be reached from other machines, which needs keys",
        "give --api-key-file",
    ),
    Row(
        ["gateway", "serve", "--host", "0.0.0.0"],
        "0.0.0.0 can be reached from other machines, which needs keys",
        "give --api-key-file",
    ),
    Row(["gateway", "serve", "--host", ""], "the host is empty", "leave out --host for 127.0.0.1"),
    Row(["gateway", "serve", "--host", "\udcff"], "--host: not UTF-8: \\xff", NOT_UTF8),
    Row(
        ["gateway", "serve", "--host", "192.0.2.1", "--api-key-file", "{root}/work/keys"],
        "cannot listen on 192.0.2.1 port 8765: Cannot assign requested address",
        "--host is an address of this machine",
        prepare=_keys("sesame-open-now-please"),
    ),
    Row(
        [
            "gateway",
            "serve",
            "--host",
            "no-such-host.invalid",
            "--api-key-file",
            "{root}/work/keys",
        ],
        re.compile(f"cannot listen on no-such-host.invalid port 8765: {UNKNOWN_HOST}"),
        "--host is an address of this machine",
        prepare=_keys("sesame-open-now-please"),
    ),
    Row(
        ["gateway", "serve", "--allowed-host", "https://gpu.example.org"],
        "--allowed-host 'https://gpu.example.org' is not the name of a host",
        "write it without https:// and port, as in gpu.example.org",
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "gone"],
        "cannot read the key file gone: No such file or directory",
        KEY_LINE,
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "."],
        "the key file . is not a file",
        "write the keys to a file",
    ),
    Row(
        ["run", "--code", "none", "--workdir", "relative", "x"],
        "working_dir relative is not absolute, and there is no code to find it in",
        "name a directory of the gateway's machine by its whole path",
        served=True,
    ),
    Row(
        ["run", "--code", "none", "--instance-type", "64xh100", "x"],
        "nothing here has 64xh100",
        OFFERS,
        served=True,
    ),
    Row(["api", "POST", "/v1/tasks", "-d", "[]"], "/body must be an object", None, served=True),
    Row(
        ["ps"],
        "the request has no key",
        "Set FLOWKIT_API_KEY, or send `Authorization: Bearer KEY`.",
        4,
        served=True,
        environment={"FLOWKIT_API_KEY": None},
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "fifo"],
        "the key file fifo is not a file",
        "write the keys to a file",
        prepare=_fifo,
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "keys"],
        "others may read the key file keys",
        "chmod 600 keys",
        prepare=_keys("sesame-open-now-please", 0o644),
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "keys"],
        "the key file keys has no key",
        KEY_LINE,
        prepare=_keys(""),
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "keys"],
        "keys, line 1: a key has at least 16 printable ASCII characters",
        "python -c 'import secrets; print(secrets.token_urlsafe(32))' makes one",
        prepare=_keys("short"),
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "keys"],
        "keys, line 1: more than a key, a project and a user",
        KEY_LINE,
        prepare=_keys("sesame-open-now-please a b c"),
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "keys"],
        "keys, line 2: a project has 1 to 63 lower-case letters, digits and hyphens",
        KEY_LINE,
        prepare=_keys("# one\nsesame-open-now-please Vision"),
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "keys"],
        "the key file keys has a key twice",
        "keep one of the lines",
        prepare=_keys("sesame-open-now-please\n" * 2),
    ),
    Row(
        ["gateway", "serve", "--api-key-file", "keys"],
        "the key file keys is not UTF-8 text",
        KEY_LINE,
        prepare=_keys(b"\xff"),
    ),
    Row(
        ["gateway", "serve", "--port", "{port}"],
        "127.0.0.1 port {port} is in use",
        "choose another --port, or 0 for any",
        1,
    ),
    Row(
        ["gateway", "serve", "--data-dir", "/proc/flowkit"],
        "cannot use /proc/flowkit: No such file or directory",
        "choose another directory, with --data-dir or FLOWKIT_HOME",
        1,
    ),
    Row(
        ["gateway", "serve", "--data-dir", "file"],
        "cannot use {root}/work/file: File exists",
        "choose another directory, with --data-dir or FLOWKIT_HOME",
        1,
        files={"work/file": ""},
    ),
    Row(
        ["gateway", "serve", "--data-dir", "data"],
        "data is relative to a directory that does not exist any more",
        "give an absolute --data-dir",
        1,
        cwd_vanishes=True,
        leaves=["work"],
    ),
    Row(
        ["ps"],
        "the gateway could not be started: {root}/home/gateway/flowkit.db is damaged (file is not a database); restore it from a backup (flowkit.db.*.backup beside it, if any), or move the directory away to start anew",
        "its log is {root}/home/gateway/gateway.log",
        5,
        files={"home/gateway/flowkit.db": "no database" * 999},
        leaves=["home/gateway/gateway.lock", "home/gateway/gateway.log", "home/gateway/start.lock"],
    ),
    Row(
        ["gateway", "start"],
        "the gateway could not be started: {root}/home/gateway/flowkit.db is damaged (file is not a database); restore it from a backup (flowkit.db.*.backup beside it, if any), or move the directory away to start anew",
        "its log is {root}/home/gateway/gateway.log",
        5,
        files={"home/gateway/flowkit.db": "no database" * 999},
        leaves=["home/gateway/gateway.lock", "home/gateway/gateway.log", "home/gateway/start.lock"],
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_a_gateway_cannot_do_is_said_as_any_other_error(refused: Refused, row: Row) -> None:
    refused(row)
