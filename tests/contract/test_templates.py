"""The templates replace those of one release of the generator, as they were then."""

from __future__ import annotations

import hashlib
import json
import tomllib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = ROOT / "templates"
UPSTREAM = json.loads((TEMPLATES / "UPSTREAM.json").read_bytes())
SHIPPED = files("openapi_python_client") / "templates"
OVERRIDES = [path.name for path in TEMPLATES.glob("*.jinja") if (SHIPPED / path.name).is_file()]


def test_the_release_is_the_one_that_is_installed_and_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert version("openapi-python-client") == UPSTREAM["version"]
    assert f"openapi-python-client=={UPSTREAM['version']}" in project["dependency-groups"]["dev"]


def test_every_override_is_recorded() -> None:
    assert sorted(UPSTREAM["sha256"]) == sorted(OVERRIDES)


@pytest.mark.parametrize("name", UPSTREAM["sha256"])
def test_what_an_override_replaces_has_not_changed(name: str) -> None:
    shipped = (SHIPPED / name).read_bytes()
    assert hashlib.sha256(shipped).hexdigest() == UPSTREAM["sha256"][name], (
        f"{name} has changed upstream: compare, adapt templates/{name}, record the new hash"
    )
