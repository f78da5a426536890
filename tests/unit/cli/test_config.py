"""`flowkit config` shows settings with their source, and changes one without touching others."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest

from flowkit.cli.config_file import set_value
from flowkit.errors import ConfigError
from tests.unit.cli.program import flowkit


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_set_makes_the_file_private(file: Path) -> None:
    set_value(file, "api_key", "secret", profile="lab")
    assert tomllib.loads(file.read_text()) == {"profiles": {"lab": {"api_key": "secret"}}}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["config.toml"]


def test_set_keeps_everything_else(file: Path) -> None:
    file.write_text(
        "# mine\n"
        'default_profile = "lab"\n'
        "\n"
        "[profiles.lab] # the lab\n"
        'api_url = "https://old.example" # soon gone\n'
        'project = "vision"\n'
        "\n"
        "[profiles.home]\n"
        'api_url = "https://home.example"\n'
    )
    set_value(file, "api_url", "https://new.example", profile="lab")
    set_value(file, "default_profile", "home", profile=None)
    assert file.read_text() == (
        "# mine\n"
        'default_profile = "home"\n'
        "\n"
        "[profiles.lab] # the lab\n"
        'api_url = "https://new.example"\n'
        'project = "vision"\n'
        "\n"
        "[profiles.home]\n"
        'api_url = "https://home.example"\n'
    )


@pytest.mark.parametrize("profile", ["lab", "my lab", 'q"uote', "a.b", "日本"])
@pytest.mark.parametrize("value", ["plain", 'with "quotes" and \\', "del\x7f", "tab\t"])
def test_any_profile_and_value_can_be_set_and_set_again(
    file: Path, profile: str, value: str
) -> None:
    set_value(file, "project", "first", profile="other")
    set_value(file, "project", "first", profile=profile)
    set_value(file, "project", value, profile=profile)
    profiles = tomllib.loads(file.read_text())["profiles"]
    assert profiles == {"other": {"project": "first"}, profile: {"project": value}}


@pytest.mark.parametrize(
    "text",
    [
        'profiles = { lab = { api_url = "https://a.example" } }\n',
        'profiles.lab.api_url = "https://a.example"\n',
        '[profiles]\nlab = { api_url = "https://a.example" }\n',
    ],
)
def test_a_layout_that_cannot_be_changed_is_left_alone(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError, match="laid out"):
        set_value(file, "api_url", "https://b.example", profile="lab")
    assert file.read_text() == text


def test_a_broken_file_is_named_with_its_line(tmp_path: Path, file: Path) -> None:
    file.write_text('project = "a"\napi_url = nonsense\n')
    for arguments in (["config"], ["config", "set", "project", "b"], ["ps"]):
        finished = flowkit(tmp_path, *arguments)
        assert finished.exit_code == 2
        assert str(file) in finished.error[0]
        assert "line 2" in finished.error[0]
    assert file.read_text() == 'project = "a"\napi_url = nonsense\n'


def test_a_link_stays_a_link(tmp_path: Path, file: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    target = tmp_path / "dotfiles" / "flowkit.toml"
    target.write_text("")
    file.symlink_to(target)
    set_value(file, "project", "a", profile=None)
    assert file.is_symlink()
    assert target.read_text() == 'project = "a"\n'


def test_show_names_sources_and_masks_the_key(tmp_path: Path) -> None:
    flowkit(tmp_path, "config", "set", "api_url", "https://a.example", "--profile", "lab")
    flowkit(tmp_path, "config", "set", "api_key", "--profile", "lab", stdin=b"sesame\n")
    arguments = ["config", "-o", "json", "--profile", "lab"]
    finished = flowkit(tmp_path, *arguments, FLOWKIT_PROJECT="vision")
    shown = json.loads(finished.stdout)
    where = f"{tmp_path / 'config.toml'}, profile lab"
    assert shown["api_url"] == {"value": "https://a.example", "source": where}
    assert shown["api_key"] == {"value": "***", "source": where}
    assert shown["project"] == {"value": "vision", "source": "FLOWKIT_PROJECT"}
    assert shown["profile"]["value"] == "lab"
    assert b"sesame" not in finished.stdout
    assert b"sesame" in (tmp_path / "config.toml").read_bytes()


def test_show_without_any_setting_is_the_embedded_gateway(tmp_path: Path) -> None:
    finished = flowkit(tmp_path, "config", "show")
    assert b"(embedded gateway)" in finished.stdout
    assert finished.stderr == b""


@pytest.mark.parametrize("arguments", [["api_key"], ["api_key", ""]])
def test_an_empty_value_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    finished = flowkit(tmp_path, "config", "set", *arguments)
    assert finished.exit_code == 2
    assert finished.error[0] == "flowkit: error: api_key cannot be empty"
    assert not (tmp_path / "config.toml").exists()


def test_a_value_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    finished = flowkit(tmp_path, "config", "set", "api_url", "ftp://gpu.example.org")
    assert finished.exit_code == 2
    assert "invalid api_url 'ftp://gpu.example.org'" in finished.error[0]
    assert not (tmp_path / "config.toml").exists()


def test_path(tmp_path: Path) -> None:
    assert flowkit(tmp_path, "config", "path").stdout.decode() == f"{tmp_path / 'config.toml'}\n"
