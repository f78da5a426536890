"""Models to JSON and back, by msgspec, which is imported with the first body."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self, TypeVar

    from msgspec.json import Decoder

    T = TypeVar("T")

_decoders: dict[type, Decoder[Any]] = {}


_ENVIRONMENTS = frozenset({"env", "caller_env", "mount_env"})
_SECRETS = frozenset({"content", "value"})


class Model:
    """An object of the contract. None is an absent field; unknown fields are ignored."""

    def __repr__(self) -> str:
        """Show what is present; of environments the names only, and of secrets nothing."""
        fields = [(name, value) for name, value in vars(self).items() if value is not None]
        shown = ", ".join(f"{name}={_shown(name, value)}" for name, value in fields)
        return f"{type(self).__name__}({shown})"

    def to_dict(self) -> dict[str, object]:
        """Write the model as JSON values.

        Returns:
            The fields that are present.
        """
        import msgspec

        written: dict[str, object] = msgspec.to_builtins(_without_absent(self))
        return written

    @classmethod
    def from_dict(cls, fields: Mapping[str, object]) -> Self:
        """Read the model from JSON values.

        Args:
            fields: The values by name.

        Returns:
            The model.

        Raises:
            InvalidBody: The values are not what the contract says.
        """
        import msgspec

        from .errors import InvalidBody

        try:
            return msgspec.convert(fields, cls)
        except msgspec.MsgspecError as error:
            raise InvalidBody(cls.__name__, str(error)) from error


def _shown(name: str, value: object) -> str:
    if name in _ENVIRONMENTS and isinstance(value, dict):
        return "{" + ", ".join(f"{variable!r}: ***" for variable in value) + "}"
    return "***" if name in _SECRETS else repr(value)


def decode(body: bytes, kind: type[T]) -> T:
    """Read a JSON body.

    Args:
        body: The JSON text.
        kind: The type to read it as.

    Returns:
        The value.

    Raises:
        InvalidBody: The body is not JSON, or not what the contract says.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        from msgspec.json import Decoder

        decoder = _decoders[kind] = Decoder(kind)
    try:
        return decoder.decode(body)  # type: ignore[no-any-return]  # the cache holds every type
    except ValueError as error:  # msgspec's own errors, and text that is not UTF-8
        from .errors import InvalidBody

        raise InvalidBody(kind.__name__, str(error)) from error


def encode(value: object) -> bytes:
    """Write a value as JSON, without the fields that are None.

    Args:
        value: A model, or anything that msgspec can write.

    Returns:
        The JSON text.

    Raises:
        TypeError: The value holds something that JSON has no form for.
    """
    from msgspec.json import encode as write

    return write(_without_absent(value))


def _without_absent(value: Any) -> Any:
    """Turn each model into a dict of what is present; msgspec itself would write null."""
    if isinstance(value, Model):
        fields = vars(value).items()
        return {name: _without_absent(item) for name, item in fields if item is not None}
    if isinstance(value, list):
        return [_without_absent(item) for item in value]
    return value
