"""Addresses of remote data: what is taken, and what is not."""

from __future__ import annotations

import json

import pytest

from flowkit_gateway.problems import InvalidMount
from flowkit_gateway.sources import network
from flowkit_gateway.sources.drivers import SourceError, open_filesystem
from flowkit_gateway.sources.source_url import SourceURL

SERVICE_ACCOUNT = {"type": "service_account", "token_uri": "https://oauth2.googleapis.com/token"}


@pytest.mark.parametrize(
    ("text", "scheme", "host", "shown"),
    [
        ("s3://bucket/a/b c", "s3", "bucket", None),
        ("S3://bucket", "s3", "bucket", None),
        (
            "https://example.org:8443/x?token=y#part",
            "https",
            "example.org",
            "https://example.org:8443/x",
        ),
        ("az://container/x", "az", "container", None),
    ],
)
def test_what_can_be_mounted(text: str, scheme: str, host: str, shown: str | None) -> None:
    if " " in text:
        with pytest.raises(InvalidMount, match="characters that no URL has"):
            SourceURL.parse(text)
        return
    url = SourceURL.parse(text)

    assert (url.scheme, url.host, url.shown) == (scheme, host, shown or text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ftp://example.org/x", "there is nothing known to read it with"),
        ("data", "there is nothing known to read it with"),
        ("s3:///x", "names no bucket"),
        ("s3://key:secret@bucket/x", "names no bucket"),
        ("az://container@account.blob/x", "names no container"),
        ("https:///x", "names no host"),
        ("https://user:password@example.org/x", "user name or password in it"),
        ("https://[::1/x", "is no URL"),
        ("https://example.org:http/x", "is no URL"),
        ("https://example.org/a\nb", "characters that no URL has"),
    ],
)
def test_what_cannot(text: str, message: str) -> None:
    with pytest.raises(InvalidMount, match=message) as refused:
        SourceURL.parse(text)

    assert "password@" not in refused.value.detail


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "0.0.0.0", "fd00:ec2::254"],
)
def test_addresses_that_no_source_is_at(address: str) -> None:
    assert network.is_refused(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.0.2.1", "2001:db8::1", "name"])
def test_addresses_that_a_source_may_be_at(address: str) -> None:
    assert not network.is_refused(address)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("/home/me/key.json", "is not the content of a key file"),
        (json.dumps({**SERVICE_ACCOUNT, "type": "external_account"}), "key of a service account"),
        (json.dumps({**SERVICE_ACCOUNT, "token_uri": "http://10.0.0.1"}), "that is not Google's"),
    ],
)
def test_a_google_key_that_would_make_the_gateway_do_something_else(key: str, message: str) -> None:
    url = SourceURL.parse("gs://bucket/x")

    with pytest.raises(SourceError, match=message):
        open_filesystem(url, {"GOOGLE_APPLICATION_CREDENTIALS": key})


def test_azure_needs_an_account() -> None:
    with pytest.raises(SourceError, match="AZURE_STORAGE_ACCOUNT_NAME"):
        open_filesystem(SourceURL.parse("az://container/x"), {})
