"""Fields of a handle: what the gateway last told of the thing that it stands for."""

from __future__ import annotations

from typing import Generic, Protocol, Self, TypeVar, overload

T = TypeVar("T")


class Handle(Protocol):
    """Something that keeps a document of the contract."""

    @property
    def data(self) -> object:
        """The document."""


class Field(Generic[T]):
    """A field of a handle's document, as the gateway last told it."""

    def __set_name__(self, owner: type[Handle], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, handle: None, owner: type[Handle]) -> Self: ...

    @overload
    def __get__(self, handle: Handle, owner: type[Handle]) -> T: ...

    def __get__(self, handle: Handle | None, owner: type[Handle]) -> Self | T:
        if handle is None:
            return self
        value: T = getattr(handle.data, self._name)
        return value
