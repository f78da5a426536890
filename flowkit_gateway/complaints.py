"""What is wrong with a value, in words that never repeat the value."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flowkit_gateway.problems import Detail

if TYPE_CHECKING:
    import jsonschema_rs

MOST_DETAILS = 50
_LONGEST_NAME = 80

_TYPE_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_FORMAT_NAMES = {"date-time": "a time such as 2026-01-31T12:00:00Z"}
_PATTERN_NAMES = {
    "^[^\\u0000]*$": "must not contain a NUL character",
    "^/[^\\u0000]*$": "must be an absolute path",
    "^[0-9]{1,16}$": "must be digits",
    "^[!-~]{1,255}$": "must be 1 to 255 printable ASCII characters without a space",
}
# What a JSON schema keyword asks for, in words; `{}` is the keyword's value.
_KEYWORDS: dict[str, Callable[[Any], str]] = {
    "type": lambda types: "must be " + _either(_TYPE_NAMES.get(name, name) for name in types),
    "enum": lambda options: "must be " + _either(f"`{option}`" for option in options),
    "const": lambda value: f"must be `{value}`",
    "pattern": lambda pattern: _PATTERN_NAMES.get(pattern, f"must match the pattern {pattern}"),
    "format": lambda name: f"must be {_FORMAT_NAMES.get(name, name)}",
    "minimum": lambda limit: f"must be at least {limit}",
    "maximum": lambda limit: f"must be at most {limit}",
    "exclusiveMinimum": lambda limit: f"must be more than {limit}",
    "exclusiveMaximum": lambda limit: f"must be less than {limit}",
    "minLength": lambda limit: f"must have at least {_count(limit, 'character')}",
    "maxLength": lambda limit: f"must have at most {_count(limit, 'character')}",
    "minItems": lambda limit: f"must have at least {_count(limit, 'item')}",
    "maxItems": lambda limit: f"must have at most {_count(limit, 'item')}",
    "maxProperties": lambda limit: f"must have at most {_count(limit, 'member')}",
    "uniqueItems": lambda _: "must not name anything twice",
}


def pointer(*parts: str | int) -> str:
    """Return a JSON pointer (RFC 6901).

    Example:
        >>> pointer("body", "labels", "a/b", 0)
        '/body/labels/a~1b/0'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the closest of the known names, if one is close.

    Example:
        >>> did_you_mean("comand", ["command", "env"])
        'Did you mean `command`?'
    """
    close = difflib.get_close_matches(name[:_LONGEST_NAME], list(known), n=1, cutoff=0.6)
    return f"Did you mean `{close[0]}`?" if close else None


def unknown_name(where: Sequence[str | int], name: str, known: Iterable[str]) -> Detail:
    """Return the detail for a member or parameter that the contract does not have."""
    return Detail(pointer(*where, name[:_LONGEST_NAME]), "is not known", did_you_mean(name, known))


def complaints(
    errors: Iterable[jsonschema_rs.ValidationError],
    where: Sequence[str | int],
    known_names: Callable[[Sequence[str | int]], frozenset[str]],
) -> list[Detail]:
    """Return every single thing that a validator found wrong, at most `MOST_DETAILS`.

    Args:
        errors: the validator's.
        where: the place of the validated value in the request, such as `("body",)`.
        known_names: tells the members that the object at a path may have.
    """
    details: list[Detail] = []
    for error in errors:
        path = (*where, *error.instance_path)
        keyword = error.kind.name
        value: Any = error.kind.value
        if keyword == "required":
            details.append(Detail(pointer(*path, value), "is required"))
        elif keyword in ("unevaluatedProperties", "additionalProperties"):
            known = known_names(error.instance_path)
            # When another member is wrong, a validator counts all of them as unevaluated.
            details.extend(unknown_name(path, name, known) for name in value if name not in known)
        elif keyword == "propertyNames":
            details.append(Detail(pointer(*path), _bad_member_name(value)))
        else:
            asks = _KEYWORDS.get(keyword)
            details.append(Detail(pointer(*path), asks(value) if asks else "is not valid"))
        if len(details) >= MOST_DETAILS:
            break
    # Parts of a schema may find the same wrong with the same value.
    return list(dict.fromkeys(details))[:MOST_DETAILS]


def _bad_member_name(error: jsonschema_rs.ValidationError) -> str:
    asks = _KEYWORDS.get(error.kind.name)
    value: Any = error.kind.value
    return f"has a member whose name {asks(value) if asks else 'is not valid'}"


def _either(options: Iterable[str]) -> str:
    *first, last = options
    return f"{', '.join(first)} or {last}" if first else last


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
