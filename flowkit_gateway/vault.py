"""Encryption of what the gateway keeps and must not show: one key, in a file beside the rows."""

from __future__ import annotations

import contextlib
import hmac
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flowkit_gateway.problems import Unavailable

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

FILE_NAME = "secrets.key"
_RESTORE = "restore the file from a backup; what was encrypted with it cannot be read otherwise"


class VaultClosed(Unavailable):
    """The key cannot be used; nothing was encrypted, decrypted or overwritten."""


class Vault:
    """Encrypts and decrypts with a key that is made when it is first needed.

    The key is read once, on first use, and so is the library: a gateway that has nothing to
    encrypt starts without either. The format is Fernet, AES-128-CBC with HMAC-SHA256
    (https://github.com/fernet/spec/blob/master/Spec.md). Any thread may use it.

    Args:
        key_file: the key's file, of this user alone.
        sample: returns anything that was encrypted before and is still kept, None when there is
            nothing. With it a lost or exchanged key is noticed before anything is written with
            another one.
    """

    def __init__(self, key_file: Path, sample: Callable[[], bytes | None]) -> None:
        self._key_file = key_file
        self._sample = sample
        self._fernet: Fernet | None = None
        self._key = b""
        self._lock = threading.Lock()

    def encrypt(self, plain: bytes) -> bytes:
        """Return bytes that only `decrypt` can read.

        Raises:
            VaultClosed: the key is lost, is not the one of what is kept, or others may read it.
        """
        return self._open().encrypt(plain)

    def decrypt(self, encrypted: bytes) -> bytes:
        """Return what `encrypt` was given.

        Raises:
            VaultClosed: as of `encrypt`, or the bytes are damaged.
        """
        return self._decrypt(self._open(), encrypted)

    def fingerprint(self, data: bytes) -> bytes:
        """Return 32 bytes by which the same data is known again, and from which none is guessed.

        Raises:
            VaultClosed: as of `encrypt`.
        """
        self._open()
        return hmac.digest(self._key, b"fingerprint\0" + data, "sha256")

    def _open(self) -> Fernet:
        with self._lock:
            if self._fernet is None:
                self._fernet = self._checked(self._sample())
            return self._fernet

    def _checked(self, sample: bytes | None) -> Fernet:
        from cryptography.fernet import Fernet

        key = self._read()
        if key is None:
            if sample is not None:
                raise VaultClosed(f"the key file {self._key_file} is lost", hint=_RESTORE)
            key = Fernet.generate_key()
            self._create(key)
        try:
            fernet = Fernet(key)
        except ValueError:
            raise VaultClosed(
                f"the key file {self._key_file} holds no key", hint=_RESTORE
            ) from None
        if sample is not None:
            self._decrypt(fernet, sample)
        self._key = key
        return fernet

    def _decrypt(self, fernet: Fernet, encrypted: bytes) -> bytes:
        from cryptography.fernet import InvalidToken

        try:
            return fernet.decrypt(encrypted)
        except InvalidToken:
            raise VaultClosed(
                f"the key file {self._key_file} is not the one that this was encrypted with",
                hint=_RESTORE,
            ) from None

    def _read(self) -> bytes | None:
        try:
            descriptor = os.open(self._key_file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise VaultClosed(f"the key file {self._key_file} is not a file", hint=_RESTORE)
            if status.st_uid != os.geteuid():
                raise VaultClosed(
                    f"the key file {self._key_file} belongs to another user",
                    hint="make it yours with chown",
                )
            if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise VaultClosed(
                    f"others may read the key file {self._key_file}",
                    hint=f"chmod 600 {self._key_file}",
                )
            return os.read(descriptor, 4096).strip()
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            os.close(descriptor)

    def _create(self, key: bytes) -> None:
        """Write the key where there is none; it has its name only once it is whole and durable."""
        partial = self._key_file.with_name(f"{self._key_file.name}.partial")
        try:
            with contextlib.suppress(FileNotFoundError):
                # Of a gateway that was killed here; the directory is this process's alone.
                partial.unlink()
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:
                file.write(key + b"\n")
                file.flush()
                os.fsync(descriptor)
            # Unlike a rename, a link never takes the place of a file that is there.
            os.link(partial, self._key_file)
            partial.unlink()
            directory = os.open(self._key_file.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> VaultClosed:
        return VaultClosed(f"cannot use the key file {self._key_file}: {error.strerror}")
