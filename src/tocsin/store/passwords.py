"""Passwords are hashed and checked here, by argon2id, off the event loop."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tocsin.model.people import password_bytes

# OWASP's recommendation of 2024 for argon2id: 19 MiB, two passes, one lane; about 20 ms.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each check takes memory and a core for a moment: a flood of them must not take all.
_AT_ONCE = 2


class Passwords:
    """Hashes and checks passwords, a few at a time."""

    def __init__(self, hasher: PasswordHasher = _HASHER) -> None:
        self._hasher = hasher
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """What is stored of a password; it carries its own salt and costs."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password_bytes(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one; for None, nobody's hash, it never is.

        Nobody's takes as long as somebody's, so that the time does not tell who has an account.
        """
        if stored is None and self._decoy is None:
            self._decoy = await self.hash("nobody's password")
        async with self._turn:
            is_right = await asyncio.to_thread(
                self._verify, stored or self._decoy or "", password_bytes(password)
            )
        return is_right and stored is not None

    def _verify(self, stored: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
