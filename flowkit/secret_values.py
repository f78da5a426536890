"""What people write of a secret: its name and its value."""

from __future__ import annotations

import re

from flowkit.errors import InvalidRequest

SECRET_NAME = "[A-Za-z_][A-Za-z0-9_.-]{0,127}"
_LONGEST_VALUE = 131_072


def read_secret_name(value: object) -> str:
    """Return a secret's name.

    Raises:
        InvalidRequest: it cannot be one; it is not shown, as it may be the secret itself.
    """
    if isinstance(value, str) and re.fullmatch(SECRET_NAME, value):
        return value
    raise InvalidRequest(
        "that is not a secret's name",
        hint="use letters, digits, . _ and -, and begin with a letter or _, as in HF_TOKEN",
    )


def read_secret_value(value: object) -> str:
    """Return a secret's value.

    Raises:
        InvalidRequest: it is not text, or too long; it is not shown.
    """
    if not isinstance(value, str):
        raise InvalidRequest(
            f"a secret's value is text, not {type(value).__name__}", hint="bytes.decode() makes it"
        )
    if "\0" in value:
        raise InvalidRequest("a secret's value holds a NUL character", hint="take it out")
    if len(value) > _LONGEST_VALUE:
        raise InvalidRequest(
            f"a secret's value is longer than {_LONGEST_VALUE} characters",
            hint="keep what is longer in a volume",
        )
    # Not by encoding it: the error of that would carry the value along.
    if re.search("[\ud800-\udfff]", value):
        raise InvalidRequest(
            "a secret's value holds half of a surrogate pair", hint="it must be UTF-8 text"
        )
    return value
