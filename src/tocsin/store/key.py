"""The key for secrets at rest: where it comes from, and sealing and opening with it.

The key never touches the database, so that a copy of the database alone gives no secret away.
Beside each ciphertext stands the id of its key: two keys can be in use while one takes the
other's place, and the wrong one is told from a damaged text.
"""

import contextlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.errors import ConfigError

KEY_FILE = "secret.key"
# During a rotation the new key lies here; both count until it has taken the old one's place.
NEXT_KEY_FILE = "secret.key.next"
# 32 letters of hexadecimal are 128 bits, the least that counts as a key today.
MIN_KEY_CHARS = 32

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key as people keep it: any text long enough that nobody guesses it."""

    text: str = field(repr=False)
    id: str

    @classmethod
    def of(cls, text: str, where: str) -> Self:
        """The key with this text; `where` names its place in a complaint.

        Raises:
            ConfigError: it is too short.
        """
        text = text.strip()
        if len(text) < MIN_KEY_CHARS:
            raise ConfigError(
                [f"{where}: expected at least {MIN_KEY_CHARS} characters (`openssl rand -hex 32`)"]
            )
        return cls(text, _derive(text, b"tocsin key id", 8).hex())

    @classmethod
    def new(cls) -> Self:
        """A key nobody has seen yet."""
        return cls.of(secrets.token_urlsafe(32), "secret_key")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it is stored."""

    key_id: str
    ciphertext: bytes


class Vault:
    """Seals with the first of its keys and opens with any of them."""

    def __init__(self, keys: Sequence[SecretKey]) -> None:
        self.key_id = keys[0].id
        self._ciphers = {
            key.id: AESGCM(_derive(key.text, b"tocsin secrets at rest", 32)) for key in keys
        }
        self._keys = tuple(keys)

    def derive(self, purpose: str) -> tuple[bytes, ...]:
        """Of each key another of 32 bytes, for one purpose; the first is the one to use."""
        return tuple(_derive(key.text, f"tocsin {purpose}".encode(), 32) for key in self._keys)

    def seal(self, name: str, plain: str) -> Sealed:
        """`plain` encrypted; it opens under this `name` only, so that rows cannot be swapped."""
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._ciphers[self.key_id]
        text = plain.encode("utf-8", "surrogatepass")
        return Sealed(self.key_id, nonce + cipher.encrypt(nonce, text, name.encode()))

    def can_open(self, key_id: str) -> bool:
        return key_id in self._ciphers

    def open(self, name: str, sealed: Sealed) -> str:
        """The secret in plain.

        Raises:
            ConfigError: it was sealed with another key, or its row was tampered with.
        """
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise ConfigError([f"secret_key: {name!r} was sealed with another key"])
        nonce, text = sealed.ciphertext[:_NONCE_BYTES], sealed.ciphertext[_NONCE_BYTES:]
        try:
            plain = cipher.decrypt(nonce, text, name.encode())
        except (InvalidTag, ValueError) as error:
            raise ConfigError([f"the stored secret {name!r} is damaged"]) from error
        return plain.decode("utf-8", "surrogatepass")


def load_keys(setting: str, data_dir: Path, *, may_make: bool) -> list[SecretKey]:
    """The keys in use, the one to seal with first. Reads and writes files; makes a key once.

    `setting` is `secret_key`, "" when it is not set. Only where the data folder is this one
    process's own (`may_make`, SQLite) can the key lie there: several instances need the same.

    Raises:
        ConfigError: there is no key, it is too short, or others can read its file.
    """
    if setting:
        return [SecretKey.of(setting, "secret_key")]
    path = data_dir / KEY_FILE
    if not may_make:
        raise ConfigError(["secret_key: is required with PostgreSQL (`openssl rand -hex 32`)"])
    if not path.exists():
        _write_new(path, secrets.token_urlsafe(32))
    next_path = data_dir / NEXT_KEY_FILE
    return [_read_key(path)] + ([_read_key(next_path)] if next_path.exists() else [])


def begin_rotation(data_dir: Path) -> SecretKey:
    """The key that takes over, on disk before anything is sealed with it.

    One that an interrupted rotation left there is used: secrets may be sealed with it already.
    """
    path = data_dir / NEXT_KEY_FILE
    if not path.exists():
        _write_new(path, secrets.token_urlsafe(32))
    return _read_key(path)


def end_rotation(data_dir: Path) -> None:
    """Let the new key take the old one's place; called once nothing needs the old one."""
    # Somebody who rotated at the same time, to the same key, may have been first.
    with contextlib.suppress(FileNotFoundError):
        (data_dir / NEXT_KEY_FILE).replace(data_dir / KEY_FILE)
    _sync_folder(data_dir)


def _read_key(path: Path) -> SecretKey:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: the key file cannot be read"]) from error
    if mode & 0o077:
        raise ConfigError([f"{path}: others can read the key file; `chmod 600 {path}`"])
    return SecretKey.of(text, str(path))


def _write_new(path: Path, text: str) -> None:
    """Write a key file whole or not at all; one that is there already is never overwritten."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Two processes that start together: the second one's link fails, and it reads the first's.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    except OSError as error:
        raise ConfigError([f"{path}: the key file cannot be written: {error.strerror}"]) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _derive(text: str, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=purpose).derive(text.encode())
