"""The process that reads one source: `python -I -m flowkit_gateway.sources.reader`.

The libraries that do it are large, would use what credentials the gateway has, and cannot be
stopped in the middle; a process of its own costs none of that and can be killed.

It is asked and answers on stdin and stdout, a JSON document a line:

    {"url", "env", "fetch": bool}         who asks, and for what
    {"key", "size", "is_file"}            what there is, or {} when that is all to know
    {"into"}                              where to put it
    {}                                    it is there

In place of any answer there may be {"error", "hint"}. It ends when stdin does.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, NoReturn

from flowkit_gateway.sources import listing
from flowkit_gateway.sources.drivers import SourceError, open_filesystem
from flowkit_gateway.sources.listing import Listing, Object
from flowkit_gateway.sources.network import Guard
from flowkit_gateway.sources.source_url import SourceURL

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_AT_ONCE = 8
_LONGEST_REASON = 300
_UNREACHABLE = frozenset(
    {
        "ClientConnectorDNSError",
        "ClientConnectorError",
        "ConnectTimeoutError",
        "ConnectionTimeoutError",
        "EndpointConnectionError",
    }
)
"""Exceptions of aiohttp and botocore, by name, as neither need be installed."""


def main() -> NoReturn:
    """Answer what is asked on stdin, and end."""
    guard = Guard()
    guard.turn_on()
    requests: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    request = json.loads(requests.get())
    url, env = SourceURL.parse(request["url"]), request["env"]
    try:
        filesystem = open_filesystem(url, env)
        if request["fetch"]:
            _serve_fetch(filesystem, url, requests)
        else:
            listing.look(filesystem, url.text)
            _say({})
    except SourceError as error:
        _say({"error": f"cannot mount {url.shown}: {error}", "hint": error.hint})
    except Exception as error:  # noqa: BLE001  # of libraries that say little of what they raise
        reason = _reason(error, guard, env)
        _say({"error": f"cannot mount {url.shown}: {reason}", "hint": None})
    # The libraries' threads may wait for a server that does not answer.
    os._exit(0)


def _serve_fetch(
    filesystem: AbstractFileSystem, url: SourceURL, requests: SimpleQueue[str]
) -> None:
    found = listing.listed(filesystem, url.text)
    # What cannot be known again by its version is nobody else's.
    key = found.fingerprint if found.is_known else secrets.token_hex(16)
    _say({"key": key, "size": found.size, "is_file": found.is_file})
    into = Path(json.loads(requests.get())["into"])
    _fetch(filesystem, found, into)
    if found.is_known and listing.listed(filesystem, url.text) != found:
        raise SourceError("it was changed while it was fetched")
    _make_read_only(into)
    _say({})


def _receive(requests: SimpleQueue[str]) -> None:
    """Take what is asked, and end with who asks, also in the middle of a file."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(1)


def _fetch(filesystem: AbstractFileSystem, found: Listing, into: Path) -> None:
    for directory in {(into / each.path).parent for each in found.objects}:
        directory.mkdir(parents=True, exist_ok=True)

    def fetch(each: Object) -> None:
        place = into / each.path if each.path else into
        filesystem.get_file(each.remote, str(place))
        size = place.stat().st_size
        if each.size is not None and size != each.size:
            raise SourceError(f"{each.path or 'it'} ended after {size} of {each.size} bytes")
        place.chmod(0o444)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for _ in pool.map(fetch, found.objects):
                continue
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _make_read_only(into: Path) -> None:
    if into.is_dir():
        for directory, _, _ in os.walk(into, topdown=False):
            os.chmod(directory, 0o555)


def _reason(error: BaseException, guard: Guard, env: Mapping[str, str]) -> str:
    """Say in words what a library said in an exception, without any secret."""
    if guard.refused:
        return f"a gateway does not connect to {guard.refused}"
    causes = list(_causes(error))
    if any(isinstance(each, PermissionError) or _status(each) in (401, 403) for each in causes):
        who = "with these credentials" if env else "without credentials"
        return f"it may not be read {who}"
    # Libraries take a server that does not answer for a file that is not there.
    if any(type(each).__name__ in _UNREACHABLE for each in causes):
        return "its server cannot be reached"
    if isinstance(error, FileNotFoundError):
        return "there is nothing at this address"
    text = f"{type(error).__name__}: {error}".splitlines()[0][:_LONGEST_REASON]
    return _without(env.values(), text)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> object:
    return getattr(error, "status", None)


def _without(secret_values: Iterable[str], text: str) -> str:
    for value in secret_values:
        if value:
            text = text.replace(value, "***")
    return text


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
