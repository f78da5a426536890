"""What someone may have meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint with the closest known name, or None when none is close.

    Example:
        >>> did_you_mean("comand", ["command", "name"])
        'did you mean command?'
        >>> did_you_mean("xyz", ["command", "name"]) is None
        True
    """
    close = closest(name, known)
    return None if close is None else f"did you mean {close}?"


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is closest to a name, or None when none is close.

    Example:
        >>> closest("pss", ["ps", "logs"])
        'ps'
    """
    import difflib

    close = difflib.get_close_matches(name[:60], list(known), n=1)
    return close[0] if close else None
