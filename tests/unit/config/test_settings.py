"""Where each setting comes from, and what is wrong with one that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowkit import ConfigError
from flowkit.config import Settings, config_file, gateway_dir, resolve_settings

URL = "https://gpu.example.org"


@pytest.fixture(autouse=True)
def _bare(bare_home: Path) -> None:
    """No test sees the configuration of whoever runs it."""


def write_user_file(home: Path, text: str, mode: int = 0o600) -> Path:
    path = home / "config.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def values(settings: Settings) -> tuple[str | None, str | None, str | None, str | None]:
    return settings.api_url, settings.api_key, settings.project, settings.profile


LAB = f"""
api_url = "{URL}/top"
default_profile = "lab"
[profiles.lab]
api_url = "{URL}/lab"
api_key = "lab-key"
project = "vision"
[profiles.cloud]
api_url = "{URL}/cloud"
api_key = "cloud-key"
"""


def test_nothing_set_means_the_embedded_gateway() -> None:
    assert resolve_settings() == Settings(None, None, None, None, {})


def test_an_argument_goes_first(bare_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_user_file(bare_home, LAB)
    monkeypatch.setenv("FLOWKIT_API_URL", f"{URL}/environment")
    monkeypatch.setenv("FLOWKIT_API_KEY", "environment-key")
    monkeypatch.setenv("FLOWKIT_PROFILE", "cloud")
    settings = resolve_settings(api_url=f"{URL}/argument", api_key="key", profile="lab")
    assert values(settings) == (f"{URL}/argument", "key", "vision", "lab")
    assert settings.sources == {
        "api_url": "argument",
        "api_key": "argument",
        "project": f"{bare_home}/config.toml, profile lab",
    }


def test_the_environment_goes_before_files(
    bare_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_user_file(bare_home, LAB)
    Path(".flowkit.toml").write_text(f'api_url = "{URL}/shared"\nproject = "shared"')
    monkeypatch.setenv("FLOWKIT_API_URL", f"{URL}/environment")
    monkeypatch.setenv("FLOWKIT_PROJECT", "environment")
    settings = resolve_settings()
    assert values(settings) == (f"{URL}/environment", "lab-key", "environment", "lab")
    assert settings.sources["api_url"] == "FLOWKIT_API_URL"


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_URL", "API_KEY", "PROJECT", "PROFILE"):
        monkeypatch.setenv(f"FLOWKIT_{name}", "")
    assert resolve_settings() == Settings(None, None, None, None, {})


def test_the_projects_file_goes_before_the_users(bare_home: Path) -> None:
    write_user_file(bare_home, f'api_url = "{URL}/user"\nproject = "user"')
    Path(".flowkit.toml").write_text('project = "shared"')
    assert values(resolve_settings()) == (f"{URL}/user", None, "shared", "default")


def test_the_projects_file_is_found_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".flowkit.toml").write_text('project = "above"')
    inner = Path("a/b")
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    settings = resolve_settings()
    assert settings.project == "above"
    assert settings.sources["project"] == str(tmp_path / "work" / ".flowkit.toml")


def test_the_nearest_of_the_projects_files_is_the_one(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".flowkit.toml").write_text(f'project = "above"\napi_url = "{URL}"')
    Path("inner").mkdir()
    monkeypatch.chdir("inner")
    Path(".flowkit.toml").write_text('project = "near"')
    assert values(resolve_settings())[:3] == (None, None, "near")


@pytest.mark.parametrize(
    ("argument", "variable", "shared", "chosen"),
    [
        (None, None, None, "lab"),
        (None, None, "cloud", "cloud"),
        (None, "cloud", "default", "cloud"),
        ("default", "cloud", "cloud", "default"),
    ],
)
def test_the_profile_is_chosen_by_the_same_precedence(
    bare_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    argument: str | None,
    variable: str | None,
    shared: str | None,
    chosen: str,
) -> None:
    write_user_file(bare_home, LAB)
    if variable:
        monkeypatch.setenv("FLOWKIT_PROFILE", variable)
    if shared:
        Path(".flowkit.toml").write_text(f'profile = "{shared}"')
    settings = resolve_settings(profile=argument)
    assert settings.profile == chosen
    assert settings.api_url == f"{URL}/{'top' if chosen == 'default' else chosen}"


def test_settings_of_the_default_profile_may_stand_in_a_table_too(bare_home: Path) -> None:
    write_user_file(bare_home, f'api_url = "{URL}"\n[profiles.default]\nproject = "x"')
    assert values(resolve_settings()) == (URL, None, "x", "default")


@pytest.mark.parametrize(
    "text",
    [f'api_url = "{URL}"\n', f'api_key = "k"\napi_url = "{URL}"\n', 'profile = "lab"\n'],
)
def test_the_projects_file_holds_no_key(bare_home: Path, text: str) -> None:
    path = Path(".flowkit.toml")
    path.write_text(text)
    write_user_file(bare_home, LAB)
    if "api_key" in text:
        with pytest.raises(ConfigError, match=r"\.flowkit\.toml: an api_key does not belong"):
            resolve_settings()


def test_a_checkout_does_not_get_the_users_key_sent_to_a_stranger(bare_home: Path) -> None:
    write_user_file(bare_home, LAB)
    Path(".flowkit.toml").write_text('api_url = "https://stranger.example"')
    with pytest.raises(ConfigError, match="is not sent to https://stranger") as caught:
        resolve_settings()
    assert "lab-key" not in str(caught.value)


def test_a_checkout_may_name_the_users_own_gateway(bare_home: Path) -> None:
    write_user_file(bare_home, LAB)
    Path(".flowkit.toml").write_text(f'api_url = "{URL}/lab/"')
    assert resolve_settings().api_key == "lab-key"


def test_a_checkouts_gateway_gets_the_key_that_is_given_for_it(
    bare_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_user_file(bare_home, LAB)
    Path(".flowkit.toml").write_text('api_url = "https://other.example"')
    monkeypatch.setenv("FLOWKIT_API_KEY", "for-other")
    assert resolve_settings().api_key == "for-other"


def test_a_key_alone_leads_nowhere() -> None:
    with pytest.raises(ConfigError, match="api_key needs an api_url"):
        resolve_settings(api_key="k")


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("http://127.0.0.1:8765/", "http://127.0.0.1:8765"),
        ("https://gpu.example.org/flow//", "https://gpu.example.org/flow"),
        ("http://[::1]:8765", "http://[::1]:8765"),
    ],
)
def test_a_url_is_taken(url: str, resolved: str) -> None:
    assert resolve_settings(api_url=url).api_url == resolved


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gpu.example.org",
        "localhost:8765",
        "ftp://gpu.example.org",
        "https://",
        "https://:8765",
        "http://host:port",
        "http://host:99999",
        "http://host:0",
        "http://[::1",
        "https://gpu.example.org/?a=b",
        "https://gpu.example.org/#top",
        "https://gpu.example.org/v1",
        "https://gpu.example.org/v1/",
        "http://gpu example",
        "http://host\n",
        "http://host\x00",
    ],
)
def test_a_bad_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="invalid api_url") as caught:
        resolve_settings(api_url=url)
    assert caught.value.hint


def test_a_password_in_a_url_is_not_shown() -> None:
    with pytest.raises(ConfigError, match=r"//\*\*\*@host") as caught:
        resolve_settings(api_url="https://user:hunter2@host")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["a b", "key\n", "ключ", "\x1b[31m", '"quoted "'])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigError, match="invalid api_key") as caught:
        resolve_settings(api_url=URL, api_key=key)
    assert key not in str(caught.value)


def test_the_key_is_not_shown() -> None:
    settings = resolve_settings(api_url=URL, api_key="hunter2")
    assert "hunter2" not in repr(settings)
    assert "***" in repr(settings)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("api_url = \n", "not TOML.*line 1", None),
        ("\n\n[profiles\n", "not TOML.*line 3", None),
        ("api_urll = 'x'\n", "unknown setting 'api_urll'", "api_url"),
        ("[profiles.lab]\nkey = 'x'\n", "profile lab: unknown setting 'key'", "api_key"),
        ("[profile.lab]\n", "unknown setting 'profile'", "default_profile"),
        ("api_url = 7\n", "api_url is no text", None),
        ("profiles = 7\n", "profiles is no table", None),
        ("[profiles]\nlab = 7\n", "profile lab: not a table", None),
        ("default_profile = 'lap'\n[profiles.lab]\n", "profile 'lap'", "did you mean lab"),
        ("api_url = 'x'\n", "invalid api_url 'x'.*config.toml", None),
        ("project = 'a'\n[profiles.default]\nproject = 'b'\n", "project.*given twice", None),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(
    bare_home: Path, text: str, message: str, hint: str | None
) -> None:
    path = write_user_file(bare_home, text)
    with pytest.raises(ConfigError, match=message) as caught:
        resolve_settings()
    assert str(path) in str(caught.value)
    assert (hint or "") in (caught.value.hint or "")


def test_a_file_that_is_not_text_is_named(bare_home: Path) -> None:
    (bare_home / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"config\.toml: not UTF-8"):
        resolve_settings()


def test_a_directory_in_the_files_place_is_named(bare_home: Path) -> None:
    (bare_home / "config.toml").mkdir()
    with pytest.raises(ConfigError, match=r"cannot read .*config\.toml: Is a directory"):
        resolve_settings()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_refused(bare_home: Path, mode: int) -> None:
    path = write_user_file(bare_home, LAB, mode)
    with pytest.raises(ConfigError, match="others may read it") as caught:
        resolve_settings()
    assert caught.value.hint == f"chmod 600 {path}"


def test_without_a_key_others_may_read_the_file(bare_home: Path) -> None:
    write_user_file(bare_home, f'api_url = "{URL}"', 0o644)
    assert resolve_settings().api_url == URL


@pytest.mark.parametrize("has_file", [True, False])
def test_an_unknown_profile_is_refused(bare_home: Path, has_file: bool) -> None:
    if has_file:
        write_user_file(bare_home, LAB)
    with pytest.raises(ConfigError, match=r"profile 'clod' \(argument\) is not in") as caught:
        resolve_settings(profile="clod")
    assert caught.value.hint == ("did you mean cloud?" if has_file else "it has no profile")


def test_a_working_directory_that_is_gone_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert resolve_settings().api_url is None


def test_flowkit_home_moves_all(bare_home: Path) -> None:
    assert config_file() == bare_home / "config.toml"
    assert gateway_dir() == bare_home / "gateway"


def test_a_relative_flowkit_home_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWKIT_HOME", "here")
    assert config_file() == Path.cwd() / "here" / "config.toml"


@pytest.mark.parametrize(
    ("config_home", "data_home", "config", "data"),
    [
        (None, None, "~/.config/flowkit/config.toml", "~/.local/share/flowkit/gateway"),
        ("/c", "/d", "/c/flowkit/config.toml", "/d/flowkit/gateway"),
        ("c", "", "~/.config/flowkit/config.toml", "~/.local/share/flowkit/gateway"),
    ],
)
def test_else_the_xdg_directories_hold_them(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config_home: str | None,
    data_home: str | None,
    config: str,
    data: str,
) -> None:
    monkeypatch.delenv("FLOWKIT_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in (("XDG_CONFIG_HOME", config_home), ("XDG_DATA_HOME", data_home)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert str(config_file()) == config.replace("~", str(tmp_path))
    assert str(gateway_dir()) == data.replace("~", str(tmp_path))
