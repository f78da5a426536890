"""Messages without secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit_gateway.redaction import redact

SECRETS = st.lists(st.text(st.characters(codec="utf-8"), min_size=4, max_size=12), max_size=4)


@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        ("nothing to hide", [], "nothing to hide"),
        ("cannot run tok-1234", ["tok-1234"], "cannot run ***"),
        ("tok-1234tok-1234", ["tok-1234"], "******"),
        ("tok-12345 and tok-1234", ["tok-1234", "tok-12345"], "*** and ***"),
        ("a.c+ and abcc", ["a.c+"], "*** and abcc"),
        ("exit 1", ["1", "ex", "it "], "exit 1"),
        (r"cannot read 'a\nb\x1bc'", ["a\nb\x1bc"], "cannot read '***'"),
        ("line two-two of it", ["one-one\ntwo-two\n"], "line *** of it"),
        ("no file /a/tok-12…", ["tok-1234"], "no file /a/***…"),
        ("no file /a/tok…", ["tok-1234"], "no file /a/tok…"),
        ("the value pass word", ["  pass word \n"], "the value ***"),
    ],
)
def test_a_message_shows_no_secret(text: str, secrets: list[str], expected: str) -> None:
    assert redact(text, secrets) == expected


@given(SECRETS, st.lists(st.text(max_size=5), min_size=5, max_size=5))
def test_whatever_is_around_them_no_secret_is_left(secrets: list[str], around: list[str]) -> None:
    text = "".join(part + secret for part, secret in zip(around, secrets, strict=False))
    shown = redact(text, secrets)
    for secret in secrets:
        if len(secret.strip()) >= 4 and "*" not in secret:
            assert secret not in shown
