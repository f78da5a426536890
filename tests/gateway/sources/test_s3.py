"""Mount sources on a real S3 server: what is fetched, shared, refused and given up."""

from __future__ import annotations

import asyncio
import os
import stat
import uuid
from pathlib import Path

import pytest

from flowkit_gateway.engines.engine import StartError
from flowkit_gateway.problems import InvalidMount
from tests.gateway.local.attempts import reached
from tests.gateway.sources.conftest import Fetching
from tests.gateway.sources.s3_server import Line, S3Server

TREE = {
    "set/train/0.bin": b"zero",
    "set/train/deep/1.bin": b"one",
    "set/labels with blanks.csv": b"a,b\n",
    "set/empty": b"",
    "settings.json": b"{}",
}


@pytest.fixture
def bucket(s3: S3Server) -> str:
    name = f"bucket-{uuid.uuid4().hex}"
    s3.make_bucket(name, TREE)
    return name


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


async def fetched(fetching: Fetching, s3: S3Server, url: str, task_id: str = "task_1") -> Path:
    return await fetching.sources.fetch("vision", url, s3.env, task_id=task_id)


async def test_a_prefix_becomes_a_directory(fetching: Fetching, s3: S3Server, bucket: str) -> None:
    directory = await fetched(fetching, s3, f"s3://{bucket}/set")

    assert files(directory) == {
        key.removeprefix("set/"): body for key, body in TREE.items() if key.startswith("set/")
    }
    assert stat.S_IMODE(os.stat(directory).st_mode) == 0o555
    assert stat.S_IMODE(os.stat(directory / "train" / "deep").st_mode) == 0o555
    assert stat.S_IMODE(os.stat(directory / "train" / "0.bin").st_mode) == 0o444


async def test_a_bucket_becomes_a_directory(fetching: Fetching, s3: S3Server, bucket: str) -> None:
    assert files(await fetched(fetching, s3, f"s3://{bucket}")) == TREE


async def test_an_object_becomes_a_file(fetching: Fetching, s3: S3Server, bucket: str) -> None:
    path = await fetched(fetching, s3, f"s3://{bucket}/set/train/0.bin")

    assert path.read_bytes() == b"zero"


async def test_what_a_console_makes_for_a_directory_is_none_of_the_files(
    fetching: Fetching, s3: S3Server, bucket: str
) -> None:
    s3.put(bucket, "set/", b"")
    s3.put(bucket, "set/train/", b"")

    directory = await fetched(fetching, s3, f"s3://{bucket}/set")

    assert "train/0.bin" in files(directory)


async def test_a_large_object_is_whole(fetching: Fetching, s3: S3Server, bucket: str) -> None:
    body = os.urandom(50_000_000)
    s3.put(bucket, "large", body)

    assert (await fetched(fetching, s3, f"s3://{bucket}/large")).read_bytes() == body


async def test_tasks_of_a_project_share_what_was_fetched(
    fetching: Fetching, s3: S3Server, bucket: str
) -> None:
    url = f"s3://{bucket}/set"

    first = await fetched(fetching, s3, url, "task_1")
    second = await fetched(fetching, s3, url, "task_2")
    other = await fetching.sources.fetch("speech", url, s3.env, task_id="task_3")

    assert first == second
    assert other != first
    assert files(other) == files(first)


async def test_what_changed_is_fetched_anew_and_the_old_stays(
    fetching: Fetching, s3: S3Server, bucket: str
) -> None:
    first = await fetched(fetching, s3, f"s3://{bucket}/set")
    s3.put(bucket, "set/train/0.bin", b"ZERO")

    second = await fetched(fetching, s3, f"s3://{bucket}/set", "task_2")

    assert (first / "train" / "0.bin").read_bytes() == b"zero"
    assert (second / "train" / "0.bin").read_bytes() == b"ZERO"


async def test_tasks_that_start_at_once_fetch_once(
    fetching: Fetching, s3: S3Server, bucket: str
) -> None:
    s3.put(bucket, "large", os.urandom(10_000_000))

    paths = await asyncio.gather(
        *(fetched(fetching, s3, f"s3://{bucket}/large", f"task_{number}") for number in range(4))
    )

    assert len({*paths}) == 1
    assert sum(name.endswith("/data") for name in fetching.kept()) == 1


async def test_one_of_two_that_wait_may_be_cancelled(
    fetching: Fetching, s3: S3Server, bucket: str
) -> None:
    s3.put(bucket, "large", bytes(30_000_000))
    url = f"s3://{bucket}/large"
    first = asyncio.create_task(fetched(fetching, s3, url))
    second = asyncio.create_task(fetched(fetching, s3, url, "task_2"))
    await reached(lambda: any("partial." in name for name in fetching.kept()))

    first.cancel()

    assert (await second).stat().st_size == 30_000_000
    assert first.cancelled()


async def test_a_cancelled_fetch_leaves_nothing(
    fetching: Fetching, s3: S3Server, bucket: str
) -> None:
    s3.put(bucket, "large", bytes(50_000_000))
    fetch = asyncio.create_task(fetched(fetching, s3, f"s3://{bucket}/large"))
    await reached(lambda: any("partial." in name for name in fetching.kept()))

    fetch.cancel()
    await asyncio.wait([fetch])

    await reached(lambda: not fetching.kept())


async def test_a_line_that_is_cut_once_is_taken_up_again(
    fetching: Fetching, s3: S3Server, bucket: str
) -> None:
    body = os.urandom(5_000_000)
    s3.put(bucket, "large", body)
    async with Line(int(s3.url.rpartition(":")[2]), cut_after=1_000_000, cuts=1).open() as line:
        env = {**s3.env, "AWS_ENDPOINT_URL": line.url}

        path = await fetching.sources.fetch("vision", f"s3://{bucket}/large", env, task_id="task_1")

    assert line.cuts == 0
    assert path.read_bytes() == body


async def test_a_line_that_is_always_cut_is_an_error_that_leaves_nothing(
    fetching: Fetching, s3: S3Server, bucket: str
) -> None:
    s3.put(bucket, "large", bytes(5_000_000))
    async with Line(int(s3.url.rpartition(":")[2]), cut_after=1_000_000, cuts=10**6).open() as line:
        env = {**s3.env, "AWS_ENDPOINT_URL": line.url}

        with pytest.raises(StartError, match=f"cannot mount s3://{bucket}/large: "):
            await fetching.sources.fetch("vision", f"s3://{bucket}/large", env, task_id="task_1")

    await reached(lambda: not fetching.kept())


@pytest.mark.parametrize(
    "url", ["s3://{bucket}", "s3://{bucket}/", "s3://{bucket}/set", "s3://{bucket}/settings.json"]
)
async def test_what_is_there_passes_the_check(
    fetching: Fetching, s3: S3Server, bucket: str, url: str
) -> None:
    await fetching.sources.check(url.format(bucket=bucket), s3.env)

    assert fetching.kept() == []


@pytest.mark.parametrize("url", ["s3://no-such-bucket-here/x", "s3://{bucket}/sett"])
async def test_what_is_not_there_is_refused(
    fetching: Fetching, s3: S3Server, bucket: str, url: str
) -> None:
    url = url.format(bucket=bucket)

    with pytest.raises(InvalidMount) as refused:
        await fetching.sources.check(url, s3.env)

    assert refused.value.detail == f"cannot mount {url}: there is nothing at this address"
    with pytest.raises(StartError, match="there is nothing at this address"):
        await fetched(fetching, s3, url)


@pytest.mark.parametrize("wrong", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
async def test_who_cannot_sign_in_is_refused_and_nothing_secret_said(
    fetching: Fetching, s3: S3Server, bucket: str, wrong: str
) -> None:
    env = {**s3.env, wrong: "ThisIsNotTheRightOne"}

    with pytest.raises(InvalidMount, match="it may not be read with these") as refused:
        await fetching.sources.check(f"s3://{bucket}/set", env)

    assert "ThisIsNotTheRightOne" not in refused.value.detail
    assert s3.secret not in refused.value.detail


async def test_half_a_key_is_refused(fetching: Fetching, s3: S3Server, bucket: str) -> None:
    env = {**s3.env}
    del env["AWS_SECRET_ACCESS_KEY"]

    with pytest.raises(InvalidMount, match="are of use only together"):
        await fetching.sources.check(f"s3://{bucket}/set", env)


async def test_the_gateways_own_credentials_are_nobodys(
    fetching: Fetching,
    s3: S3Server,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Neither those of its environment nor those of its user's files."""
    for name, value in s3.env.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        f"[default]\naws_access_key_id = {s3.key}\naws_secret_access_key = {s3.secret}\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(InvalidMount, match="cannot mount"):
        await fetching.sources.check(f"s3://{bucket}/set", {"AWS_ENDPOINT_URL": s3.url})


@pytest.mark.parametrize("name", ["../../../up", "a/../b", "/absolute", "a//b", "x" * 300, "./a"])
async def test_a_name_that_no_file_can_have_is_refused(
    fetching: Fetching, s3: S3Server, bucket: str, name: str
) -> None:
    s3.put(bucket, f"set/{name}", b"elsewhere")

    with pytest.raises(StartError, match="whose name no file can have"):
        await fetched(fetching, s3, f"s3://{bucket}/set")

    assert fetching.kept() == []


async def test_a_file_that_would_have_to_be_a_directory_is_refused(
    fetching: Fetching, s3: S3Server, bucket: str
) -> None:
    s3.put(bucket, "set/train", b"a file too")

    with pytest.raises(StartError, match="'train' both as an object and as a directory"):
        await fetched(fetching, s3, f"s3://{bucket}/set")


async def test_a_server_that_does_not_answer_is_given_up(
    fetching: Fetching, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowkit_gateway.sources.remote_sources._CHECK_SECONDS", 1.0)
    async with await asyncio.start_server(_say_nothing, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        with pytest.raises(InvalidMount, match="no answer within 1 s"):
            await fetching.sources.check("s3://bucket/x", {**s3.env, "AWS_ENDPOINT_URL": url})


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()
