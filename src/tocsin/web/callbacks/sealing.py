"""Seal the secrets of an export with a passphrase, and open them again.

scrypt (RFC 7914) makes the key, AES-256-GCM seals. What is opened says with which parameters it
was made, and no others are taken: they could cost any time and any memory.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import Field

from tocsin.errors import Rejected
from tocsin.web.callbacks.faults import bad_field
from tocsin.web.callbacks.shapes import FromOutside

# 32 MiB and a tenth of a second; a passphrase of a person is worth as much.
_N: Final = 32_768
_R: Final = 8
_P: Final = 1
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
# Nothing else that was sealed with the same passphrase opens here.
_ABOUT = b"tocsin.callbacks 1"

Passphrase = Annotated[str, Field(min_length=8, max_length=1_000)]
# Of each callback and channel, by their ids, the options that are never shown.
Secrets = Mapping[str, Mapping[str, Mapping[str, Any]]]
Base64 = Annotated[str, Field(min_length=1, max_length=8 * 1024 * 1024)]


class SealedSecrets(FromOutside):
    """Secrets that open with the passphrase."""

    kdf: Literal["scrypt"]
    salt: Base64
    n: Literal[32768]
    r: Literal[8]
    p: Literal[1]
    cipher: Literal["aes-256-gcm"]
    nonce: Base64
    text: Base64


def sealed(secrets: Secrets, passphrase: str) -> SealedSecrets:
    """`secrets`, which are JSON, encrypted. Takes a tenth of a second."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    text = AESGCM(_key(passphrase, salt)).encrypt(nonce, orjson.dumps(secrets), _ABOUT)
    return SealedSecrets(
        kdf="scrypt",
        salt=_encoded(salt),
        n=_N,
        r=_R,
        p=_P,
        cipher="aes-256-gcm",
        nonce=_encoded(nonce),
        text=_encoded(text),
    )


def opened(one: SealedSecrets, passphrase: str) -> Any:
    """What was sealed. Takes a tenth of a second.

    Raises:
        Rejected: 422, it does not open with this passphrase, or was changed.
    """
    try:
        salt, nonce, text = (
            base64.b64decode(said, validate=True) for said in (one.salt, one.nonce, one.text)
        )
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, text, _ABOUT)
        return orjson.loads(plain)
    except (binascii.Error, InvalidTag, ValueError) as error:
        raise _wrong() from error


def _wrong() -> Rejected:
    return bad_field("passphrase", "expected the one that the secrets were sealed with")


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=_KEY_BYTES, n=_N, r=_R, p=_P).derive(passphrase.encode())


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
