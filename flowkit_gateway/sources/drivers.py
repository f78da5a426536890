"""The libraries that read remote data, each set up with what a task gave to sign in with.

Runs in a process whose own environment has no credentials: some of these libraries would take them
from there.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flowkit.mounts import CREDENTIAL_VARIABLES
from flowkit_gateway.sources.network import is_near
from flowkit_gateway.sources.source_url import EXTRAS, SourceURL

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_MODULES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "https": "aiohttp", "http": "aiohttp"}
_CONNECT_SECONDS, _READ_SECONDS = 5, 60
_BLOCK_SIZE = 8 * 1024 * 1024
_GOOGLE = "GOOGLE_APPLICATION_CREDENTIALS"

VARIABLES = frozenset(chain.from_iterable(CREDENTIAL_VARIABLES.values()))
"""What is taken of a task's variables. Others that these libraries know name files to be read and
programs to be run, which would be the gateway's."""


class SourceError(Exception):
    """A source cannot be read; the text says why, without a secret.

    Args:
        message: Why.
        hint: What to do about it.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def missing(url: SourceURL) -> SourceError | None:
    """Say what has to be installed to read a source; None when nothing has."""
    # A driver's own package may be there without what it is built on.
    if all(importlib.util.find_spec(name) for name in ("fsspec", _MODULES[url.scheme])):
        return None
    return SourceError(
        f"this gateway has no driver for {url.scheme}://",
        f"run pip install 'flowkit-gpu[{EXTRAS[url.scheme]}]' where the gateway runs",
    )


def open_filesystem(url: SourceURL, env: Mapping[str, str]) -> AbstractFileSystem:
    """Set up the library that reads a source.

    Args:
        url: The source.
        env: Variables to sign in with; without any, what is open to everybody can be read.

    Raises:
        SourceError: they cannot be used.
    """
    if url.scheme == "s3":
        return _s3(env)
    if url.scheme == "gs":
        return _gcs(env)
    if url.scheme == "az":
        return _azure(env)
    return _web(url)


def _s3(env: Mapping[str, str]) -> AbstractFileSystem:
    if ("AWS_ACCESS_KEY_ID" in env) != ("AWS_SECRET_ACCESS_KEY" in env):
        raise SourceError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are of use only together")
    endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL")
    if endpoint:
        _refuse_plain(endpoint)
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION")
    from s3fs import S3FileSystem

    return S3FileSystem(
        anon="AWS_ACCESS_KEY_ID" not in env,
        key=env.get("AWS_ACCESS_KEY_ID"),
        secret=env.get("AWS_SECRET_ACCESS_KEY"),
        token=env.get("AWS_SESSION_TOKEN"),
        endpoint_url=endpoint,
        client_kwargs={"region_name": region} if region else {},
        config_kwargs={
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": _READ_SECONDS,
            "retries": {"max_attempts": 2},
        },
        default_block_size=_BLOCK_SIZE,
        # Pieces at a time: in order, a cut line is taken up again where it was cut.
        max_concurrency=1,
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _gcs(env: Mapping[str, str]) -> AbstractFileSystem:
    token: object = "anon"
    if _GOOGLE in env:
        try:
            token = json.loads(env[_GOOGLE])
        except ValueError:
            raise SourceError(
                f"{_GOOGLE} is not the content of a key file",
                f'set it to the text of the file: {_GOOGLE}="$(cat key.json)"',
            ) from None
        # Other kinds make the library run a program or read a file, and it would ask any address.
        if not isinstance(token, dict) or token.get("type") != "service_account":
            raise SourceError(f"{_GOOGLE} is not the key of a service account")
        if token.get("token_uri") != "https://oauth2.googleapis.com/token":
            raise SourceError(f"the key in {_GOOGLE} names a token_uri that is not Google's")
    # Without this it would speak another protocol, past what watches over connections.
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"
    from gcsfs import GCSFileSystem

    return GCSFileSystem(
        token=token, access="read_only", use_listings_cache=False, skip_instance_cache=True
    )


def _azure(env: Mapping[str, str]) -> AbstractFileSystem:
    given = {
        name.removeprefix("AZURE_STORAGE_").lower(): value
        for name, value in env.items()
        if name.startswith("AZURE_STORAGE_")
    }
    if not given.keys() & {"account_name", "connection_string"}:
        raise SourceError("az:// needs AZURE_STORAGE_ACCOUNT_NAME")
    from adlfs import AzureBlobFileSystem

    return AzureBlobFileSystem(
        anon=given.keys() == {"account_name"},
        use_listings_cache=False,
        skip_instance_cache=True,
        **given,
    )


def _web(url: SourceURL) -> AbstractFileSystem:
    if url.scheme == "http":
        _refuse_plain(url.text)
    from aiohttp import ClientTimeout
    from fsspec.implementations.http import HTTPFileSystem

    timeout = ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_READ_SECONDS)
    return HTTPFileSystem(
        client_kwargs={"timeout": timeout},
        # As it was given, for it may be signed.
        encoded=True,
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _refuse_plain(url: str) -> None:
    """Refuse HTTP without TLS outside of networks where nobody else listens in."""
    split = urlsplit(url)
    if split.scheme not in ("http", "https") or not split.hostname:
        raise SourceError(f"{url.partition('?')[0]} is no https:// URL")
    try:
        is_safe = split.scheme == "https" or is_near(split.hostname)
    except OSError as error:
        raise SourceError(f"cannot find {split.hostname}: {error.strerror}") from error
    if not is_safe:
        raise SourceError(
            f"{split.hostname} is not in a private network, and http:// could be read on the way",
            "use https://",
        )
