"""Addresses of remote data, as tasks name them."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from flowkit_gateway.problems import InvalidMount

EXTRAS = {"s3": "s3", "gs": "gcs", "az": "azure", "https": "http", "http": "http"}
"""For each scheme, the extra of the package that has its driver."""


class SourceURL(NamedTuple):
    """An address that is whole and has nothing secret in front of its host."""

    scheme: str
    host: str
    """The host of a web server, else the bucket or container."""
    text: str
    shown: str
    """For messages: without the query, which may be a signature."""

    @classmethod
    def parse(cls, text: str) -> SourceURL:
        """Take an address apart.

        Raises:
            InvalidMount: it is none that can be mounted.

        Example:
            >>> SourceURL.parse("https://example.org/data.tar?token=x").shown
            'https://example.org/data.tar'
        """
        scheme, separator, rest = text.partition("://")
        scheme = scheme.lower()
        shown = text.partition("?")[0]
        if not separator or scheme not in EXTRAS:
            raise InvalidMount(
                f"cannot mount {shown[:100]!r}: there is nothing known to read it with",
                hint="use s3://, gs://, az:// or https://",
            )
        if any(not character.isprintable() or character.isspace() for character in text):
            raise InvalidMount(f"{shown[:100]!r} has characters that no URL has")
        host = rest.partition("/")[0]
        if scheme in ("http", "https"):
            host = _host(text, shown)
        elif "@" in host or not host:
            raise InvalidMount(
                f"{shown[:100]!r} names no {'container' if scheme == 'az' else 'bucket'}",
                hint=f"write it as in {scheme}://NAME/PATH",
            )
        return cls(scheme, host, f"{scheme}://{rest}".partition("#")[0], shown)


def _host(text: str, shown: str) -> str:
    try:
        split = urlsplit(text)
        host = split.hostname
        split.port  # noqa: B018  # it is looked at when it is asked for
    except ValueError:
        raise InvalidMount(f"{shown[:100]!r} is no URL") from None
    if not host:
        raise InvalidMount(f"{shown[:100]!r} names no host")
    if split.username is not None:
        raise InvalidMount(
            f"a URL of {host} has a user name or password in it, which others could read",
            hint="use a URL that is signed in its query, or another kind of source",
        )
    return host
