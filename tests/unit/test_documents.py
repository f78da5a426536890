"""Lists that stand in the documents are those of the code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from flowkit import errors
from flowkit.cli.errors import __doc__ as exit_codes
from flowkit.cli.overview import COMMANDS
from flowkit.gpu_models import MODELS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_error_tree() -> None:
    documented = re.search(r"```text\n(.*?)```", (DOCS / "errors.md").read_text(), re.DOTALL)
    assert documented is not None
    stated = inspect.cleandoc(errors.__doc__ or "")
    tree = [line.strip() for line in stated.splitlines() if re.match(r" *(FlowError|[├│└ ])", line)]
    assert documented[1].split() == " ".join(tree).split()


def test_the_commands() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \|$", (DOCS / "cli.md").read_text(), re.MULTILINE)
    stated = [
        (name, summary[0].lower() + summary[1:].rstrip("."))
        for name, (_, summary) in COMMANDS.items()
    ]
    assert rows == stated


def test_documents_name_only_commands_that_exist() -> None:
    for document in (DOCS.parent / "README.md", *DOCS.glob("*.md")):
        text = document.read_text()
        blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        named = re.findall(r"`flowkit ([a-z][a-z-]*)", text)
        named += re.findall(r"^flowkit ([a-z][a-z-]*)", "\n".join(blocks), re.MULTILINE)
        assert set(named) <= COMMANDS.keys(), document.name


def test_the_exit_codes() -> None:
    rows = re.findall(r"^\| (\d+) \|", (DOCS / "cli.md").read_text(), re.MULTILINE)
    stated = re.findall(r"(?:^    |   )(\d+) +\w", exit_codes or "", re.MULTILINE)
    assert sorted(map(int, rows)) == sorted(map(int, stated))


def test_the_gpu_models() -> None:
    text = (DOCS / "gpus.md").read_text()
    for name, model in MODELS.items():
        sizes = ", ".join(map(str, model.memory_gb))
        assert re.search(rf"\b{name} {sizes}(?![\d,])", text.replace("\n  ", " ")), name
