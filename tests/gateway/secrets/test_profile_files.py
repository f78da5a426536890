"""Profile files: kept for a user, found by each of the user's tasks in its home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import StartGateway

KEYS = "alice-key-0123456789 team ada\nbob-key-0123456789 team bob\n"
Document = dict[str, Any]


def create(api: httpx.Client, path: str, content: str = "hello", **more: Any) -> httpx.Response:
    document = {"path": path, "content": content, **more}
    return api.post("/v1/profile_files", json=document)


def output_of(api: httpx.Client, script: str, **settings: Any) -> list[str]:
    """Run a script to its end and return the lines that it wrote."""
    task = api.post("/v1/tasks", json={"command": ["sh", "-c", script], **settings}).json()
    ended = api.get(f"/v1/tasks/{task['id']}:wait?timeout=20").json()
    assert ended["status"] == "completed", ended
    page = api.get(f"/v1/tasks/{task['id']}/logs").json()
    return "".join(chunk["text"] for chunk in page["chunks"]).splitlines()


def test_a_file_is_listed_without_its_content_and_got_with_it(api: httpx.Client) -> None:
    created = create(api, ".aws/config", "[default]\n", mode=0o640)
    assert created.status_code == 201
    file = created.json()
    assert (file["path"], file["mode"], file["size_bytes"]) == (".aws/config", 0o640, 10)
    assert "content" not in file
    assert api.get("/v1/profile_files").json() == {"items": [file]}
    path = f"/v1/profile_files/{file['id']}"
    assert api.get(path).json() == {**file, "content": "[default]\n"}
    changed = api.patch(path, json={"content": "ä"}).json()
    assert (changed["mode"], changed["size_bytes"]) == (0o640, 2)
    changed = api.patch(path, json={"mode": 0}).json()
    assert (changed["mode"], changed["size_bytes"]) == (0, 2)
    assert api.get(path).json()["content"] == "ä"
    assert api.delete(path).status_code == 204
    for method, body in (("GET", None), ("PATCH", {"mode": 1}), ("DELETE", None)):
        response = api.request(method, path, json=body)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_file_is_its_owners_alone_unless_another_mode_is_given(api: httpx.Client) -> None:
    assert create(api, ".netrc").json()["mode"] == 0o600


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../x", "invalid_path"),
        ("a/../../x", "invalid_path"),
        ("./x", "invalid_path"),
        ("a//b", "invalid_path"),
        ("a/", "invalid_path"),
        ("a\nb", "invalid_path"),
        ("a\x1b[31m", "invalid_path"),
        ("x" * 256, "invalid_path"),
        ("/etc/passwd", "invalid_request"),
        ("", "invalid_request"),
        ("a\0b", "invalid_request"),
    ],
)
def test_what_is_no_path_in_a_home(api: httpx.Client, path: str, code: str) -> None:
    response = create(api, path)
    assert response.json()["code"] == code
    assert response.json()["details"][0]["loc"] == "/body/path"


def test_a_path_is_taken_once_and_is_a_file_or_a_directory(api: httpx.Client) -> None:
    create(api, "a/b")
    assert create(api, "a/b").json()["code"] == "already_exists"
    for path in ("a", "a/b/c"):
        assert create(api, path).json()["code"] == "conflict"
    assert create(api, "a/bc").status_code == 201


def test_a_file_is_bounded_in_bytes_and_files_in_number(api: httpx.Client) -> None:
    assert create(api, "large", "x" * 65536).status_code == 201
    too_large = create(api, "larger", "ä" * 40000)
    assert too_large.json()["code"] == "invalid_request"
    assert "64 KiB" in too_large.json()["detail"]
    for number in range(99):
        assert create(api, f"f{number:02}").status_code == 201
    assert create(api, "one-more").json()["code"] == "quota_exceeded"


def test_a_list_comes_in_pages_by_path(api: httpx.Client) -> None:
    paths = ["b", "a/ä", "a%2Fb", "a b", "Z"]
    for path in paths:
        create(api, path)
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        parameters = {"page_size": "1"} | ({"page_token": token} if token else {})
        page = api.get("/v1/profile_files", params=parameters).json()
        found += [file["path"] for file in page["items"]]
        token = page.get("next_page_token")
    assert found == sorted(paths)


def test_tasks_find_the_files_in_a_home_of_their_own(local: httpx.Client) -> None:
    create(local, ".config/tool/settings", "answer=42", mode=0o755)
    script = 'cat "$HOME/.config/tool/settings"; echo; stat -c %a "$HOME/.config/tool/settings"'
    assert output_of(local, script) == ["answer=42", "755"]
    with_secret = {"name": "TOKEN", "file": ".config/tool/token"}
    local.post("/v1/secrets", json={"name": "TOKEN", "value": "s3cret"})
    assert output_of(local, 'ls "$HOME/.config/tool"', secrets=[with_secret]) == [
        "settings",
        "token",
    ]


def test_a_secret_takes_the_place_of_a_profile_file(local: httpx.Client) -> None:
    create(local, ".token", "of the profile", mode=0o644)
    local.post("/v1/secrets", json={"name": "TOKEN", "value": "s3cret"})
    secrets = [{"name": "TOKEN", "file": ".token"}]
    script = 'cat "$HOME/.token"; echo; stat -c %a "$HOME/.token"'
    assert output_of(local, script, secrets=secrets) == ["s3cret", "600"]


def test_a_file_in_place_of_a_directory_ends_the_task_clearly(local: httpx.Client) -> None:
    create(local, ".aws", "a file")
    local.post("/v1/secrets", json={"name": "TOKEN", "value": "s3cret"})
    document = {"command": ["true"], "secrets": [{"name": "TOKEN", "file": ".aws/token"}]}
    task = local.post("/v1/tasks", json=document).json()
    ended = local.get(f"/v1/tasks/{task['id']}:wait?timeout=20").json()
    assert ended["reason"] == "start_failed"
    assert "cannot place .aws/token in the task's home" in ended["message"]


def test_nothing_is_placed_in_a_home_that_the_caller_brought(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with start_gateway("--embedded", engine="local").client() as api:
        create(api, ".netrc")
        environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        found = output_of(api, 'echo "$HOME"; ls -a "$HOME"', caller_env=environment)
        assert found == [str(home), ".", ".."]


def test_a_file_is_seen_by_its_user_alone(start_gateway: StartGateway, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.touch(mode=0o600)
    keys.write_text(KEYS)
    gateway = start_gateway("--api-key-file", str(keys), engine="local")
    gateway_key = {"ada": "alice-key-0123456789", "bob": "bob-key-0123456789"}
    with (
        gateway.client(key=gateway_key["ada"]) as ada,
        gateway.client(key=gateway_key["bob"]) as bob,
    ):
        file = create(ada, ".netrc", "of ada").json()
        assert bob.get("/v1/profile_files").json() == {"items": []}
        assert bob.get(f"/v1/profile_files/{file['id']}").json()["code"] == "not_found"
        assert create(bob, ".netrc", "of bob").status_code == 201
        assert output_of(ada, 'cat "$HOME/.netrc"') == ["of ada"]
        assert output_of(bob, 'cat "$HOME/.netrc"') == ["of bob"]
