"""The key that everything secret is encrypted with."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flowkit_gateway.vault import Vault, VaultClosed


def nothing_kept() -> None:
    """Say that nothing was encrypted before."""


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "secrets.key"


def test_what_goes_in_comes_out_and_is_not_seen_between(key_file: Path) -> None:
    vault = Vault(key_file, nothing_kept)
    encrypted = vault.encrypt(b"hunter2")
    assert b"hunter2" not in encrypted
    assert vault.encrypt(b"hunter2") != encrypted
    assert vault.decrypt(encrypted) == b"hunter2"
    assert Vault(key_file, lambda: encrypted).decrypt(encrypted) == b"hunter2"


def test_the_key_is_made_on_first_use_for_its_owner_alone(key_file: Path) -> None:
    vault = Vault(key_file, nothing_kept)
    assert not key_file.exists()
    vault.encrypt(b"x")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert os.listdir(key_file.parent) == [key_file.name]


def test_many_threads_make_one_key(key_file: Path) -> None:
    vault = Vault(key_file, nothing_kept)
    encrypted: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: encrypted.append(vault.encrypt(b"x"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = Vault(key_file, lambda: encrypted[0])
    assert {again.decrypt(each) for each in encrypted} == {b"x"}


def test_a_lost_key_is_not_replaced_while_anything_needs_it(key_file: Path) -> None:
    encrypted = Vault(key_file, nothing_kept).encrypt(b"x")
    key_file.unlink()
    vault = Vault(key_file, lambda: encrypted)
    for use, data in ((vault.encrypt, b"y"), (vault.decrypt, encrypted)):
        with pytest.raises(VaultClosed, match="is lost") as raised:
            use(data)
        assert "backup" in str(raised.value.hint)
    assert not key_file.exists()
    vault = Vault(key_file, nothing_kept)
    assert vault.decrypt(vault.encrypt(b"y")) == b"y"


def test_the_key_of_another_gateway_encrypts_nothing(key_file: Path) -> None:
    encrypted = Vault(key_file, nothing_kept).encrypt(b"x")
    other = key_file.with_name("other.key")
    Vault(other, nothing_kept).encrypt(b"x")
    os.replace(other, key_file)
    with pytest.raises(VaultClosed, match="is not the one"):
        Vault(key_file, lambda: encrypted).encrypt(b"y")


@pytest.mark.parametrize("content", [b"", b"not a key\n", b"\xff" * 44])
def test_a_damaged_key_stays_as_it_is(key_file: Path, content: bytes) -> None:
    key_file.touch(mode=0o600)
    key_file.write_bytes(content)
    with pytest.raises(VaultClosed, match="holds no key"):
        Vault(key_file, nothing_kept).encrypt(b"x")
    assert key_file.read_bytes() == content


def test_a_key_that_others_may_read_is_refused_with_the_command_that_helps(
    key_file: Path,
) -> None:
    Vault(key_file, nothing_kept).encrypt(b"x")
    key_file.chmod(0o640)
    with pytest.raises(VaultClosed, match="others may read") as raised:
        Vault(key_file, nothing_kept).encrypt(b"x")
    assert raised.value.hint == f"chmod 600 {key_file}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_key_of_another_user_is_refused(key_file: Path) -> None:
    Vault(key_file, nothing_kept).encrypt(b"x")
    os.chown(key_file, 65534, 65534)
    with pytest.raises(VaultClosed, match="belongs to another user"):
        Vault(key_file, nothing_kept).encrypt(b"x")


def test_a_key_that_is_no_file_is_neither_read_nor_waited_for(key_file: Path) -> None:
    os.mkfifo(key_file, 0o600)
    with pytest.raises(VaultClosed, match="is not a file"):
        Vault(key_file, nothing_kept).encrypt(b"x")
    key_file.unlink()
    key_file.symlink_to("/dev/zero")
    with pytest.raises(VaultClosed, match="cannot use the key file"):
        Vault(key_file, nothing_kept).encrypt(b"x")


def test_what_a_killed_gateway_left_of_a_key_is_in_nobodys_way(key_file: Path) -> None:
    key_file.with_name("secrets.key.partial").write_bytes(b"half")
    vault = Vault(key_file, nothing_kept)
    assert vault.decrypt(vault.encrypt(b"x")) == b"x"
    assert os.listdir(key_file.parent) == [key_file.name]


def test_a_fingerprint_is_known_again_and_depends_on_the_key(key_file: Path) -> None:
    vault = Vault(key_file, nothing_kept)
    other = Vault(key_file.with_name("other.key"), nothing_kept)
    assert vault.fingerprint(b"a") == Vault(key_file, nothing_kept).fingerprint(b"a")
    assert len({vault.fingerprint(b"a"), vault.fingerprint(b"b"), other.fingerprint(b"a")}) == 3


def test_a_gateway_without_secrets_does_not_load_the_library() -> None:
    check = "import sys, flowkit_gateway.serve; print('cryptography' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", check], capture_output=True, check=True)
    assert found.stdout == b"False\n"
