"""Names that lead elsewhere, or nowhere: every operation refuses them and touches nothing."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.campaigns.form import sized
from tests.gateway.files.file_space import FileSpace
from tests.gateway.gateway_process import GatewayProcess

log = logging.getLogger(__name__)

BAD_NAMES = {
    "parent": "..",
    "parent first": "../outside",
    "parent inside": "a/../../outside",
    "parent last": "a/..",
    "own": ".",
    "own inside": "a/./b",
    "absolute": "/etc/passwd",
    "twice absolute": "//etc/passwd",
    "slash at the end": "a/",
    "two slashes": "a//b",
    "line end": "a\nb",
    "carriage return": "a\rb",
    "NUL": "a\0b",
    "tab": "a\tb",
    "escape": "a\x1b[31mb",
    "delete": "a\x7fb",
    "C1": "a\x9bb",
    "300 characters": "n" * 300,
    "256 bytes": "ü" * 128,
    "long path": "/".join(["n" * 250] * 17),
}
Operation = Callable[[FileSpace, str], httpx.Response]
OPERATIONS: dict[str, Operation] = {
    "list": lambda space, path: space.page(path),
    "stat": lambda space, path: space.stat(path),
    "checksum": lambda space, path: space.stat(path, checksum="true"),
    "read": lambda space, path: space.read(path),
    "write": lambda space, path: space.write(path, b"overwritten"),
    "make_directory": lambda space, path: space.make_directory(path),
    "move from": lambda space, path: space.move(path, "taken"),
    "move to": lambda space, path: space.move("file", path, overwrite=True),
    "delete": lambda space, path: space.delete(path),
    "delete recursively": lambda space, path: space.delete(path, recursive="true"),
    "upload": lambda space, path: space.begin(path, 1),
}
READING = ("list", "stat", "checksum", "read")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_bad_names(volume: FileSpace, operation: str) -> None:
    volume.write("file", b"content")
    volume.make_directory("a/b")
    before = sorted(volume.root.rglob("*"))
    for what, name in BAD_NAMES.items():
        response = OPERATIONS[operation](volume, name)
        problem = response.json()
        assert response.status_code == 422, (what, problem)
        assert problem["code"] in ("invalid_path", "invalid_request"), (what, problem)
        assert "\n" not in problem["detail"]
        assert len(problem["detail"]) < 1000
    assert sorted(volume.root.rglob("*")) == before


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("target", ["..", "../outside", "/", "{outside}", "../../../.."])
def test_links_out_of_the_volume(volume: FileSpace, operation: str, target: str) -> None:
    outside = volume.root.parent / "outside"
    shutil.rmtree(outside, ignore_errors=True)
    (outside / "below").mkdir(parents=True)
    (outside / "file").write_text("outside")
    volume.write("file", b"content")
    (volume.root / "link").symlink_to(target.format(outside=outside))

    for path in ("link/file", "link/outside/file", "link/new", "link/below"):
        response = OPERATIONS[operation](volume, path)
        assert response.json()["code"] == "invalid_path", response.text

    assert sorted(path.name for path in outside.rglob("*")) == ["below", "file"]
    assert (outside / "file").read_text() == "outside"


@contextmanager
def swapping(root: Path, outside: Path) -> Iterator[list[str]]:
    """Turn the directory `door` into a link out of the tree and back, again and again.

    Yields:
        What went wrong with that: the gateway moves and deletes the same things meanwhile.
    """
    stop = threading.Event()
    disturbed: list[str] = []
    door, aside, link = root / "door", root / "aside", root / "link"

    def swap() -> None:
        for path in (door, aside, link):
            if path.is_symlink():
                path.unlink()
        shutil.rmtree(aside, ignore_errors=True)
        (door / "below").mkdir(parents=True, exist_ok=True)
        os.symlink(outside, link)
        for _ in range(20):
            os.rename(door, aside)
            os.rename(link, door)
            os.rename(door, link)
            os.rename(aside, door)

    def swap_on() -> None:
        while not stop.is_set():
            try:
                swap()
            except OSError as error:
                disturbed.append(str(error))

    thread = threading.Thread(target=swap_on)
    thread.start()
    try:
        yield disturbed
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_directory_that_becomes_a_link_while_it_is_used(
    volume: FileSpace, gateway: GatewayProcess, tmp_path: Path, operation: str
) -> None:
    """The outside has the names that the operations ask for: what leaves the tree would hit."""
    outside = tmp_path / "outside"
    (outside / "below").mkdir(parents=True)
    (outside / "file").write_text("secret")
    (outside / "below" / "file").write_text("secret")
    answers = set()
    (volume.root / "door").mkdir()
    with swapping(volume.root, outside) as disturbed:
        for number in range(sized(short=60, full=3000)):
            path = ("door/file", "door/below/file", "door", "door/below")[number % 4]
            if operation == "move to":
                (volume.root / "file").write_text("inside")
            response = OPERATIONS[operation](volume, path)
            assert b"secret" not in response.content
            assert response.status_code < 500, response.text
            answers.add(response.status_code)

    log.info("%s: answers %s, %d times in the swapper's way", operation, answers, len(disturbed))
    assert sorted(str(path.relative_to(outside)) for path in outside.rglob("*")) == [
        "below",
        "below/file",
        "file",
    ]
    assert (outside / "file").read_text() == "secret"
    assert (outside / "below" / "file").read_text() == "secret"
    assert "Traceback" not in gateway.log
