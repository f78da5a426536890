"""What the configuration file says of engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowkit.config import config_file, resolve_settings
from flowkit.engine_options import engine_options
from flowkit.errors import ConfigError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWKIT_HOME", str(tmp_path))


def test_nothing_is_said_without_a_file() -> None:
    assert engine_options("slurm") == []


def test_options_are_texts_numbers_and_tables() -> None:
    config_file().write_text(
        '[engines.slurm]\npartition = "gpu"\npoll = 2\n[engines.slurm.gpu]\ntesla = "v100-32gb"\n'
    )

    assert engine_options("slurm") == ["partition=gpu", "poll=2", "gpu.tesla=v100-32gb"]
    assert resolve_settings().sources == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("engines = 1", "engines is no table"),
        ("[engines.slrm]", "there are no options of an engine 'slrm'"),
        ("[engines]\nslurm = 1", "engines.slurm is no table"),
        ("[engines.slurm]\npoll = true", "poll of [engines.slurm] is neither a text nor a number"),
    ],
)
def test_what_cannot_be_an_option_is_named(text: str, message: str) -> None:
    config_file().write_text(text)

    with pytest.raises(ConfigError) as caught:
        engine_options("slurm")
    assert message in caught.value.message
    assert str(config_file()) in caught.value.message
