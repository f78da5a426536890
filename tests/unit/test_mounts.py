"""Mounts as people write them."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit.errors import InvalidMount
from flowkit.mounts import (
    SCHEMES,
    MountSource,
    check_apart,
    parse_mounts,
    parse_target,
    variable_of,
)

TASK = "task_" + "0" * 26
SNAPSHOT = "snap_" + "a" * 26
TARGETS = st.lists(st.sampled_from(["a", "b", "a-b", "a.b"]), min_size=1, max_size=3).map(
    lambda names: "/" + "/".join(names)
)


@pytest.mark.parametrize(
    ("text", "target", "source"),
    [
        ("datasets", "/volumes/datasets", "volume://datasets"),
        ("data.v2", "/volumes/data.v2", "volume://data.v2"),
        ("volume://datasets", "/volumes/datasets", "volume://datasets"),
        ("VOLUME://datasets", "/volumes/datasets", "volume://datasets"),
        ("volume://datasets/train//x/./", "/volumes/datasets", "volume://datasets/train/x"),
        ("/data=datasets", "/data", "volume://datasets"),
        ("/data=volume://datasets", "/data", "volume://datasets"),
        ("//data//x/=datasets", "/data/x", "volume://datasets"),
        ("/abs/local", "/mnt/local", "file:///abs/local"),
        ("/abs/local/", "/mnt/local", "file:///abs/local/"),
        ("./here", "/mnt/here", "./here"),
        ("../there", "/mnt/there", "../there"),
        ("~/mine", "/mnt/mine", "~/mine"),
        ("/x=.", "/x", "."),
        ("/x=~", "/x", "~"),
        ("/x=..", "/x", ".."),
        ("./year=2024", "/mnt/year=2024", "./year=2024"),
        ("/in=./year=2024", "/in", "./year=2024"),
        ("file:///a%20b", "/mnt/a b", "file:///a%20b"),
        ("file://localhost/a", "/mnt/a", "file:///a"),
        ("s3://bucket", "/data", "s3://bucket"),
        ("s3://bucket/year=2024/x//y/", "/data", "s3://bucket/year=2024/x//y/"),
        ("/in=s3://bucket/year=2024", "/in", "s3://bucket/year=2024"),
        ("gs://bucket/train", "/data", "gs://bucket/train"),
        ("az://container/train", "/data", "az://container/train"),
        ("https://host/a/x.csv?k=/v", "/mnt/x.csv", "https://host/a/x.csv?k=/v"),
        ("/d=https://host:8443/", "/d", "https://host:8443"),
        (f"task://{TASK}", f"/mnt/{TASK}", f"task://{TASK}"),
        (f"task://{TASK}/checkpoints/", "/mnt/checkpoints", f"task://{TASK}/checkpoints"),
        (f"snapshot://{SNAPSHOT}", f"/mnt/{SNAPSHOT}", f"snapshot://{SNAPSHOT}"),
    ],
)
def test_one_mount_is_read(text: str, target: str, source: str) -> None:
    (mount,) = parse_mounts(text)
    assert (mount.target, str(mount.source)) == (target, source)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("/data=", "empty"),
        ("=datasets", "empty"),
        ("a/b", "neither a volume's name, a URL nor a path"),
        (".hidden", "neither"),
        ("-x", "neither"),
        ("a" * 65, "neither"),
        ("data set", "neither"),
        ("data=datasets", "is not an absolute path"),
        ("gcs://bucket", "does not know gcs://"),
        ("ftp://host/x", "does not know ftp://"),
        ("volume://", "followed by the name or id of a volume"),
        ("volume:///x", "followed by the name or id of a volume"),
        ("volume://-x", "followed by the name or id of a volume"),
        ("volume://datasets/../x", "`..`"),
        (f"task://{TASK}/..", "`..`"),
        ("task://demo", "the id of a task"),
        ("snapshot://demo", "the id of a snapshot"),
        ("file://etc/passwd", "an absolute path"),
        ("file:///a%00b", "characters"),
        ("s3:///key", "a bucket"),
        ("s3://_x/key", "a bucket"),
        ("az://Container/x", "a container"),
        ("https:///x", "a host"),
        ("https://user:secret@host/x", "nothing to sign in with"),
        ("a\nb", "characters"),
        ("./a\0", "characters"),
        ("./\ud800", "characters"),
        ("./" + "a" * 4096, "more than 4096"),
        (".", "does not say where"),
        ("~", "does not say where"),
        ("~ada", "does not say where"),
        ("./x/..", "does not say where"),
        ("/", "does not say where"),
        ("https://host/", "does not say where"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_hint(text: str, message: str) -> None:
    with pytest.raises(InvalidMount) as refused:
        parse_mounts(text)
    assert message in refused.value.message
    assert refused.value.hint


def test_a_password_is_not_shown() -> None:
    with pytest.raises(InvalidMount) as refused:
        parse_mounts("https://user:secret@host/x")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("value", [None, 5, b"datasets", [5], {"/data": 5}, {5: "x"}])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(InvalidMount):
        parse_mounts(value)  # type: ignore[arg-type]  # what callers may get wrong


@pytest.mark.parametrize(
    "target",
    [
        *("/", "//", "/.", "data", "./data", "/data/../x", "/..", "", "/a\nb", "/" + "a" * 256),
        *("/proc", "/proc/1", "/sys", "/dev/shm", "/etc", "/etc/x", "/usr/local/x", "/bin", "/lib"),
        *("/lib64/x", "/sbin", "/boot", "/home", "/home/", "/root", "/tmp", "/var", "/run"),
    ],
)
def test_nothing_is_mounted_where_it_would_be_in_the_way(target: str) -> None:
    with pytest.raises(InvalidMount):
        parse_target(target)


@pytest.mark.parametrize(
    "target", ["/data", "/home/ada/x", "/tmp/x", "/var/data", "/library", "/developer", "/mnt/é"]
)
def test_elsewhere_it_may_be(target: str) -> None:
    assert parse_target(target) == target


def test_several_mounts_keep_their_order() -> None:
    mounts = parse_mounts(["models", "/in=s3://bucket", {"/x": "./x", "/a": "volume://a/b"}])
    assert [mount.target for mount in mounts] == ["/volumes/models", "/in", "/x", "/a"]


@pytest.mark.parametrize(
    "items", [["/a=x", "/a=y"], ["/a=x", "/a/b=y"], ["/a/b=x", "/a-b=y", "/a=z"], ["x", "x"]]
)
def test_mounts_that_hide_one_another_are_refused(items: list[str]) -> None:
    with pytest.raises(InvalidMount):
        parse_mounts(items)


@given(st.lists(TARGETS, max_size=5))
def test_targets_are_apart_exactly_when_each_two_of_them_are(targets: list[str]) -> None:
    apart = all(
        a != b and not f"{a}/".startswith(f"{b}/") and not f"{b}/".startswith(f"{a}/")
        for a, b in combinations(targets, 2)
    )
    if apart:
        check_apart(targets)
    else:
        with pytest.raises(InvalidMount):
            check_apart(targets)


@given(st.text() | st.from_regex(r"(/[a-z.]{0,4}){0,3}=?([a-z0-9]{2,6}://)?[a-z0-9_./=~@%-]{0,40}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        (mount,) = parse_mounts(text)
    except InvalidMount:
        return
    assert parse_target(mount.target) == mount.target
    assert mount.source.scheme in SCHEMES
    # Both ends read a source once: the SDK as it was written, the gateway as the SDK sent it.
    assert MountSource.parse(str(mount.source)) == mount.source


def test_a_task_is_told_by_a_variable() -> None:
    assert variable_of("/data") == "FLOWKIT_MOUNT_DATA"
    assert variable_of("/mnt/x.y-z/é") == "FLOWKIT_MOUNT_MNT_X_Y_Z__"
