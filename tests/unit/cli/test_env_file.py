"""Files of variables are read as Docker and shells write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowkit.cli.env_file import read_env_file
from flowkit.cli.errors import BadInput


@pytest.mark.parametrize(
    ("line", "variables"),
    [
        ("A=1", {"A": "1"}),
        ("A=", {"A": ""}),
        ("A=b=c", {"A": "b=c"}),
        ("  A=1  ", {"A": "1"}),
        ("export A=1", {"A": "1"}),
        ('A="a b"', {"A": "a b"}),
        ("A='a \"b'", {"A": 'a "b'}),
        ('A="', {"A": '"'}),
        ("A=$HOME # kept", {"A": "$HOME # kept"}),
        ("FROM_SHELL", {"FROM_SHELL": "here"}),
        ("NOT_IN_SHELL", {}),
        ("# A=1", {}),
        ("", {}),
        ("\ufeffA=1", {"A": "1"}),
        ("A=1\r", {"A": "1"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=naïve", {"A": "naïve"}),
    ],
)
def test_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, variables: dict[str, str]
) -> None:
    monkeypatch.setenv("FROM_SHELL", "here")
    monkeypatch.delenv("NOT_IN_SHELL", raising=False)
    (tmp_path / "env").write_text(f"{line}\n", encoding="utf-8", newline="")
    assert read_env_file(str(tmp_path / "env")) == variables


@pytest.mark.parametrize("line", ["1A=x", "A-B=x", "=x", "A B=x", "exportA B"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "env").write_text(f"OK=1\n{line}\n")
    with pytest.raises(BadInput, match="line 2: not NAME=VALUE"):
        read_env_file(str(tmp_path / "env"))


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "env").write_bytes(b"A=\xff\n")
    with pytest.raises(BadInput, match="is not UTF-8"):
        read_env_file(str(tmp_path / "env"))
