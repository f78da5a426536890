"""Uploads and downloads that are cut anywhere, and two that are about one path."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
from urllib.parse import urlsplit

import httpx
import pytest

from tests.campaigns.form import seed, sized
from tests.conditions import eventually
from tests.gateway.files.file_space import FileSpace
from tests.gateway.gateway_process import GatewayProcess

SIZE = 2_500_000
CONTENT = random.Random(seed()).randbytes(SIZE)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
EDGES = (1, 65_535, 65_536, 65_537, 1_048_575, 1_048_576, 1_048_577, SIZE - 1)
"""Where buffers and batches end."""


def cuts() -> list[int]:
    """Return where to cut: at the edges and at random."""
    chosen = random.Random(seed())
    return [*EDGES, *(chosen.randrange(1, SIZE) for _ in range(sized(short=8, full=400)))]


def send_and_cut(gateway: GatewayProcess, path: str, headers: str, content: bytes) -> None:
    """Announce the whole content, send a part of it, and break the connection."""
    address = urlsplit(gateway.url)
    assert address.hostname
    with socket.create_connection((address.hostname, address.port or 0)) as line:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {gateway.token}\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {SIZE}\r\n{headers}\r\n"
        )
        line.sendall(head.encode() + content)


def test_an_upload_that_is_cut_at_any_byte_goes_on(
    volume: FileSpace, gateway: GatewayProcess
) -> None:
    for cut in cuts():
        upload = volume.begun("file", SIZE)
        path = f"/v1/uploads/{upload}:append"
        send_and_cut(gateway, path, "Upload-Offset: 0\r\n", CONTENT[:cut])
        # All that the gateway had read of the connection is kept.
        offset = volume.offset(upload)
        while (answer := volume.append(upload, offset, CONTENT[offset:])).status_code != 200:
            assert answer.json()["code"] == "offset_conflict"
            offset = volume.offset(upload)
            assert 0 <= offset <= cut
        completed = volume.complete(upload, SHA256)
        assert completed.status_code == 200, (cut, completed.text)
    assert volume.read("file").content == CONTENT
    assert volume.listed() == ["file"]


def test_a_file_whose_writing_is_cut_at_any_byte_stays_what_it_was(
    volume: FileSpace, gateway: GatewayProcess
) -> None:
    volume.write("file", b"before")
    for cut in cuts():
        path = f"/v1/files:write?space={volume.id}&path=file"
        send_and_cut(gateway, path, "", CONTENT[:cut])
    uploads = gateway.data_dir / "uploads"
    eventually(lambda: not list(uploads.iterdir()))
    assert volume.read("file").content == b"before"
    assert volume.listed() == ["file"]


def test_a_download_that_is_cut_at_any_byte_goes_on(volume: FileSpace) -> None:
    volume.write("file", CONTENT)
    query = {"space": volume.id, "path": "file"}
    for cut in cuts():
        received = b""
        with volume.client.stream("GET", "/v1/files:read", params=query) as response:
            etag = response.headers["etag"]
            for part in response.iter_raw(10_000):
                received += part
                if len(received) >= cut:
                    break
        received = received[:cut]
        rest = volume.read("file", range=f"bytes={cut}-", if_match=etag)
        assert rest.status_code == 206
        assert received + rest.content == CONTENT


@pytest.mark.parametrize("overwrite", [True, False])
def test_uploads_of_one_path_at_once(
    gateway: GatewayProcess, volume: FileSpace, overwrite: bool
) -> None:
    contents = [bytes([number]) * 300_000 for number in range(6)]
    for turn in range(sized(short=3, full=100)):
        codes: list[int] = []

        def send(content: bytes, path: str, codes: list[int] = codes) -> None:
            with gateway.client() as client:
                space = FileSpace(client, volume.id, volume.root)
                upload = space.begin(path, len(content), overwrite=overwrite)
                if upload.status_code != 201:
                    # Another one was complete already.
                    codes.append(upload.status_code)
                    return
                upload_id = upload.json()["id"]
                assert space.append(upload_id, 0, content).status_code == 200
                codes.append(space.complete(upload_id).status_code)

        path = f"file-{turn}"
        threads = [threading.Thread(target=send, args=(content, path)) for content in contents]
        for thread in threads:
            thread.start()
        seen = set()
        while any(thread.is_alive() for thread in threads):
            answer = volume.read(path)
            if answer.status_code == 200:
                seen.add(answer.content)
        for thread in threads:
            thread.join()

        assert volume.read(path).content in contents
        assert seen <= set(contents)
        wanted = [200] * 6 if overwrite else [200] + [409] * 5
        assert sorted(codes) == wanted


def test_two_calls_that_append_at_once_never_mix(
    gateway: GatewayProcess, volume: FileSpace
) -> None:
    for turn in range(sized(short=5, full=200)):
        upload = volume.begun(f"file-{turn}", SIZE)
        answers: list[httpx.Response] = []

        def send(upload: str = upload, answers: list[httpx.Response] = answers) -> None:
            with gateway.client() as client:
                answers.append(FileSpace(client, volume.id, volume.root).append(upload, 0, CONTENT))

        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200, 409, 409]
        assert volume.complete(upload, SHA256).status_code == 200
