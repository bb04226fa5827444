"""Access tokens that a fake platform gives out and that end."""

import secrets
from dataclasses import dataclass

LIFE_S = 7200


@dataclass(frozen=True, slots=True)
class _Given:
    token: str
    ends_at_s: float


class Tokens:
    """The tokens of one credential; several may be good at once.

    Whoever asks again gets the same one while more than `renew_s` is left of it.
    """

    def __init__(self, prefix: str, renew_s: float = 0) -> None:
        self._prefix = prefix
        self._renew_s = renew_s
        self._given: list[_Given] = []

    def give(self, now_s: float) -> tuple[str, int]:
        """One, and for how many seconds it is good."""
        if not self._given or self._given[-1].ends_at_s - now_s <= self._renew_s:
            token = self._prefix + secrets.token_urlsafe(24)
            self._given.append(_Given(token, now_s + LIFE_S))
        last = self._given[-1]
        return last.token, int(last.ends_at_s - now_s)

    def is_known(self, token: str) -> bool:
        """Whether it was given out at some time."""
        return any(one.token == token for one in self._given)

    def is_good(self, token: str, now_s: float) -> bool:
        """Whether it was given out and has not ended."""
        return any(one.token == token and now_s < one.ends_at_s for one in self._given)

    def expire(self) -> None:
        """Let all be at their end."""
        self._given = [_Given(one.token, 0.0) for one in self._given]
