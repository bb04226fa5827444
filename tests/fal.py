"""A stand-in for FAL: it publishes keys, signs calls, has a queue, and serves files."""

import hashlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.ingest.test_remote_keys import jwk, jwks
from tocsin.testing.outside import Outside, Reply, outside

LORA = b"weights" * 100_000


@dataclass
class Fal:
    """What the world outside answers in FAL's place."""

    world: Outside
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def settings(self) -> Mapping[str, str]:
        """What makes a server take this one for FAL."""
        source = "TOCSIN_SOURCES__FAL__"
        return {
            f"{source}JWKS_URL": f"{self.world.url}/jwks",
            f"{source}API_URL": self.world.url,
            f"{source}ALLOWED_NETWORKS": "127.0.0.0/8",
            f"{source}ALLOWED_HOSTS": "127.0.0.1",
        }

    def publish(self, *more: Ed25519PrivateKey) -> None:
        """Have the key, and others, at the address of the keys."""
        keys = [key.public_key().public_bytes_raw() for key in (*more, self.key)]
        self.world.answer("/jwks", jwks(*(jwk(key, is_padded=True) for key in keys)))

    def signed(
        self, body: bytes, *, at: float | None = None, key: Ed25519PrivateKey | None = None
    ) -> dict[str, str]:
        """The headers of a call with this body."""
        request_id = str(orjson.loads(body).get("request_id", ""))
        stamp = str(int(time.time() if at is None else at))
        digest = hashlib.sha256(body).hexdigest()
        message = f"{request_id}\nuser-1\n{stamp}\n{digest}".encode()
        return {
            "Content-Type": "application/json",
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": "user-1",
            "X-Fal-Webhook-Timestamp": stamp,
            "X-Fal-Webhook-Signature": (key or self.key).sign(message).hex(),
        }

    def result(self, path: str = "/lora") -> dict[str, Any]:
        """A portrait's result, whose file is at `path`."""
        url = f"{self.world.url}{path}"
        return {"diffusers_lora_file": {"url": url, "file_name": "lora.safetensors"}}

    def end(self, request_id: str = "r-1", path: str = "/lora") -> bytes:
        """The body of the call that a portrait has ended well."""
        payload = self.result(path)
        return orjson.dumps({"request_id": request_id, "status": "OK", "payload": payload})


@asynccontextmanager
async def fal() -> AsyncIterator[Fal]:
    """FAL, with its key published and its file in place."""
    async with outside() as world:
        made = Fal(world)
        made.publish()
        world.answer("/lora", Reply(body=LORA))
        yield made
