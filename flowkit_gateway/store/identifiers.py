"""Ids that sort by time and cannot be guessed."""

from __future__ import annotations

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80


class IdentifierSource:
    """Makes ids of 26 characters that grow, even when the clock steps back; any thread may ask.

    The layout is that of ULID (https://github.com/ulid/spec): 48 bits of milliseconds, then 80
    random bits. Within one millisecond the random part grows by a random step of up to 64 bits,
    so that order is kept and the next id stays out of reach of guessing.

    Args:
        after: an id that all new ones are to follow, such as the newest of the store.

    Example:
        >>> source = IdentifierSource()
        >>> first, second = source.new(), source.new()
        >>> len(first), first < second
        (26, True)
    """

    def __init__(self, after: str | None = None) -> None:
        self._last = _decode(after) if after else 0
        self._lock = threading.Lock()

    def new(self) -> str:
        """Return the next id."""
        now = time.time_ns() // 1_000_000 << _RANDOM_BITS
        with self._lock:
            if now > self._last:
                self._last = now | secrets.randbits(_RANDOM_BITS)
            else:
                self._last += 1 + secrets.randbits(64)
            return _encode(self._last)


def _encode(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def _decode(text: str) -> int:
    number = 0
    for character in text:
        number = number << 5 | _ALPHABET.index(character)
    return number
