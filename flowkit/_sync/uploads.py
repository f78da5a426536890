# Written by `make regen` from flowkit/_async/uploads.py: edit that file.
"""Sending one file: whole when it is small, else in parts that outlive a cut."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowkit_api.api.files import write_file
from flowkit_api.api.uploads import (
    append_upload,
    complete_upload,
    create_upload,
    delete_upload,
    get_upload,
)
from flowkit_api.models import Upload, UploadCompletion, UploadCreate

from flowkit.errors import APIConnectionError, FlowError, OffsetConflict, RateLimited, Unavailable
from flowkit.local_files import SourceFile
from flowkit.transfers import CHUNK, LARGEST_WHOLE, PART, Track

if TYPE_CHECKING:
    from flowkit.transport._sync.transport import Transport

_CUTS = (APIConnectionError, OffsetConflict, RateLimited, Unavailable)
"""What leaves an upload where it is, to be taken up again."""


def upload_file(
    api: Transport, local_path: str, space: str, path: str, *, overwrite: bool, track: Track
) -> None:
    """Send a file; it appears when it is whole.

    Args:
        api: What to send with.
        local_path: The file.
        space: Id of the volume or task.
        path: Where it is to be.
        overwrite: Replace a file that is there.
        track: Counts its bytes.

    Raises:
        AlreadyExists: there is a file that is not to be replaced, or a directory.
        FileChanged: the file was written to meanwhile.
        QuotaExceeded: the volume has no room for it.
        FlowError: it cannot be read or sent.
    """
    source = SourceFile(local_path)
    try:
        # A call that is made again cannot tell the file that it wrote from another's.
        if source.size <= LARGEST_WHOLE and overwrite:
            _send_whole(api, source, space, path)
            track.at(source.size)
        else:
            _send_parts(api, source, space, path, overwrite, track)
    finally:
        source.close()
    track.done()


def _send_whole(api: Transport, source: SourceFile, space: str, path: str) -> None:
    content = source.whole()
    request = write_file.request(
        space=space,
        path=path,
        mode=source.mode,
        modified_at=source.modified_at,
        sha256=source.sha256(),
        body=content,
    )
    api.call(request, write_file.parse)


def _send_parts(
    api: Transport, source: SourceFile, space: str, path: str, overwrite: bool, track: Track
) -> None:
    body = UploadCreate(
        space=space,
        path=path,
        size_bytes=source.size,
        mode=source.mode,
        modified_at=source.modified_at,
        overwrite=None if overwrite else False,
    )
    upload = api.call(create_upload.request(body=body), create_upload.parse)
    try:
        while upload.offset < source.size:
            upload = _appended(api, source, upload, track)
            track.at(upload.offset)
        source.demand_unchanged()
        done = complete_upload.request(
            upload_id=upload.id, body=UploadCompletion(sha256=source.sha256())
        )
        api.call(done, complete_upload.parse, is_under_way=True)
    except BaseException:
        # Also on Ctrl-C: what has arrived would take room in the volume for a day.
        _give_up(api, upload)
        raise


def _appended(api: Transport, source: SourceFile, upload: Upload, track: Track) -> Upload:
    """Send the next part, through every cut that another try can mend."""
    began_at, failures, alive_at = upload.offset, 0, time.monotonic()
    while True:
        end = min(upload.offset + PART, source.size)
        request = append_upload.request(
            upload_id=upload.id,
            upload_offset=upload.offset,
            body=_chunks(source, upload.offset, end, track),
        )
        length = {"Content-Length": str(end - upload.offset)}
        try:
            return api.call(request._replace(headers=request.headers | length), append_upload.parse)
        except _CUTS as error:
            cut = error
        seen = get_upload.request(upload_id=upload.id)
        upload = api.call(seen, get_upload.parse, is_under_way=True)
        if upload.offset > began_at:
            return upload
        delay = api.policy.delay(failures, cut.retry_after, outage=time.monotonic() - alive_at)
        if delay is None:
            raise cut
        failures += 1
        time.sleep(delay)


def _chunks(source: SourceFile, offset: int, end: int, track: Track) -> Iterator[bytes]:
    while offset < end:
        chunk = source.chunk(offset, min(CHUNK, end - offset))
        offset += len(chunk)
        yield chunk
        track.at(offset)


def _give_up(api: Transport, upload: Upload) -> None:
    try:
        api.send(delete_upload.request(upload_id=upload.id))
    except FlowError:
        # What the caller is to know is why it failed. The gateway removes uploads that rest.
        return
