"""What is left over in a connection is nobody's answer."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from flowkit_api.api.tasks import get_task

from flowkit.transport.endpoint import Endpoint, FixedGateway
from tests.unit.twins import Twin, task_document

FIRST = "task_01m7xxaadq1jm0y5eh30dz59y3"
SECOND = "task_01m7xxaadq1jm0y5eh30dz59y4"


@contextmanager
def serving(answer: Callable[[str, str], bytes]) -> Iterator[str]:
    """Serve what `answer` makes of a task's id and a correlation id; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=_accept, args=(listener, answer))
        accepting.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()


def _accept(listener: socket.socket, answer: Callable[[str, str], bytes]) -> None:
    while True:
        try:
            connection = listener.accept()[0]
        except OSError:
            return
        # A client that has no use for the rest resets its connection.
        with connection, suppress(ConnectionError), connection.makefile("rb") as lines:
            while line := lines.readline():
                fields = iter(lines.readline, b"\r\n")
                headers = dict(field.lower().split(b": ", 1) for field in fields)
                task_id = line.split()[1].decode().rpartition("/")[2]
                named = headers[b"flowkit-correlation-id"].decode().strip()
                connection.sendall(answer(task_id, named))


def document(task_id: str, correlation_id: str) -> bytes:
    body = json.dumps(task_document(id=task_id)).encode()
    head = f"HTTP/1.1 200 OK\r\nflowkit-correlation-id: {correlation_id}\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def test_an_answer_that_comes_twice_is_not_the_next_calls(twin: Twin) -> None:
    with serving(lambda task_id, named: 2 * document(task_id, named)) as url:
        transport = twin.transport(None, gateway=FixedGateway(Endpoint(url, "key")))
        for task_id in (FIRST, SECOND, FIRST):
            assert transport.call(get_task.request(task_id=task_id), get_task.parse).id == task_id
        transport.close()


@pytest.mark.parametrize("named", ["recorded-elsewhere", "", "0" * 20])
def test_an_answer_that_names_no_call_of_this_process_is_taken(twin: Twin, named: str) -> None:
    with serving(lambda task_id, _: document(task_id, named)) as url:
        transport = twin.transport(None, gateway=FixedGateway(Endpoint(url, "key")))
        for task_id in (FIRST, SECOND):
            assert transport.call(get_task.request(task_id=task_id), get_task.parse).id == task_id
        transport.close()
