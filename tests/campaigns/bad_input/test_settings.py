"""Configuration files, environment variables, homes and addresses that are wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaigns.bad_input.conftest import Refused
from tests.campaigns.bad_input.hints import (
    EDITOR,
    HOME,
    KEY,
    NOT_UTF8,
    PROJECT,
    UNKNOWN_HOST,
    UNREADABLE,
    URL,
)
from tests.campaigns.bad_input.rows import Row, name_of

CONFIG = "home/config.toml"
PROJECT_FILE = "work/.flowkit.toml"
NOBODY = 65534


def _config(text: str, mode: int, owner: int | None = None) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        path = root / CONFIG
        path.write_text(text)
        path.chmod(mode)
        if owner is not None and os.geteuid() == 0:
            os.chown(path, owner, owner)

    return write


def _fifo(root: Path) -> None:
    os.mkfifo(root / CONFIG)


def _read_only_home(root: Path) -> None:
    (root / "home").chmod(0o555)


def _closed_home(root: Path) -> None:
    (root / "home").chmod(0o000)


ROWS = [
    Row(
        ["config"],
        "{root}/home/config.toml: not TOML: Invalid value (at line 1, column 5)",
        EDITOR,
        files={CONFIG: "a = \n"},
    ),
    Row(
        ["ps"],
        "{root}/home/config.toml: not TOML: Expected ']' at the end of a table declaration (at line 2, column 12)",
        EDITOR,
        files={CONFIG: "default_profile = 'x'\n[profiles.x\n"},
    ),
    Row(["config"], "{root}/home/config.toml: not UTF-8", EDITOR, files={CONFIG: b"\xff\xfe"}),
    Row(
        ["config"],
        "cannot read {root}/home/config.toml: Is a directory",
        UNREADABLE,
        files={f"{CONFIG}/x": ""},
    ),
    Row(
        ["config"],
        "cannot read {root}/home/config.toml: Permission denied",
        UNREADABLE,
        prepare=_config("project = 'a'\n", 0o000, NOBODY),
        unprivileged=True,
    ),
    Row(
        ["config"],
        "{root}/home/config.toml belongs to another user (uid 65534) and is not trusted",
        "make it yours with chown, or use another directory",
        prepare=_config("project = 'a'\n", 0o644, NOBODY),
        needs_root=True,
    ),
    Row(
        ["config"],
        "{root}/home/config.toml holds an API key and others may read it",
        "chmod 600 {root}/home/config.toml",
        prepare=_config("api_key = 'k'\n", 0o644),
    ),
    Row(["config"], "{root}/home/config.toml is not a file", "move it away", prepare=_fifo),
    Row(
        ["config"],
        "{root}/home/config.toml: not TOML: nested too deeply",
        EDITOR,
        files={CONFIG: "x = " + "[" * 100_000},
    ),
    Row(
        ["config"],
        "{root}/home/config.toml: unknown setting 'api_ulr'",
        "did you mean api_url?",
        files={CONFIG: "api_ulr = 'x'\n"},
    ),
    Row(
        ["config"],
        "{root}/home/config.toml: profile x: unknown setting 'projet'",
        "did you mean project?",
        files={CONFIG: "[profiles.x]\nprojet = 'x'\n"},
    ),
    Row(
        ["config"],
        "{root}/home/config.toml: api_url is no text",
        'write api_url = "..."',
        files={CONFIG: "api_url = 7\n"},
    ),
    Row(
        ["config"],
        "{root}/home/config.toml: profiles is no table",
        'write "[profiles.NAME]"',
        files={CONFIG: "profiles = 7\n"},
    ),
    Row(
        ["config"],
        "{root}/home/config.toml: profile x: not a table",
        'write "[profiles.NAME]"',
        files={CONFIG: "[profiles]\nx = 7\n"},
    ),
    Row(
        ["config"],
        "invalid api_url 'ftp://x' ({root}/home/config.toml, profile default): it starts with neither http:// nor https://",
        URL,
        files={CONFIG: "api_url = 'ftp://x'\n"},
    ),
    Row(
        ["config"],
        "invalid api_url 'ftp://x' ({root}/home/config.toml, profile x): it starts with neither http:// nor https://",
        URL,
        files={CONFIG: "default_profile='x'\n[profiles.x]\napi_url = 'ftp://x'\n"},
    ),
    Row(
        ["config"],
        "profile 'lba' ({root}/home/config.toml) is not in {root}/home/config.toml",
        "did you mean lab?",
        files={CONFIG: "default_profile='lba'\n[profiles.lab]\napi_url = 'https://x'\n"},
    ),
    Row(
        ["config"],
        "{root}/home/config.toml: project of the profile default is given twice",
        "keep one of them",
        files={CONFIG: "project='a'\n[profiles.default]\nproject = 'b'\n"},
    ),
    Row(
        ["config"],
        "{root}/home/config.toml: not TOML: Cannot overwrite a value (at line 2, column 14)",
        EDITOR,
        files={CONFIG: "project='a'\nproject = 'b'\n"},
    ),
    Row(
        ["config"],
        "invalid api_key ({root}/home/config.toml, profile default): it is not printable ASCII without spaces",
        KEY,
        files={CONFIG: 'api_key = "a\\u001bb"\n'},
    ),
    Row(
        ["config"],
        "invalid project 'Vision' ({root}/home/config.toml, profile default)",
        PROJECT,
        files={CONFIG: 'project = "Vision"\n'},
    ),
    Row(
        ["config"],
        "{root}/work/.flowkit.toml: not TOML: Invalid value (at end of document)",
        EDITOR,
        files={PROJECT_FILE: "x ="},
    ),
    Row(
        ["config"],
        "{root}/work/.flowkit.toml: an api_key does not belong into a file that is shared",
        "move it to {root}/home/config.toml or FLOWKIT_API_KEY",
        files={PROJECT_FILE: "api_key = 'x'"},
    ),
    Row(
        ["config"],
        "{root}/work/.flowkit.toml: unknown setting 'projct'",
        "did you mean project?",
        files={PROJECT_FILE: "projct = 'x'"},
    ),
    Row(
        ["config"],
        "profile 'x' ({root}/work/.flowkit.toml) is not in {root}/home/config.toml",
        "it has no profile",
        files={PROJECT_FILE: "profile = 'x'"},
    ),
    Row(
        ["config"],
        "the key from {root}/home/config.toml, profile default is not sent to https://elsewhere, which {root}/work/.flowkit.toml names",
        "give that profile the same api_url, or set FLOWKIT_API_KEY",
        files={PROJECT_FILE: "api_url = 'https://elsewhere'", CONFIG: "api_key = 'k'\n"},
    ),
    Row(
        ["ps"],
        "invalid api_url 'gpu.example.org' (FLOWKIT_API_URL): it starts with neither http:// nor https://",
        URL,
        environment={"FLOWKIT_API_URL": "gpu.example.org"},
    ),
    Row(
        ["ps"],
        "invalid api_url 'http://x\\n' (FLOWKIT_API_URL): not the text of a URL",
        URL,
        environment={"FLOWKIT_API_URL": "http://x\n"},
    ),
    Row(
        ["ps"],
        "invalid api_key (FLOWKIT_API_KEY): it is not printable ASCII without spaces",
        KEY,
        environment={"FLOWKIT_API_KEY": "a\nb"},
    ),
    Row(
        ["ps"],
        "invalid api_key (FLOWKIT_API_KEY): it is not printable ASCII without spaces",
        KEY,
        environment={"FLOWKIT_API_KEY": "secret key"},
    ),
    Row(
        ["ps"],
        "invalid api_key (FLOWKIT_API_KEY): it is not printable ASCII without spaces",
        KEY,
        environment={"FLOWKIT_API_KEY": "secret\udcffkey"},
    ),
    Row(
        ["ps"],
        "invalid project 'a b' (FLOWKIT_PROJECT)",
        PROJECT,
        environment={"FLOWKIT_PROJECT": "a b"},
    ),
    Row(
        ["ps"],
        "profile 'lab' (FLOWKIT_PROFILE) is not in {root}/home/config.toml",
        "it has no profile",
        environment={"FLOWKIT_PROFILE": "lab"},
    ),
    Row(
        ["ps"],
        "cannot use {root}/work/file/gateway: Not a directory",
        HOME,
        5,
        environment={"FLOWKIT_HOME": "{root}/work/file"},
        files={"work/file": ""},
    ),
    Row(
        ["ps"],
        "cannot use /proc/flowkit/gateway: No such file or directory",
        HOME,
        5,
        environment={"FLOWKIT_HOME": "/proc/flowkit"},
    ),
    Row(
        ["ps"],
        "there is no home directory for flowkit",
        "set FLOWKIT_HOME to the absolute path of a directory",
        environment={"FLOWKIT_HOME": "~nobody-of-this-name/x"},
    ),
    Row(
        ["ps"],
        "there is no home directory for flowkit",
        "set FLOWKIT_HOME to the absolute path of a directory",
        environment={"FLOWKIT_HOME": "home"},
        cwd_vanishes=True,
        leaves=["work"],
    ),
    Row(
        ["ps"],
        "cannot use /dev/null/.local/share/flowkit/gateway: Not a directory",
        HOME,
        5,
        environment={"FLOWKIT_HOME": None, "HOME": "/dev/null"},
    ),
    Row(
        ["ps"],
        "cannot read {root}/home/config.toml: Permission denied",
        UNREADABLE,
        prepare=_closed_home,
        unprivileged=True,
    ),
    Row(
        ["ps"],
        "invalid FLOWKIT_GATEWAY_IDLE_TIMEOUT 'soon': it is not a number of seconds",
        "write it as 900, or 0 for a gateway that stays",
        environment={"FLOWKIT_GATEWAY_IDLE_TIMEOUT": "soon"},
    ),
    Row(
        ["ps"],
        "invalid FLOWKIT_GATEWAY_IDLE_TIMEOUT '-1': it is not a number of seconds",
        "write it as 900, or 0 for a gateway that stays",
        environment={"FLOWKIT_GATEWAY_IDLE_TIMEOUT": "-1"},
    ),
    Row(
        ["gateway", "start"],
        "invalid FLOWKIT_SIMULATE 'sometimes'",
        "write never, or unset it for simulated GPUs",
        environment={"FLOWKIT_SIMULATE": "sometimes"},
    ),
    Row(
        ["ps"],
        "the gateway is not installed: jsonschema_rs missing",
        "pip install 'flowkit-gpu[gateway]'",
        5,
        missing=["jsonschema_rs"],
    ),
    Row(
        ["gateway", "serve"],
        "the gateway is not installed: uvicorn missing",
        "pip install 'flowkit-gpu[gateway]'",
        5,
        missing=["uvicorn"],
    ),
    Row(
        ["ps"],
        "cannot use {root}/home/gateway: Not a directory",
        HOME,
        5,
        files={"home/gateway": ""},
    ),
    Row(
        [],
        "invalid _FLOWKIT_COMPLETE 'nonsense'",
        "flowkit completion --help",
        environment={"_FLOWKIT_COMPLETE": "nonsense"},
    ),
    Row(
        ["run", "true"],
        "the environment variable PYTHONPATH holds bytes that are not UTF-8",
        "write it in UTF-8, or leave it out",
        environment={"PYTHONPATH": "a\udcff"},
    ),
    Row(["config"], "cannot write to stdout: No space left on device", None, 1, stdout="/dev/full"),
    Row(
        ["config", "set", "project", "a"],
        "{root}/home/config.toml: not TOML: Invalid value (at line 1, column 5)",
        EDITOR,
        files={CONFIG: "a = \n"},
    ),
    Row(
        ["config", "set", "project", "a"],
        "{root}/home/config.toml: not UTF-8",
        EDITOR,
        files={CONFIG: b"\xff\xfe"},
    ),
    Row(
        ["config", "set", "project", "a"],
        "cannot read {root}/home/config.toml: Is a directory",
        UNREADABLE,
        files={f"{CONFIG}/x": ""},
    ),
    Row(
        ["config", "set", "project", "a", "--profile", "x"],
        "{root}/home/config.toml is laid out in a way that cannot be changed here",
        "change it with an editor",
        files={CONFIG: "profiles = {x = {project = 'b'}}\n"},
    ),
    Row(
        ["config", "set", "project", "a", "--profile", "x"],
        "{root}/home/config.toml is laid out in a way that cannot be changed here",
        "change it with an editor",
        files={CONFIG: "[profiles]\nx = 7\n"},
    ),
    Row(
        ["config", "set", "project", "a"],
        "cannot write /proc/flowkit/config.toml: No such file or directory",
        "set FLOWKIT_HOME to a directory that can be written",
        environment={"FLOWKIT_HOME": "/proc/flowkit"},
    ),
    Row(
        ["config", "set", "project", "a"],
        "cannot write {root}/home/config.toml: Permission denied",
        "set FLOWKIT_HOME to a directory that can be written",
        prepare=_read_only_home,
        unprivileged=True,
    ),
    Row(["config", "set", "project", "UPPER"], "invalid project 'UPPER' (argument)", PROJECT),
    Row(
        ["config", "set", "project", ""],
        "project cannot be empty",
        "flowkit config set project VALUE",
    ),
    Row(
        ["config", "set", "project", "\x1b[31m"], "invalid project '\\x1b[31m' (argument)", PROJECT
    ),
    Row(
        ["config", "set", "api_url", "ftp://x"],
        "invalid api_url 'ftp://x' (argument): it starts with neither http:// nor https://",
        URL,
    ),
    Row(
        ["config", "set", "api_url", "http://"],
        "invalid api_url 'http://' (argument): it names no host",
        URL,
    ),
    Row(
        ["config", "set", "api_key", "two words"],
        "invalid api_key (argument): it is not printable ASCII without spaces",
        KEY,
    ),
    Row(
        ["config", "set", "api_key"], "api_key cannot be empty", "flowkit config set api_key VALUE"
    ),
    Row(
        ["config", "set", "api_key"],
        "invalid api_key (argument): it is not printable ASCII without spaces",
        KEY,
        files={"work/in": b"\xff\n"},
        stdin="{root}/work/in",
    ),
    Row(
        ["config", "set", "default_profile", "lba"],
        "there is no profile 'lba' in {root}/home/config.toml",
        "did you mean lab?",
        files={CONFIG: "[profiles.lab]\nproject = 'a'\n"},
    ),
    Row(
        ["config", "set", "default_profile", "gone"],
        "there is no profile 'gone' in {root}/home/config.toml",
        "make it first: flowkit config set api_url URL --profile gone",
    ),
    Row(
        ["config", "set", "default_profile", "a", "--profile", "b"],
        "default_profile belongs to no profile",
        "leave out --profile",
    ),
    Row(
        ["config", "set", "project", "a", "--profile", ""],
        "--profile: invalid name ''",
        "use printable text",
    ),
    Row(
        ["config", "set", "project", "a", "--profile", "a\nb"],
        "--profile: invalid name 'a\\nb'",
        "use printable text",
    ),
    Row(["config", "set"], "missing argument KEY", "see `flowkit config set --help`"),
    Row(
        ["config", "set", "colour", "red"],
        "KEY: 'colour' is not one of api_url, api_key, project, default_profile",
        "see `flowkit config set --help`",
    ),
    Row(
        ["config", "set", "api_ulr", "red"],
        "KEY: 'api_ulr' is not one of api_url, api_key, project, default_profile",
        "did you mean api_url?",
    ),
    Row(
        ["config", "set", "project", "a", "b"],
        "got unexpected extra argument (b)",
        "see `flowkit config set --help`",
    ),
    Row(["config", "colour"], "no such command: colour", "see `flowkit config --help`"),
    Row(
        ["config", "-o", "xml"],
        "--output: 'xml' is not one of table, json",
        "see `flowkit config --help`",
    ),
    Row(
        ["--api-url", "ftp://x", "ps"],
        "invalid api_url 'ftp://x' (argument): it starts with neither http:// nor https://",
        URL,
    ),
    Row(
        ["--api-url", "x", "ps"],
        "invalid api_url 'x' (argument): it starts with neither http:// nor https://",
        URL,
    ),
    Row(
        ["--api-url", "", "ps"],
        "invalid api_url '' (argument): it starts with neither http:// nor https://",
        URL,
    ),
    Row(
        ["--api-url", "http://", "ps"],
        "invalid api_url 'http://' (argument): it names no host",
        URL,
    ),
    Row(
        ["--api-url", "http://x:0", "ps"],
        "invalid api_url 'http://x:0' (argument): its port is not a number from 1 to 65535",
        URL,
    ),
    Row(
        ["--api-url", "http://x:99999", "ps"],
        "invalid api_url 'http://x:99999' (argument): its port is not a number from 1 to 65535",
        URL,
    ),
    Row(
        ["--api-url", "http://x:port", "ps"],
        "invalid api_url 'http://x:port' (argument): its port is not a number from 1 to 65535",
        URL,
    ),
    Row(
        ["--api-url", "http://user:secret@x", "ps"],
        "invalid api_url 'http://***@x' (argument): a user's name does not belong into it",
        URL,
    ),
    Row(
        ["--api-url", "http://x/v1", "ps"],
        "invalid api_url 'http://x/v1' (argument): leave out /v1, which every call adds",
        URL,
    ),
    Row(
        ["--api-url", "http://x?y", "ps"],
        "invalid api_url 'http://x?y' (argument): nothing may follow its path",
        URL,
    ),
    Row(
        ["--api-url", "http://a b", "ps"],
        "invalid api_url 'http://a b' (argument): not the text of a URL",
        URL,
    ),
    Row(
        ["--api-url", "http://\x1b", "ps"],
        "invalid api_url 'http://\\x1b' (argument): not the text of a URL",
        URL,
    ),
    Row(
        ["--api-url", "http://[::1", "ps"],
        "invalid api_url 'http://[::1' (argument): Invalid IPv6 URL",
        URL,
    ),
    Row(
        ["--api-url", "http://[zz]", "ps"],
        "invalid api_url 'http://[zz]' (argument): 'zz' does not appear to be an IPv4 or IPv6 address",
        URL,
    ),
    Row(
        ["--api-url", "http://" + "a" * 64, "ps"],
        "invalid api_url 'http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' (argument): its host cannot be the name of one",
        URL,
    ),
    Row(
        ["--api-url", "http://☃.example", "ps"],
        "invalid api_url 'http://☃.example' (argument): write its host in ASCII, as in xn--bcher-kva.example",
        URL,
    ),
    Row(
        ["--api-url", "http://a..b", "ps"],
        "invalid api_url 'http://a..b' (argument): its host cannot be the name of one",
        URL,
    ),
    Row(
        ["--api-url", "http://127.0.0.1:1", "ps"],
        "cannot reach the gateway at http://127.0.0.1:1: Connection refused",
        "is it running? `flowkit gateway serve` starts one; `flowkit config` shows the URL",
        5,
    ),
    Row(
        ["--api-url", "http://127.0.0.1:1", "run", "x"],
        "cannot reach the gateway at http://127.0.0.1:1: Connection refused",
        "is it running? `flowkit gateway serve` starts one; `flowkit config` shows the URL",
        5,
    ),
    Row(
        ["--api-url", "http://no-such-host.invalid", "ps"],
        re.compile(f"cannot reach the gateway at http://no-such-host.invalid: {UNKNOWN_HOST}"),
        "check the URL and the network; `flowkit config` shows where the URL comes from",
        5,
    ),
    Row(["--project", "", "ps"], "invalid project '' (argument)", PROJECT),
    Row(["--project", "UPPER", "ps"], "invalid project 'UPPER' (argument)", PROJECT),
    Row(
        ["--project", "x" * 64, "ps"],
        "invalid project 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' (argument)",
        PROJECT,
    ),
    Row(["--project", "\udcff", "ps"], "--project: not UTF-8: \\xff", NOT_UTF8),
    Row(
        ["--profile", "lab", "ps"],
        "profile 'lab' (argument) is not in {root}/home/config.toml",
        "it has no profile",
    ),
    Row(
        ["--profile", "", "ps"],
        "profile '' (argument) is not in {root}/home/config.toml",
        "it has no profile",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_wrong_setting_names_its_place(refused: Refused, row: Row) -> None:
    refused(row)
