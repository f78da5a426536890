"""Volumes, files and outputs that there cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.campaigns.bad_input.conftest import Refused
from tests.campaigns.bad_input.hints import (
    FROM_ROOT,
    LISTED,
    LISTED_HERE,
    NOT_UTF8,
    PRINCIPAL,
    REMOTE,
    VOLUME,
    VOLUME_NAME,
    VOLUMES,
    WHOLE,
)
from tests.campaigns.bad_input.rows import Row, name_of


def _fifo(root: Path) -> None:
    os.mkfifo(root / "work" / "fifo")


def _closed(root: Path) -> None:
    (root / "work" / "closed").mkdir(mode=0)


ROWS = [
    Row(["volume"], "missing command", "see `flowkit volume --help`"),
    Row(
        ["volume", "crate", "x"], "no such command: crate", "did you mean `flowkit volume create`?"
    ),
    Row(["volume", "create"], "missing argument NAME", "see `flowkit volume create --help`"),
    Row(
        ["volume", "create", "x"], "missing option --size-gb", "see `flowkit volume create --help`"
    ),
    Row(
        ["volume", "create", "x", "--size-gb", "0"], "--size-gb: 0 is too small", "it is at least 1"
    ),
    Row(
        ["volume", "create", "x", "--size-gb", "1.5"],
        "--size-gb: '1.5' is not a whole number",
        WHOLE,
    ),
    Row(
        ["volume", "create", "x", "--size-gb", "2000000"],
        "invalid size_gb 2000000",
        "a whole number of GB from 1 to 1000000",
    ),
    Row(["volume", "create", "a b", "--size-gb", "1"], "invalid volume name 'a b'", VOLUME_NAME),
    Row(["volume", "create", "", "--size-gb", "1"], "invalid volume name ''", VOLUME_NAME),
    Row(
        ["volume", "create", "x" * 65, "--size-gb", "1"],
        f"invalid volume name {'x' * 65!r}",
        VOLUME_NAME,
    ),
    Row(["volume", "create", "a/b", "--size-gb", "1"], "invalid volume name 'a/b'", VOLUME_NAME),
    Row(["volume", "create", "\udcff", "--size-gb", "1"], "NAME: not UTF-8: \\xff", NOT_UTF8),
    Row(
        ["volume", "create", "x", "--size-gb", "1", "--interface", "blok"],
        "--interface: 'blok' is not one of block, file",
        "did you mean block?",
    ),
    Row(
        ["volume", "create", "x", "--size-gb", "1", "--permission", "w"],
        "--permission: 'w' is not one of rw, ro",
        "did you mean rw?",
    ),
    Row(
        ["volume", "create", "x", "--size-gb", "1", "--region", ""],
        "invalid region",
        "text of 1 to 64 characters, or leave it out",
    ),
    Row(
        ["volume", "create", "x", "y", "--size-gb", "1"],
        "got unexpected extra argument (y)",
        "see `flowkit volume create --help`",
    ),
    Row(["volume", "ls", "-n", "0"], "--limit: 0 is too small", "it is at least 1"),
    Row(
        ["volume", "ls", "x"], "got unexpected extra argument (x)", "see `flowkit volume ls --help`"
    ),
    Row(["volume", "show"], "missing argument VOLUME", "see `flowkit volume show --help`"),
    Row(["volume", "show", ""], "there is no volume ''", VOLUME, code=3),
    Row(["volume", "show", "a b"], "there is no volume 'a b'", VOLUME, code=3),
    Row(["volume", "show", "\udcff"], "VOLUME: not UTF-8: \\xff", NOT_UTF8),
    Row(["volume", "rename", "x"], "missing argument NAME", "see `flowkit volume rename --help`"),
    Row(["volume", "rename", "x", "a b"], "invalid volume name 'a b'", VOLUME_NAME),
    Row(["volume", "rename", "a\nb", "y"], "there is no volume 'a\\nb'", VOLUME, code=3),
    Row(["volume", "resize", "x", "0"], "SIZE_GB: 0 is too small", "it is at least 1"),
    Row(["volume", "resize", "x", "many"], "SIZE_GB: 'many' is not a whole number", WHOLE),
    Row(
        ["volume", "resize", "x"], "missing argument SIZE_GB", "see `flowkit volume resize --help`"
    ),
    Row(["volume", "rm"], "missing argument VOLUME...", "see `flowkit volume rm --help`"),
    Row(["volume", "rm", ""], "there is no volume ''", VOLUME, code=3),
    Row(["volume", "clone", "x", "a b"], "invalid volume name 'a b'", VOLUME_NAME),
    Row(
        ["volume", "clone", "x", "y", "--size-gb", "-1"],
        "--size-gb: -1 is too small",
        "it is at least 1",
    ),
    Row(["volume", "usage"], "missing argument VOLUME", "see `flowkit volume usage --help`"),
    Row(["volume", "usage", "../x"], "there is no volume '../x'", VOLUME, code=3),
    Row(
        ["volume", "share", "x"], "missing argument PRINCIPAL", "see `flowkit volume share --help`"
    ),
    Row(["volume", "share", "x", "ada"], "invalid principal 'ada'", PRINCIPAL),
    Row(["volume", "share", "x", "user:"], "invalid principal 'user:'", PRINCIPAL),
    Row(["volume", "share", "x", "group:ada"], "invalid principal 'group:ada'", PRINCIPAL),
    Row(["volume", "share", "x", "user:a b"], "invalid principal 'user:a b'", PRINCIPAL),
    Row(["volume", "share", "x", "project:A"], "invalid principal 'project:A'", PRINCIPAL),
    Row(
        ["volume", "share", "x", "user:ada", "--permission", "rwx"],
        "--permission: 'rwx' is not one of rw, ro",
        "did you mean rw?",
    ),
    Row(["volume", "unshare", "x", "ada"], "invalid principal 'ada'", PRINCIPAL),
    Row(
        ["volume", "unshare", "x"],
        "missing argument PRINCIPAL",
        "see `flowkit volume unshare --help`",
    ),
    Row(["volume", "accept"], "missing argument GRANT", "see `flowkit volume accept --help`"),
    Row(
        ["volume", "accept", "x"],
        "there is no invitation 'x'",
        "`flowkit volume invitations` lists them",
        code=3,
    ),
    Row(
        ["volume", "decline", ""],
        "there is no invitation ''",
        "`flowkit volume invitations` lists them",
        code=3,
    ),
    Row(["volume", "leave"], "missing argument VOLUME", "see `flowkit volume leave --help`"),
    Row(["cp"], "missing argument SOURCE", "see `flowkit cp --help`"),
    Row(["cp", "a"], "missing argument TARGET", "see `flowkit cp --help`"),
    Row(
        ["cp", "a", "b"],
        "neither SOURCE nor TARGET is remote",
        "write VOLUME:PATH or TASK_ID:PATH for one of them",
    ),
    Row(["cp", "", "v:x"], "SOURCE: the name is empty", "see `flowkit cp --help`"),
    Row(["cp", "v:a", ""], "TARGET: the name is empty", "see `flowkit cp --help`"),
    Row(["cp", "-", "v:"], "TARGET: stdin has no name", "as in v:data.csv"),
    Row(["cp", "-", "v:d/"], "TARGET: stdin has no name", "as in v:d/data.csv"),
    Row(
        ["cp", "-", "-"],
        "neither SOURCE nor TARGET is remote",
        "write VOLUME:PATH or TASK_ID:PATH for one of them",
    ),
    Row(
        ["cp", "v:a", "-", "-o", "json"],
        "the file and the JSON would both go to stdout",
        "leave out -o json, or name a file",
    ),
    Row(["cp", "gone", "v:x"], "there is no file gone on this machine", "check the path", code=3),
    Row(["cp", ".", "v:x"], ". is a directory", "copy it with -r"),
    Row(["cp", "v:../x", "y"], "SOURCE: the path '../x' has the name '..'", FROM_ROOT),
    Row(["cp", "x", "v:../y"], "TARGET: the path '../y' has the name '..'", FROM_ROOT),
    Row(
        ["cp", "x", "v:a\nb"],
        "TARGET: the path 'a\\nb' has characters in it that no path should have",
        "leave out control characters and line ends",
    ),
    Row(
        ["cp", "x", "v:" + "n" * 300],
        "TARGET: the path 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...' is too long",
        "a name has up to 255 bytes, a path up to 4096",
    ),
    Row(
        ["cp", "x", "v:" + "a/" * 3000],
        "TARGET: the path 'a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a...' is too long",
        "a name has up to 255 bytes, a path up to 4096",
    ),
    Row(["cp", "v:a//b", "x"], "SOURCE: the path 'a//b' has the name ''", FROM_ROOT),
    Row(["cp", "a", "b", "c"], "got unexpected extra argument (c)", "see `flowkit cp --help`"),
    Row(
        ["cp", "fifo", "v:x"],
        "fifo is neither a file nor a directory",
        "write what comes from it to a file, and send that",
        code=1,
        prepare=_fifo,
    ),
    Row(
        ["cp", "/dev/zero", "v:x"],
        "/dev/zero is neither a file nor a directory",
        "write what comes from it to a file, and send that",
        code=1,
    ),
    Row(
        ["cp", "file/x", "v:y"],
        "cannot read file/x: Not a directory",
        "check the path and its permissions",
        code=1,
        files={"work/file": ""},
    ),
    Row(
        ["cp", "closed/file", "v:y"],
        "cannot read closed/file: Permission denied",
        "check the path and its permissions",
        code=1,
        prepare=_closed,
        unprivileged=True,
    ),
    Row(
        ["cp", "\udcff", "v:x"],
        "there is no file \\udcff on this machine",
        "check the path",
        code=3,
    ),
    Row(["cp", "x", "v:\udcff"], "TARGET: not UTF-8: v:\\xff", NOT_UTF8),
    Row(["cp", "http://x/y", "z"], "SOURCE: 'http://x/y' is a URL and no remote path", REMOTE),
    Row(["cp", "volume://x/y", "z"], "SOURCE: 'volume://x/y' is a URL and no remote path", REMOTE),
    Row(
        ["cp", "--recursve", "a", "v:b"], "no such option: --recursve", "did you mean --recursive?"
    ),
    Row(["cp", "v:a", "b", "--progress"], "no such option: --progress", "did you mean --project?"),
    Row(["ls", "x"], "PATH: 'x' is no remote path", REMOTE),
    Row(["ls", ""], "PATH: '' is no remote path", REMOTE),
    Row(["ls", "v:../x"], "PATH: the path '../x' has the name '..'", FROM_ROOT),
    Row(
        ["ls", "v:a\nb"],
        "PATH: the path 'a\\nb' has characters in it that no path should have",
        "leave out control characters and line ends",
    ),
    Row(["ls", "v:", "-n", "0"], "--limit: 0 is too small", "it is at least 1"),
    Row(["ls", ":x"], "PATH: ':x' is no remote path", REMOTE),
    Row(["ls", "a b:x"], "PATH: 'a b:x' is no remote path", REMOTE),
    Row(["ls", "./x"], "PATH: './x' is no remote path", REMOTE),
    Row(["ls", "/a/../b"], "PATH: the path 'a/../b' has the name '..'", FROM_ROOT),
    Row(["ls", "\udcff"], "PATH: not UTF-8: \\xff", NOT_UTF8),
    Row(["mv", "v:a"], "missing argument TARGET", "see `flowkit mv --help`"),
    Row(["mv", "a", "v:b"], "SOURCE: 'a' is no remote path", REMOTE),
    Row(
        ["mv", "v:a", "w:b"],
        "v:a and w:b are not in one volume",
        "download the file and upload it, or mount both in a task",
    ),
    Row(["mv", "v:", "v:b"], "v: names no file in it", "as in v:data.csv"),
    Row(
        ["mv", "v:a", "/b"],
        "v:a and /b are not in one volume",
        "download the file and upload it, or mount both in a task",
    ),
    Row(["mv", "v:a", "v:../b"], "TARGET: the path '../b' has the name '..'", FROM_ROOT),
    Row(["rm"], "missing argument PATH...", "see `flowkit rm --help`"),
    Row(["rm", "x"], "PATH: 'x' is no remote path", REMOTE),
    Row(["rm", "v:"], "v: names no file in it", "as in v:data.csv"),
    Row(["rm", "v:a", "b"], "PATH: 'b' is no remote path", REMOTE),
    Row(["rm", "/"], "/ names no file in it", "as in /data.csv"),
    Row(["rm", "v:a/../b"], "PATH: the path 'a/../b' has the name '..'", FROM_ROOT),
    Row(["mkdir"], "missing argument PATH...", "see `flowkit mkdir --help`"),
    Row(["mkdir", "x"], "PATH: 'x' is no remote path", REMOTE),
    Row(["mkdir", "v:"], "v: names no file in it", "as in v:data.csv"),
    Row(["mkdir", "v:a/./b"], "PATH: the path 'a/./b' has the name '.'", FROM_ROOT),
    Row(["mkdir", "/"], "/ names no file in it", "as in /data.csv"),
    Row(["outputs"], "missing argument TASK", "see `flowkit outputs --help`"),
    Row(["outputs", ""], "no task has the id or name ''", LISTED, code=3),
    Row(["outputs", "a b"], "no task has the id or name 'a b'", LISTED, code=3),
    Row(
        ["outputs", "x", "--into", ""], "--into: the name is empty", "see `flowkit outputs --help`"
    ),
    Row(["volume", "show", "x"], "there is no volume 'x'", VOLUMES, code=3, served=True),
    Row(
        ["volume", "show", "vol_00000000000000000000000000"],
        "there is no volume vol_00000000000000000000000000",
        VOLUMES,
        code=3,
        served=True,
    ),
    Row(["volume", "rename", "x", "y"], "there is no volume 'x'", VOLUMES, code=3, served=True),
    Row(
        ["volume", "resize", "vol_00000000000000000000000000", "5"],
        "there is no volume vol_00000000000000000000000000",
        VOLUMES,
        code=3,
        served=True,
    ),
    Row(["volume", "rm", "x"], "there is no volume 'x'", VOLUMES, code=3, served=True),
    Row(["volume", "clone", "x", "y"], "there is no volume 'x'", VOLUMES, code=3, served=True),
    Row(["volume", "usage", "x"], "there is no volume 'x'", VOLUMES, code=3, served=True),
    Row(
        ["volume", "share", "x", "user:ada"], "there is no volume 'x'", VOLUMES, code=3, served=True
    ),
    Row(
        ["volume", "unshare", "vol_00000000000000000000000000", "user:ada"],
        "there is no volume vol_00000000000000000000000000",
        VOLUMES,
        code=3,
        served=True,
    ),
    Row(["volume", "leave", "x"], "there is no volume 'x'", VOLUMES, code=3, served=True),
    Row(
        ["volume", "accept", "grant_00000000000000000000000000"],
        "there is no grant grant_00000000000000000000000000",
        "`flowkit volume invitations` lists what can be answered",
        code=3,
        served=True,
    ),
    Row(
        ["cp", "file", "v:x"],
        "there is no volume 'v'",
        VOLUMES,
        code=3,
        files={"work/file": "1"},
        served=True,
    ),
    Row(["cp", "v:x", "y"], "there is no volume 'v'", VOLUMES, code=3, served=True),
    Row(
        ["cp", "task_00000000000000000000000000:x", "y"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        code=3,
        served=True,
    ),
    Row(
        ["cp", "{task}:x", "y"],
        "there is no 'x'",
        "List the directory above it.",
        code=3,
        served=True,
    ),
    Row(["cp", "v:x", "v:y"], "there is no volume 'v'", VOLUMES, code=3, served=True),
    Row(
        ["cp", "/x", "y"],
        "neither SOURCE nor TARGET is remote",
        "write VOLUME:PATH or TASK_ID:PATH for one of them",
        served=True,
    ),
    Row(["cp", "-", "v:x"], "there is no volume 'v'", VOLUMES, code=3, served=True),
    Row(["ls", "v:"], "there is no volume 'v'", VOLUMES, code=3, served=True),
    Row(
        ["ls", "task_00000000000000000000000000:"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        code=3,
        served=True,
    ),
    Row(
        ["ls", "/gone"],
        "there is no file /gone",
        "nothing has been uploaded yet",
        code=3,
        served=True,
    ),
    Row(["mv", "v:a", "v:b"], "there is no volume 'v'", VOLUMES, code=3, served=True),
    Row(
        ["mv", "/a", "/b"],
        "there is no file /a",
        "nothing has been uploaded yet",
        code=3,
        served=True,
    ),
    Row(["rm", "v:x"], "there is no volume 'v'", VOLUMES, code=3, served=True),
    Row(["rm", "/x"], "there is no file /x", "nothing has been uploaded yet", code=3, served=True),
    Row(["mkdir", "v:x"], "there is no volume 'v'", VOLUMES, code=3, served=True),
    Row(
        ["mkdir", "task_00000000000000000000000000:x"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        code=3,
        served=True,
    ),
    Row(["outputs", "x"], "no task has the id or name 'x'", LISTED, code=3, served=True),
    Row(
        ["outputs", "task_00000000000000000000000000"],
        "there is no task task_00000000000000000000000000",
        LISTED_HERE,
        code=3,
        served=True,
    ),
    Row(
        ["outputs", "{task}", "gone"],
        "there is no 'gone'",
        "List the directory above it.",
        code=3,
        served=True,
    ),
    Row(
        ["outputs", "{task}", "../x"],
        "the path '../x' has the name '..'",
        "Write the path from the root, without `.` and `..`.",
        served=True,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_data_stays_where_it_is(refused: Refused, row: Row) -> None:
    refused(row)
