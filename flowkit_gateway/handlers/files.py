"""Files of volumes, of tasks' workspaces and of tasks' outputs."""

from __future__ import annotations

import os
from typing import cast
from urllib.parse import quote, unquote_to_bytes

from flowkit_gateway.call import Answer, Call, Download
from flowkit_gateway.files.entries import Entry, etag
from flowkit_gateway.files.paths import Names, parse
from flowkit_gateway.files.placing import DEFAULT_MODE, Attributes, modified_ns
from flowkit_gateway.files.reading import Span, demand_unchanged, parts_of, span_of
from flowkit_gateway.files.spaces import Space
from flowkit_gateway.pages import QUOTED_PATH, last_seen, page_document, page_size


async def list_files(call: Call) -> Answer:
    """Answer a page of what is in a directory."""
    top = parse(call.text("path") or "", root=True)
    size = page_size(call)
    entries = await call.gateway.files.list(
        _space(call),
        top,
        recursive=call.flag("recursive"),
        after=_after(call),
        limit=size + 1,
    )
    return Answer(200, page_document(entries, size, Entry.document, _token))


async def stat_file(call: Call) -> Answer:
    """Answer what is known of a file or a directory."""
    names = parse(call.text("path") or "", root=True)
    if call.flag("checksum"):
        entry, sha256 = await call.gateway.files.sha256(_space(call), names)
        return Answer(200, entry.document(sha256))
    entry = await call.gateway.files.stat(_space(call), names)
    return Answer(200, entry.document())


async def read_file(call: Call) -> Download:
    """Send a file, or a range of it."""
    file = await call.gateway.files.open_file(_space(call), _path(call))
    size = file.entry.status.st_size
    try:
        demand_unchanged(call.header("If-Match"), file.entry)
        span = span_of(call.header("Range"), size)
    except BaseException:
        os.close(file.descriptor)
        raise
    tag = etag(file.entry.status).encode()
    headers = [(b"etag", tag), (b"accept-ranges", b"bytes")]
    if span is not None:
        last = span.first + span.size - 1
        headers.append((b"content-range", b"bytes %d-%d/%d" % (span.first, last, size)))
    parts = parts_of(file, span or Span(0, size))
    await anext(parts)
    wanted = size if span is None else span.size
    return Download(200 if span is None else 206, parts, wanted, tuple(headers))


async def write_file(call: Call) -> Answer:
    """Receive a file."""
    mode = call.integer("mode")
    entry, sha256 = await call.gateway.files.write(
        _space(call),
        _path(call),
        call.parts(),
        Attributes(
            DEFAULT_MODE if mode is None else mode,
            modified_ns(call.text("modified_at"), "/query/modified_at"),
        ),
        overwrite=call.query.get("overwrite") is not False,
        sha256=call.text("sha256"),
    )
    return Answer(200, entry.document(sha256))


async def make_directory(call: Call) -> Answer:
    """Make a directory."""
    space = call.gateway.files.space(call.principal, call.body["space"])
    entry = await call.gateway.files.make_directory(space, parse(call.body["path"]))
    return Answer(200, entry.document())


async def move_file(call: Call) -> Answer:
    """Move a file or a directory."""
    body = call.body
    entry = await call.gateway.files.move(
        call.gateway.files.space(call.principal, body["space"]),
        parse(body["source"]),
        parse(body["target"]),
        overwrite=body.get("overwrite", False),
    )
    return Answer(200, entry.document())


async def delete_file(call: Call) -> Answer:
    """Delete a file or a directory."""
    await call.gateway.files.delete(_space(call), _path(call), recursive=call.flag("recursive"))
    return Answer(204)


def _space(call: Call) -> Space:
    space_id = cast("str", call.text("space"))
    return call.gateway.files.space(call.principal, space_id, call.text("area"))


def _path(call: Call) -> Names:
    return parse(cast("str", call.text("path")))


def _after(call: Call) -> Names:
    token = last_seen(call, QUOTED_PATH)
    return tuple(os.fsdecode(unquote_to_bytes(token)).split("/")) if token else ()


def _token(entry: Entry) -> str:
    # Names that tasks chose need not be UTF-8.
    return quote(os.fsencode("/".join(entry.names)))
