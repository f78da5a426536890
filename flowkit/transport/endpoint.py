"""Where calls go, and what every one of them carries."""

from __future__ import annotations

import sys
from typing import NamedTuple, Protocol

from flowkit._version import __version__

USER_AGENT = f"flowkit/{__version__} python/{sys.version_info[0]}.{sys.version_info[1]}"


class Endpoint(NamedTuple):
    """A gateway that can be called.

    Example:
        >>> endpoint = Endpoint("https://gpu.example.org/flow", api_key="secret")
        >>> endpoint.url("/v1/tasks", (("status", "running"), ("label", "a=b c")))
        'https://gpu.example.org/flow/v1/tasks?status=running&label=a%3Db%20c'
        >>> endpoint
        Endpoint('https://gpu.example.org/flow')
    """

    base_url: str
    """Without a slash at its end."""
    api_key: str | None = None
    project: str | None = None

    def url(self, path: str, params: tuple[tuple[str, str], ...] = ()) -> str:
        """Return the address of an operation; `path` is percent-encoded already."""
        if not params:
            return self.base_url + path
        from urllib.parse import quote, urlencode

        return f"{self.base_url}{path}?{urlencode(params, quote_via=quote, safe='')}"

    def headers(self) -> dict[str, str]:
        """Return the headers of every call."""
        headers = {"User-Agent": USER_AGENT}
        if self.api_key is not None:
            headers["Authorization"] = f"Bearer {self.api_key}"
        if self.project is not None:
            headers["Flowkit-Project"] = self.project
        return headers

    @property
    def is_loopback(self) -> bool:
        """Whether calls stay on this machine, where no proxy has business to see them."""
        import re
        from urllib.parse import urlsplit

        host = urlsplit(self.base_url).hostname or ""
        return re.fullmatch(r"localhost|::1|127(\.[0-9]+){3}", host) is not None

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r})"


class Gateway(Protocol):
    """Knows where the gateway is. Both methods may block: a gateway may have to be started."""

    def locate(self) -> Endpoint:
        """Return where the gateway is."""

    def relocate(self, failed: Endpoint) -> Endpoint | None:
        """Return where the gateway is now, after nothing answered, or a stranger did, at `failed`.

        None means that it can be nowhere else.
        """


class FixedGateway:
    """A gateway whose address the user has given."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def locate(self) -> Endpoint:
        return self._endpoint

    def relocate(self, failed: Endpoint) -> Endpoint | None:
        return None
