"""Write everything that is generated: flowkit_api from the contract, the synchronous twins.

python scripts/regenerate.py            write it (`make regen`)
python scripts/regenerate.py --check    fail when it is not fresh (`make check-regen`)
"""

from __future__ import annotations

import argparse
import filecmp
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from write_sync import ROOT, TWINS, tidy, write_sync

CLIENT = "generated/flowkit_api"
OUTPUTS = (CLIENT, *(target for _, target in TWINS))
METHODS = {"get", "put", "post", "patch", "delete"}

Document = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, list what is stale")
    check = parser.parse_args().check
    with TemporaryDirectory() as directory:
        fresh = Path(directory)
        write_client(ROOT, fresh)
        write_sync(ROOT, fresh)
        stale = sorted(path for output in OUTPUTS for path in differing(ROOT, fresh, output))
        if not check:
            for path in stale:
                update(ROOT / path, fresh / path)
    sys.stderr.writelines(f"{'stale' if check else 'written'}: {path}\n" for path in stale)
    if check and stale:
        sys.exit("run `make regen` and commit what it writes")


def write_client(root: Path, into: Path) -> None:
    """Write flowkit_api from the contract.

    Args:
        root: The checkout to read the contract and the templates from.
        into: The checkout to write into.

    Raises:
        SystemExit: The generator is of another version than the templates, or it failed.
    """
    templates = root / "templates"
    wanted = json.loads((templates / "UPSTREAM.json").read_text())["version"]
    if (found := version("openapi-python-client")) != wanted:
        sys.exit(f"openapi-python-client {found} is installed, the templates are for {wanted}")
    document = yaml.load((root / "openapi.yaml").read_bytes(), yaml.CSafeLoader)
    client = into / CLIENT
    client.parent.mkdir(parents=True)
    with TemporaryDirectory() as directory:
        overrides = Path(shutil.copytree(templates, Path(directory) / "templates"))
        described = json.dumps(parameter_descriptions(document))
        (overrides / "contract.jinja").write_text(f"{'{%'} set descriptions = {described} {'%}'}\n")
        generate(root / "openapi.yaml", overrides, client)
    # A schema of nothing but values is a dict, and its module is left empty by the template.
    for path in client.rglob("*.py"):
        if not path.read_text(encoding="utf-8").strip():
            path.unlink()
    shutil.copy(templates / "codec.py", client)
    compact = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (client / "openapi.json").write_text(compact + "\n", encoding="utf-8")
    (client / "py.typed").touch()
    tidy(client)


def generate(contract: Path, templates: Path, client: Path) -> None:
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
    options = {
        "--path": contract,
        "--config": templates / "config.yaml",
        "--custom-template-path": templates,
        "--output-path": client,
        "--meta": "none",
    }
    arguments = [str(word) for option in options.items() for word in option]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"openapi-python-client failed:\n{done.stdout}{done.stderr}")


def parameter_descriptions(document: Document) -> dict[str, dict[str, str]]:
    """Collect what the generator drops: the description of each parameter of each operation.

    Args:
        document: The contract.

    Returns:
        Descriptions by parameter by operationId.
    """
    shared = document["components"]["parameters"]
    found = {}
    for item in document["paths"].values():
        for method in METHODS & item.keys():
            parameters = item.get("parameters", []) + item[method].get("parameters", [])
            resolved = [shared.get(p.get("$ref", "").rpartition("/")[2], p) for p in parameters]
            described = {p["name"]: p.get("description", "") for p in resolved}
            found[item[method]["operationId"]] = described
    return found


def differing(root: Path, fresh: Path, output: str) -> Iterator[str]:
    for path in {*files(root, output), *files(fresh, output)}:
        old, new = root / path, fresh / path
        if not (old.exists() and new.exists() and filecmp.cmp(old, new, shallow=False)):
            yield path


def files(root: Path, output: str) -> Iterator[str]:
    for path in (root / output).rglob("*"):
        if path.is_file() and path.parent.name != "__pycache__":
            yield path.relative_to(root).as_posix()


def update(old: Path, new: Path) -> None:
    if new.exists():
        old.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(new, old)
    else:
        old.unlink()


if __name__ == "__main__":
    main()
