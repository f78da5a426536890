"""What `import flowkit` costs and gives."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import flowkit
from flowkit import errors


def loaded_by(program: str) -> set[str]:
    """Return the modules that a fresh Python has loaded after a program."""
    command = [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"]
    return set(
        subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=60
        ).stdout.split()
    )


def test_the_import_loads_nothing_else() -> None:
    grown = loaded_by("import flowkit") - loaded_by("pass")
    assert grown == {"__future__", "flowkit", "flowkit._version"}


@pytest.mark.parametrize("name", ["Flow", "TaskConfig", "TaskStatus", "FlowError", "GPURequest"])
def test_a_name_does_not_load_httpx(name: str) -> None:
    assert "httpx" not in loaded_by(f"from flowkit import {name}")


def test_a_flow_does_not_load_httpx_before_its_first_call() -> None:
    assert "httpx" not in loaded_by("from flowkit import Flow\nFlow('http://127.0.0.1:1')")


def test_all_names_exist_and_are_sorted() -> None:
    assert flowkit.__all__ == sorted(flowkit.__all__)
    for name in flowkit.__all__:
        assert getattr(flowkit, name) is not None
    assert set(flowkit.__all__) <= set(dir(flowkit))


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Flwo'"):
        _ = flowkit.Flwo  # type: ignore[attr-defined]  # what the test is about


def test_types_and_names_agree() -> None:
    tree = ast.parse(Path(str(flowkit.__file__)).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        name.asname: (statement.module, name.name)
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for name in statement.names
    }
    assert set(typed) == set(flowkit.__all__) - {"__version__"}
    for name, (module, original) in typed.items():
        assert getattr(flowkit, str(name)) is getattr(
            importlib.import_module(str(module)), original
        )


def test_every_error_is_public() -> None:
    tree = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.FlowError)
    }
    assert tree <= set(flowkit.__all__)


def test_the_twins_have_the_same_methods() -> None:
    from flowkit._async import client, flow, sweep, sweeps, task, tasks
    from flowkit._sync import client as sync_client
    from flowkit._sync import flow as sync_flow
    from flowkit._sync import sweep as sync_sweep
    from flowkit._sync import sweeps as sync_sweeps
    from flowkit._sync import task as sync_task
    from flowkit._sync import tasks as sync_tasks

    for twin, other in (
        (flow.AsyncFlow, sync_flow.Flow),
        (client.AsyncClient, sync_client.Client),
        (task.AsyncTask, sync_task.Task),
        (tasks.AsyncTasks, sync_tasks.Tasks),
        (sweep.AsyncSweep, sync_sweep.Sweep),
        (sweeps.AsyncSweeps, sync_sweeps.Sweeps),
    ):
        public = {name for name in dir(twin) if not name.startswith("_")}
        assert public == {name for name in dir(other) if not name.startswith("_")}


def contract_operations() -> dict[str, tuple[str, bool]]:
    """Return the method of each operation of the contract, and whether it takes a key."""
    import json

    import flowkit_api

    contract = json.loads(Path(str(flowkit_api.__file__)).with_name("openapi.json").read_bytes())
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    return {
        operation["operationId"]: (method, key in operation.get("parameters", []))
        for path in contract["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    }


def test_the_keyed_operations_are_the_contracts() -> None:
    from flowkit.transport.operations import TAKE_IDEMPOTENCY_KEY

    keyed = {name for name, (_, takes_key) in contract_operations().items() if takes_key}
    assert keyed == TAKE_IDEMPOTENCY_KEY


NOT_REPEATED = {
    "append_upload",  # what has arrived of the first call decides where the second begins
    "collect_garbage",  # a second answer would not name what went
    "mount_volume",  # the second finds the target taken
    "move_file",  # the second finds nothing to move
    "retry_sweep",  # the second may find that a case has failed once more
}


def test_every_change_is_repeated_safely_or_not_at_all() -> None:
    from flowkit.transport.operations import LENGTHY, SAFE_TO_REPEAT, TAKE_IDEMPOTENCY_KEY

    changes = {
        name for name, (method, _) in contract_operations().items() if method in ("post", "patch")
    }
    assert changes == SAFE_TO_REPEAT | TAKE_IDEMPOTENCY_KEY | NOT_REPEATED
    assert not SAFE_TO_REPEAT & (TAKE_IDEMPOTENCY_KEY | NOT_REPEATED)
    assert set(contract_operations()) >= LENGTHY
