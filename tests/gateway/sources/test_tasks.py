"""Tasks of a gateway that mount remote data, from submit to their outputs."""

from __future__ import annotations

import uuid

import httpx
import pytest

from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.sources.s3_server import S3Server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    name = f"bucket-{uuid.uuid4().hex}"
    s3.make_bucket(name, {"set/a.txt": b"alpha\n", "set/deep/b.txt": b"beta\n"})
    return name


@pytest.fixture
def gateway(start_gateway: StartGateway) -> GatewayProcess:
    return start_gateway(engine="local")


def submit(client: httpx.Client, s3: S3Server, source: str, script: str) -> httpx.Response:
    body = {
        "command": ["bash", "-c", script],
        "mounts": [{"target": "/flowkit-test-data", "source": source}],
        "mount_env": s3.env,
        "outputs": ["*.txt"],
    }
    return client.post("/v1/tasks", json=body)


def ended(client: httpx.Client, task_id: str) -> dict[str, object]:
    task: dict[str, object] = client.get(f"/v1/tasks/{task_id}:wait?timeout=20").json()
    return task


def test_a_task_reads_what_a_bucket_has_and_keeps_what_it_made(
    gateway: GatewayProcess, project: str, s3: S3Server, bucket: str
) -> None:
    script = (
        "cd /flowkit-test-data; cat a.txt deep/b.txt >$OLDPWD/both.txt; touch c.txt || echo refused"
    )
    with gateway.client(project) as client:
        task_id = submit(client, s3, f"s3://{bucket}/set", script).json()["id"]
        task = ended(client, task_id)
        log = client.get(f"/v1/tasks/{task_id}/logs").text

    assert task["status"] == "completed", task
    assert "refused" in log
    kept = gateway.data_dir / "tasks" / task_id / "1" / "outputs"
    assert [path.name for path in kept.iterdir()] == ["both.txt"]
    assert (kept / "both.txt").read_text() == "alpha\nbeta\n"
    assert s3.secret not in gateway.log


def test_a_bucket_that_is_not_there_is_refused_at_submit(
    gateway: GatewayProcess, project: str, s3: S3Server
) -> None:
    with gateway.client(project) as client:
        refused = submit(client, s3, "s3://no-such-bucket-here/set", "true")
        tasks = client.get("/v1/tasks").json()["items"]

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_mount")
    assert "there is nothing at this address" in refused.json()["detail"]
    assert tasks == []


def test_a_task_keeps_its_mount_and_its_outputs_when_the_gateway_is_killed(
    gateway: GatewayProcess, start_gateway: StartGateway, project: str, s3: S3Server, bucket: str
) -> None:
    script = (
        "echo up >up.txt; until [ -e go ]; do sleep 0.05; done; cat /flowkit-test-data/a.txt >a.txt"
    )
    with gateway.client(project) as client:
        task_id = submit(client, s3, f"s3://{bucket}/set", script).json()["id"]
        attempt = gateway.data_dir / "tasks" / task_id / "1"
        eventually((attempt / "workspace" / "up.txt").exists, within=20)
    gateway.kill()
    (attempt / "workspace" / "go").touch()
    eventually((attempt / "exit").exists)

    again = start_gateway(engine="local")
    with again.client(project) as client:
        task = ended(client, task_id)

    assert task["status"] == "completed", task
    assert (attempt / "outputs" / "a.txt").read_text() == "alpha\n"
