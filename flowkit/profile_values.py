"""What people write of a profile file: its path, content and mode."""

from __future__ import annotations

from flowkit.errors import InvalidPath, InvalidRequest

LARGEST_BYTES = 64 * 1024
_LONGEST_PATH = 1024


def read_path(value: object) -> str:
    """Return the path of a profile file.

    Args:
        value: Relative to the home; `~/` before it means the same.

    Raises:
        InvalidPath: it is not one.

    Example:
        >>> read_path("~/.aws/config")
        '.aws/config'
    """
    if not isinstance(value, str):
        raise InvalidPath(f"a path is text, not {type(value).__name__}", hint="as in .aws/config")
    path = value.removeprefix("~/")
    names = path.split("/")
    if len(path) > _LONGEST_PATH or not path.isprintable() or {"", ".", ".."} & set(names):
        raise InvalidPath(
            f"invalid path {value[:80]!r} of a profile file",
            hint="a path in the home without `..`, as in .aws/config",
        )
    return path


def read_content(value: object) -> str:
    """Return what a profile file holds as text.

    Raises:
        InvalidRequest: it is not UTF-8 text, or too large; it is not shown.
    """
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bytes):
        data = value
    else:
        raise InvalidRequest(
            f"a file's content is text or bytes, not {type(value).__name__}",
            hint="read the file first, as with Path.read_bytes()",
        )
    if len(data) > LARGEST_BYTES:
        raise InvalidRequest(
            f"a profile file has {len(data)} bytes",
            hint=f"it has at most {LARGEST_BYTES // 1024} KiB; keep what is larger in a volume",
        )
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidRequest(
            "a profile file is not UTF-8 text", hint="keep other files in a volume"
        )
    return text


def read_mode(value: object) -> int:
    """Return the permissions of a profile file.

    Raises:
        InvalidRequest: they are not ones.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 0o777:
        shown = f"{value:#o}"[:20] if type(value) is int else type(value).__name__
        raise InvalidRequest(f"invalid mode {shown}", hint="permissions as in 0o600")
    return value
