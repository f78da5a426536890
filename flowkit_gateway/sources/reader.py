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
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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


def main() -> NoReturn:
    """Answer what is asked on stdin, and end."""
    guard = Guard()
    guard.turn_on()
    request = json.loads(sys.stdin.readline())
    url, env = SourceURL.parse(request["url"]), request["env"]
    try:
        filesystem = open_filesystem(url, env)
        if request["fetch"]:
            _serve_fetch(filesystem, url)
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


def _serve_fetch(filesystem: AbstractFileSystem, url: SourceURL) -> None:
    found = listing.listed(filesystem, url.text)
    # What cannot be known again by its version is nobody else's.
    key = found.fingerprint if found.is_known else secrets.token_hex(16)
    _say({"key": key, "size": found.size, "is_file": found.is_file})
    line = sys.stdin.readline()
    if not line:
        return
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    into = Path(json.loads(line)["into"])
    _fetch(filesystem, found, into)
    if found.is_known and listing.listed(filesystem, url.text) != found:
        raise SourceError("it was changed while it was fetched")
    _make_read_only(into)
    _say({})


def _end_with_stdin() -> None:
    """End with the gateway that asks, also in the middle of a file."""
    sys.stdin.read()
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
    if isinstance(error, FileNotFoundError):
        return "there is nothing at this address"
    if isinstance(error, PermissionError) or getattr(error, "status", None) in (401, 403):
        who = "with these credentials" if env else "without credentials"
        return f"it may not be read {who}"
    text = f"{type(error).__name__}: {error}".splitlines()[0][:_LONGEST_REASON]
    return _without(env.values(), text)


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
