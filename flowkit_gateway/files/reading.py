"""What is read of files: whole, in ranges, and for their checksums."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
from collections.abc import AsyncGenerator, Generator
from typing import NamedTuple

from flowkit_gateway.call import ContentGone
from flowkit_gateway.contract import invalid
from flowkit_gateway.files.entries import Entry, etag
from flowkit_gateway.files.paths import Names, shown, text_of
from flowkit_gateway.files.threads import in_thread
from flowkit_gateway.files.tree import Tree
from flowkit_gateway.problems import Detail, FileChanged, InvalidPath, RangeNotSatisfiable

PART_BYTES = 1024 * 1024
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
logger = logging.getLogger("flowkit_gateway")


class OpenFile(NamedTuple):
    """A file that is open for reading; whoever gets it closes it."""

    descriptor: int
    entry: Entry


class Span(NamedTuple):
    """Bytes of a file."""

    first: int
    size: int


def open_file(tree: Tree, names: Names) -> OpenFile:
    """Open a file for reading; links within the tree are followed.

    Raises:
        InvalidPath: it is no regular file; to open a FIFO may take for ever, a device may act.
        FileNotFound: there is none.
    """
    with tree.place(names, follow=True) as place:
        _demand_file(place.stat(), names)
        # It may have become a FIFO since then.
        descriptor = place.open(os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            status = os.fstat(descriptor)
            _demand_file(status, names)
        except BaseException:
            os.close(descriptor)
            raise
    return OpenFile(descriptor, Entry(names, status))


def span_of(header: str | None, size: int) -> Span | None:
    """Return the bytes that a `Range` header means (RFC 9110, 14.1.2); None for the whole file.

    Args:
        header: the value of the header, if there is one.
        size: bytes of the file.

    Raises:
        InvalidRequest: it is no range.
        RangeNotSatisfiable: no byte of the file is in it.

    Example:
        >>> span_of("bytes=-10", 100)
        Span(first=90, size=10)
    """
    if header is None:
        return None
    match = _RANGE.fullmatch(header)
    first, last = match.groups() if match else ("", "")
    if not (first or last) or (first and last and int(last) < int(first)):
        hint = "Write `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-COUNT`."
        raise invalid([Detail("/header/Range", "is not one range of bytes", hint)])
    if first:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
    else:
        start = max(size - int(last), 0)
        end = size
    if start >= end:
        raise RangeNotSatisfiable(
            f"the file has {size} bytes, none of which is in {header}",
            size=size,
            hint="Ask for bytes that it has.",
        )
    return Span(start, end - start)


def demand_unchanged(wanted: str | None, entry: Entry) -> None:
    """Refuse unless an `If-Match` header names the file as it is (RFC 9110, 13.1.1).

    Raises:
        FileChanged: it names another state.
    """
    if wanted is None or wanted.strip() == "*":
        return
    if etag(entry.status) not in (tag.strip() for tag in wanted.split(",")):
        raise FileChanged(
            f"{shown(text_of(entry.names))} is not what it was any more",
            hint="Download it from its start.",
        )


async def parts_of(file: OpenFile, span: Span) -> AsyncGenerator[bytes, None]:
    """Yield bytes of a file, and close it at the end.

    The first part is empty: who has taken that has an open generator, which closes the file even
    when nothing more is taken of it.

    Raises:
        ContentGone: the file has become shorter.
    """
    try:
        yield b""
        at, end = span.first, span.first + span.size
        while at < end:
            part = await in_thread(os.pread, file.descriptor, min(PART_BYTES, end - at), at)
            if not part:
                name = shown(text_of(file.entry.names))
                logger.warning("%s became shorter while it was downloaded", name)
                raise ContentGone
            at += len(part)
            yield part
    finally:
        os.close(file.descriptor)


def sha256_of(descriptor: int) -> Generator[None, None, str]:
    """Compute the checksum of an open file from its start, in steps."""
    digest = hashlib.sha256()
    at = 0
    while part := os.pread(descriptor, PART_BYTES, at):
        digest.update(part)
        at += len(part)
        yield
    return digest.hexdigest()


def _demand_file(status: os.stat_result, names: Names) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no file")
        raise InvalidPath(
            f"{shown(text_of(names)) if names else 'the root'} is {kind}",
            hint="Only files have content.",
        )
