"""A warm process that forks supervisors: 1 ms a task, where a fresh Python takes 10.

Run as `python -I -S spawner.py FD` with one end of a socket pair. A request is the JSON of a
`command.Job` with an `id`, an answer is `{"id", "pid", "start_time"}` or `{"id", "error"}`. To a
request that is an `id` alone the answer is `{"id", "may_mount"}`: whether tasks can have mounts.
Each is preceded by its length, four bytes, little-endian. It ends when the other end is closed.
Standard library only.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import struct
import sys

if "flowkit_gateway" not in sys.modules:
    # Without site-packages, and without running any package's code, which costs time and memory
    # that each fork would pay again.
    _directory = os.path.dirname(os.path.abspath(__file__))
    for _name in ("flowkit_gateway.engines.local", "flowkit_gateway.engines", "flowkit_gateway"):
        sys.modules[_name] = _package = type(sys)(_name)
        _package.__path__ = [_directory]
        _directory = os.path.dirname(_directory)

from flowkit_gateway.engines.local import forked_nodes, mount_namespace, procfs, supervisor

_LENGTH = struct.Struct("<I")
_PROBE_TIMEOUT = 2.0


def serve(connection: socket.socket) -> None:
    """Fork a supervisor for each request until the gateway is gone."""
    boot_id = procfs.boot_id()
    received = bytearray()
    while data := connection.recv(1 << 18):
        received += data
        while (request := _take_request(received)) is not None:
            connection.sendall(_answer(request, connection, boot_id))


def _take_request(received: bytearray) -> bytes | None:
    if len(received) < _LENGTH.size:
        return None
    end = _LENGTH.size + _LENGTH.unpack_from(received)[0]
    if len(received) < end:
        return None
    request = bytes(received[_LENGTH.size : end])
    del received[:end]
    return request


def _answer(request: bytes, connection: socket.socket, boot_id: str) -> bytes:
    job = json.loads(request)
    if job.keys() == {"id"}:
        return _framed({"id": job["id"], "may_mount": _may_mount()})
    try:
        pid = os.fork()
    except OSError as error:
        return _framed({"id": job["id"], "error": f"cannot fork: {error.strerror}"})
    if pid == 0:
        try:
            connection.close()
            if job["num_instances"] > 1:
                forked_nodes.lead(job, boot_id)
            else:
                supervisor.supervise(job, boot_id)
        finally:
            os._exit(0)
    process = procfs.process(pid)
    # A supervisor that has ended already is known by what it left in its directory.
    start_time = None if process is None else process.start_time
    return _framed({"id": job["id"], "pid": pid, "start_time": start_time})


def _may_mount() -> bool:
    """Try what a task with mounts needs, in a process that ends right after."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        pid = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        return False
    if pid == 0:
        try:
            os.write(writer, b"y" if mount_namespace.is_allowed() else b"n")
        finally:
            os._exit(0)
    os.close(writer)
    # A file system that does not answer must not keep others' tasks from being started.
    is_answered = select.select([reader], [], [], _PROBE_TIMEOUT)[0]
    answer = os.read(reader, 1) if is_answered else b""
    os.close(reader)
    if not answer:
        os.kill(pid, signal.SIGKILL)
    return answer == b"y"


def _framed(answer: dict[str, str | int | None]) -> bytes:
    body = json.dumps(answer).encode()
    return _LENGTH.pack(len(body)) + body


def main() -> None:
    """Serve on the descriptor that the command line names."""
    # Ended supervisors are nobody's business here: the kernel takes them away.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # A supervisor opens itself to these once it can handle them.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGUSR1))
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    # What is alive now is shared by all forks; a collection would copy it into each.
    gc.disable()
    gc.freeze()
    serve(connection)


if __name__ == "__main__":
    main()
