"""Uses of what keeps data and of sweeps: each is given a `Flow` and a task that has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from random import randint
from typing import Any

import pytest

from flowkit.errors import FlowError
from tests.unit.twins import Driven

Use = Callable[[Any, Any], object]


def parts(flow: Any) -> Iterator[bytes] | AsyncIterator[bytes]:
    """Return bytes in parts, as the twin takes them."""

    async def asynchronous() -> AsyncIterator[bytes]:
        for part in (b"a", b"b" * 100_000):
            yield part

    return asynchronous() if isinstance(flow, Driven) else iter((b"a", b"b" * 100_000))


NOBODYS_GRANT = "grant_" + "0" * 26


def held(flow: Any) -> Any:
    """Return a task that does not start."""
    return flow.run("true", hold=True)


def volume(flow: Any) -> Any:
    """Return a volume with a file in it."""
    made = flow.volumes.create(1, name="data", interface="file", cloneable=True)
    flow.storage.write("data:dir/\u00e9 #?", b"kept")
    return made


def shared(flow: Any) -> Any:
    """Return a volume that another project is invited to share."""
    made = volume(flow)
    made.share("project:another", "ro")
    return made


def swept(flow: Any) -> Any:
    """Return a sweep that has ended."""
    return flow.sweep("true {x}", {"x": [1, 0.5, "a"]}).wait()


def reserved(flow: Any) -> Any:
    """Return a reservation of far away."""
    return flow.reserve("1xa100", "1h", start_at=f"2027-0{randint(1, 9)}-10 10:00")


def refused(code: str, call: Callable[[], object]) -> None:
    """Make a call that is valid and comes to nothing."""
    with pytest.raises(FlowError) as refusal:
        call()
    assert refusal.value.code == code


def uploaded(flow: Any) -> str:
    """Return where a tree was uploaded to."""
    Path("tree/empty").mkdir(parents=True)
    Path("tree/file").write_bytes(bytes(5_000_000))
    volume(flow)
    flow.storage.upload("tree", "data:up", overwrite=False)
    flow.storage.upload("tree/file", "data:up/file")
    return "data:up"


USES: dict[str, list[Use]] = {
    "Flow.create_volume": [lambda flow, _: flow.create_volume(1, "a", "file", "local")],
    "Flow.list_volumes": [lambda flow, _: flow.list_volumes(limit=None)],
    "Flow.delete_volume": [lambda flow, _: flow.delete_volume(volume(flow))],
    "Flow.mount_volume": [
        lambda flow, _: flow.mount_volume(volume(flow).id, held(flow), "/mnt/\u00e9"),
    ],
    "Flow.upload_code_to_task": [lambda flow, _: flow.upload_code_to_task(held(flow), ".")],
    "Flow.sweep": [
        lambda flow, _: flow.sweep("true", {"a": "range:0,10,2"}, max_parallel=1),
        lambda flow, _: flow.sweep(
            {"command": ["x", "{a}"], "gpu": "a100"},
            {"a": [1, 2], "b": "case:x,y"},
            combine="zip",
            on_failure="stop",
            idempotency_key="!",
        ),
    ],
    "Flow.map": [lambda flow, _: list(flow.map("true", [1, 2], max_parallel=2))],
    "Task.attempts": [lambda _, task: task.attempts()],
    "Task.hold": [lambda flow, _: held(flow).hold()],
    "Task.release": [lambda flow, _: held(flow).release()],
    "Tasks.attempts": [lambda tasks, task: list(tasks.attempts(task, limit=1))],
    "Tasks.hold": [lambda tasks, _: tasks.hold(tasks.create("true", hold=True))],
    "Tasks.release": [lambda tasks, _: tasks.release(tasks.create("true", hold=True))],
    "Tasks.to_wire": [lambda tasks, _: tasks.to_wire("true", {"code": "."})],
    "Client.volumes": [lambda client, _: client.volumes()],
    "Volumes.create": [
        lambda flow, _: flow.volumes.create(1, permission="ro", idempotency_key="~"),
    ],
    "Volumes.list": [lambda flow, _: list(flow.volumes.list(name="a", limit=10_000))],
    "Volumes.get": [lambda flow, _: flow.volumes.get(volume(flow).name)],
    "Volumes.id_of": [lambda flow, _: flow.volumes.id_of(volume(flow).name)],
    "Volumes.update": [
        lambda flow, _: flow.volumes.update(volume(flow), size_gb=2, clear="name"),
        lambda flow, _: flow.volumes.update(
            flow.volumes.create(1, name="b"), name="c", permission="ro", cloneable=False
        ),
    ],
    "Volumes.usage": [lambda flow, _: flow.volumes.usage(volume(flow))],
    "Volumes.clone": [
        lambda flow, _: flow.volumes.clone(
            volume(flow), name="e", size_gb=5, permission="ro", cloneable=True, idempotency_key="k"
        ),
    ],
    "Volumes.mount": [
        lambda flow, _: flow.volumes.mount(
            volume(flow), held(flow), mount_point="/a", read_only=True
        ),
    ],
    "Volumes.share": [lambda flow, _: flow.volumes.share(volume(flow), "user:eve", "rw")],
    "Volumes.grants": [lambda flow, _: flow.volumes.grants(shared(flow))],
    "Volumes.unshare": [lambda flow, _: flow.volumes.unshare(shared(flow), "project:another")],
    "Volumes.invitations": [lambda flow, _: flow.volumes.invitations()],
    "Volumes.accept": [
        lambda flow, _: refused("not_found", lambda: flow.volumes.accept(NOBODYS_GRANT)),
    ],
    "Volumes.decline": [
        lambda flow, _: refused("not_found", lambda: flow.volumes.decline(NOBODYS_GRANT)),
    ],
    "Volumes.leave": [
        lambda flow, _: refused("invalid_request", lambda: flow.volumes.leave(volume(flow))),
    ],
    "Volumes.delete": [lambda flow, _: flow.volumes.delete(volume(flow).name)],
    "Volume.clone": [lambda flow, _: volume(flow).clone("d")],
    "Volume.delete": [lambda flow, _: volume(flow).delete()],
    "Volume.leave": [lambda flow, _: refused("invalid_request", volume(flow).leave)],
    "Volume.refresh": [lambda flow, _: volume(flow).refresh()],
    "Volume.share": [lambda flow, _: volume(flow).share("project:b")],
    "Volume.to_dict": [lambda flow, _: volume(flow).to_dict()],
    "Volume.unshare": [lambda flow, _: shared(flow).unshare("project:another")],
    "Volume.update": [lambda flow, _: volume(flow).update(name="new")],
    "Volume.usage": [lambda flow, _: volume(flow).usage()],
    "Storage.upload": [lambda flow, _: uploaded(flow)],
    "Storage.download": [lambda flow, _: flow.storage.download(uploaded(flow), "down")],
    "Storage.read": [
        lambda flow, _: (volume(flow), list(flow.storage.read("data:dir/\u00e9 #?"))),
    ],
    "Storage.write": [
        lambda flow, _: (volume(flow), flow.storage.write("data:empty", b"")),
        lambda flow, _: flow.storage.write("data:parts", parts(flow)),
        lambda flow, _: refused("invalid_request", lambda: flow.storage.write("data:text", "text")),
    ],
    "Storage.list": [
        lambda flow, _: (volume(flow), list(flow.storage.list("data:", recursive=True, limit=3))),
    ],
    "Storage.mkdir": [lambda flow, _: (volume(flow), flow.storage.mkdir("data:a/b"))],
    "Storage.rename": [
        lambda flow, _: (volume(flow), flow.storage.rename("data:dir", "data:x", overwrite=True)),
    ],
    "Storage.stat": [
        lambda flow, _: (volume(flow), flow.storage.stat("data:dir/\u00e9 #?", checksum=True)),
    ],
    "Storage.delete": [
        lambda flow, _: (volume(flow), flow.storage.delete("data:dir", recursive=True)),
    ],
    "Outputs.list": [
        lambda flow, task: refused("file_not_found", lambda: list(flow.outputs.list(task))),
        lambda flow, task: refused(
            "file_not_found", lambda: list(flow.outputs.list(task.id, "a", recursive=False))
        ),
    ],
    "Outputs.download": [
        lambda flow, task: refused(
            "file_not_found", lambda: flow.outputs.download(task, into="kept")
        ),
    ],
    "Secrets.set": [
        lambda flow, _: flow.secrets.set("TOKEN", "\u00e9" * 100),
        lambda flow, _: flow.secrets.set("TOKEN", "anew"),
    ],
    "Secrets.list": [lambda flow, _: list(flow.secrets.list(limit=3))],
    "Secrets.delete": [
        lambda flow, _: (flow.secrets.set("OLD", "x"), flow.secrets.delete("OLD")),
    ],
    "ProfileFiles.put": [
        lambda flow, _: flow.profile_files.put(".config/a", b"\xc3\xa9", mode=0o600),
        lambda flow, _: flow.profile_files.put(".config/a", "changed"),
    ],
    "ProfileFiles.get": [
        lambda flow, _: (flow.profile_files.put("a", ""), flow.profile_files.get("a")),
    ],
    "ProfileFiles.list": [lambda flow, _: list(flow.profile_files.list(limit=1))],
    "ProfileFiles.delete": [
        lambda flow, _: (flow.profile_files.put("a", ""), flow.profile_files.delete("a")),
    ],
    "Flow.reserve": [
        lambda flow, _: reserved(flow),
        lambda flow, _: flow.reserve(
            "1xa100", quantity=1, name="n", region="local", end_at="1m", auto_renew=True
        ),
    ],
    "Flow.list_reservations": [lambda flow, _: flow.list_reservations("active", limit=None)],
    "Flow.get_reservation": [lambda flow, _: flow.get_reservation(reserved(flow).id)],
    "Flow.cancel_reservation": [lambda flow, _: flow.cancel_reservation(reserved(flow))],
    "Flow.reservation_availability": [
        lambda flow, _: flow.reservation_availability("1xa100"),
        lambda flow, _: flow.reservation_availability(
            "1xa100", "local", quantity=2, earliest_start_at="1h", latest_end_at="30d"
        ),
    ],
    "Snapshots.create": [
        lambda flow, _: (Path("new").write_text("1"), flow.snapshots.create()),
        lambda flow, _: (Path("new").write_text("2"), flow.snapshots.create()),
    ],
    "Snapshots.create_source": [
        lambda flow, _: (Path("new").write_text("3"), flow.snapshots.create_source("new")),
    ],
    "Snapshots.get": [lambda flow, _: flow.snapshots.get(flow.snapshots.create(".").id)],
    "Snapshots.list": [lambda flow, _: list(flow.snapshots.list(limit=1))],
    "Sweeps.create": [lambda flow, _: flow.sweeps.create("true", {"a": [1]})],
    "Sweeps.get": [lambda flow, _: flow.sweeps.get(swept(flow).id)],
    "Sweeps.list": [lambda flow, _: list(flow.sweeps.list(name="a", limit=1))],
    "Sweeps.cases": [lambda flow, _: list(flow.sweeps.cases(swept(flow), status="failed"))],
    "Sweeps.follow": [lambda flow, _: list(flow.sweeps.follow(swept(flow)))],
    "Sweeps.wait": [lambda flow, _: flow.sweeps.wait(swept(flow), timeout="1h")],
    "Sweeps.retry": [lambda flow, _: flow.sweeps.retry(swept(flow))],
    "Sweeps.cancel": [lambda flow, _: flow.sweeps.cancel(swept(flow))],
    "Sweeps.delete": [lambda flow, _: flow.sweeps.delete(swept(flow))],
    "Sweep.cases": [lambda flow, _: list(swept(flow).cases())],
    "Sweep.follow": [lambda flow, _: list(swept(flow).follow())],
    "Sweep.wait": [lambda flow, _: swept(flow).wait(1)],
    "Sweep.refresh": [lambda flow, _: swept(flow).refresh()],
    "Sweep.retry": [lambda flow, _: swept(flow).retry()],
    "Sweep.cancel": [lambda flow, _: swept(flow).cancel()],
    "Sweep.delete": [lambda flow, _: swept(flow).delete()],
    "Sweep.table": [lambda flow, _: swept(flow).table()],
    "Sweep.to_csv": [lambda flow, _: swept(flow).to_csv()],
    "Sweep.to_json": [lambda flow, _: swept(flow).to_json()],
    "Sweep.to_dict": [lambda flow, _: swept(flow).to_dict()],
}
