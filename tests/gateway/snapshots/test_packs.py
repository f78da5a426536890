"""Packs: written by one upload each, and given back to the disk without what came in meanwhile."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flowkit_gateway.snapshots.packs import Packs, PackWriter
from flowkit_gateway.store.snapshots import Content

BLOCK = 64 * 1024


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    """No packs yet."""
    return Packs(tmp_path / "packs")


def write(packs: Packs, *contents: bytes) -> list[Content]:
    """Write contents into one pack, and return where they are."""
    pack = packs.take()
    placed = []
    for content in contents:
        placed.append(Content(content[:8].hex(), pack.name, pack.position, len(content)))
        pack.write(content)
    pack.sync()
    give(packs, pack)
    return placed


def give(packs: Packs, pack: PackWriter) -> None:
    pack.close()
    packs.give(pack.name)


def read(packs: Packs, content: Content) -> bytes:
    with open(packs.directory / content.pack, "rb") as file:
        file.seek(content.position)
        return file.read(content.size_bytes)


def test_uploads_at_one_time_never_share_a_pack(packs: Packs) -> None:
    with ThreadPoolExecutor(16) as threads:
        for _ in range(20):
            taken = list(threads.map(lambda _: packs.take(), range(16)))
            assert len({pack.name for pack in taken}) == 16
            for pack in taken:
                give(packs, pack)
    assert len(os.listdir(packs.directory)) == 16


def test_a_pack_is_added_to_until_it_is_large(packs: Packs) -> None:
    (first,) = write(packs, b"a" * BLOCK)
    (second,) = write(packs, b"b" * BLOCK)
    assert first.pack == second.pack
    assert (read(packs, first), read(packs, second)) == (b"a" * BLOCK, b"b" * BLOCK)


def test_what_no_content_is_in_is_given_back(packs: Packs) -> None:
    dead, live = write(packs, b"a" * 4 * BLOCK, b"b" * BLOCK)
    path = packs.directory / live.pack
    before = path.stat().st_blocks
    packs.reclaim(idle := packs.take_idle(), [live])
    packs.give(*idle)
    assert read(packs, live) == b"b" * BLOCK
    # Not every file system can free blocks within a file.
    assert path.stat().st_blocks < before or read(packs, dead) == b"a" * 4 * BLOCK

    packs.reclaim(packs.take_idle(), [])
    assert os.listdir(packs.directory) == []


def test_what_is_written_while_others_are_removed_stays(packs: Packs) -> None:
    """The rows of what comes in now are not among those that were looked up before."""
    write(packs, b"a" * BLOCK)
    writing = packs.take()
    idle = packs.take_idle()
    (meanwhile,) = write(packs, b"c" * BLOCK)
    writing.write(b"b" * BLOCK)
    name = writing.name
    give(packs, writing)
    packs.reclaim(idle, [])
    packs.give(*idle)
    assert read(packs, meanwhile) == b"c" * BLOCK
    assert read(packs, Content("b", name, BLOCK, BLOCK)) == b"b" * BLOCK
