"""Messages without the secrets that they would show."""

from __future__ import annotations

import re
from collections.abc import Iterable

REDACTED = "***"
_SHORTEST = 4
"""Characters of the shortest value that is looked for. Shorter ones occur in any text by chance,
and a text with every `1` starred out tells what the secret is."""

_CUT = "…"
"""What a message ends with that was shortened."""


def redact(text: str, secrets: Iterable[str]) -> str:
    r"""Return a text with `***` in place of every secret in it.

    A value of several lines is looked for as a whole and line by line, as messages quote lines;
    each also in the form in which `repr` and JSON show it.

    Args:
        text: what is about to be stored, answered or logged.
        secrets: values that it must not show.

    Example:
        >>> redact("cannot run 'tok-12345': tok-123 is unknown", ["tok-123", "tok-12345"])
        "cannot run '***': *** is unknown"
    """
    shown = {form for secret in secrets for form in _forms(secret)}
    if not shown:
        return text
    # The longest goes first: else one that another begins with would leave the other's rest.
    longest_first = sorted(shown, key=lambda form: (-len(form), form))
    text = re.sub("|".join(map(re.escape, longest_first)), REDACTED, text)
    return _without_cut_secret(text, longest_first) if text.endswith(_CUT) else text


def _without_cut_secret(text: str, forms: Iterable[str]) -> str:
    """Return a shortened text without the beginning of a secret at its end."""
    whole = text.removesuffix(_CUT)
    for form in forms:
        for length in range(min(len(form), len(whole)), _SHORTEST - 1, -1):
            if whole.endswith(form[:length]):
                return whole[:-length] + REDACTED + _CUT
    return text


def _forms(secret: str) -> Iterable[str]:
    for part in (secret, *secret.splitlines()):
        plain = part.strip()
        if len(plain) >= _SHORTEST:
            yield from (plain, repr(plain)[1:-1])
