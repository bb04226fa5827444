"""Passwords are hashed slowly, checked rightly, and nobody's takes as long as somebody's."""

import asyncio
from typing import Literal

from argon2 import PasswordHasher

from tocsin.store.passwords import Passwords

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


class Counting(PasswordHasher):
    """Argon2 that counts its checks and how many ran at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.checks = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2's word
        self.checks += 1
        return super().verify(hash, password)


async def test_only_the_right_password_matches() -> None:
    passwords = Passwords(QUICK)
    stored = await passwords.hash("correct horse")

    assert await passwords.matches(stored, "correct horse")
    assert not await passwords.matches(stored, "correct horsf")
    assert "correct" not in stored


async def test_the_same_password_is_never_stored_alike() -> None:
    passwords = Passwords(QUICK)

    first, second = await asyncio.gather(passwords.hash("same"), passwords.hash("same"))

    assert first != second


async def test_nobodys_password_is_checked_all_the_same_and_never_right() -> None:
    hasher = Counting()
    passwords = Passwords(hasher)

    for guess in ("nobody's password", "x"):
        assert not await passwords.matches(None, guess)

    assert hasher.checks == 2


async def test_a_damaged_hash_matches_nothing() -> None:
    assert not await Passwords(QUICK).matches("not a hash", "x")


async def test_the_real_costs_are_those_that_are_recommended() -> None:
    stored = await Passwords().hash("correct horse")

    assert "$argon2id$v=19$m=19456,t=2,p=1$" in stored
