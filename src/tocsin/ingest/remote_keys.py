"""The public keys that a sender publishes as a JWKS (RFC 7517), kept and fetched anew when needed.

Good for a day at most. Anybody can ask for a fetch with a call that no key has signed, so one is
made a minute at most, and those who ask meanwhile wait for the same one. While the sender is away
the keys known before stay, however old: it is the calls that matter, and their keys change once
in years. Each instance fetches for itself.
"""

import asyncio
import base64
import binascii
from collections.abc import Iterator
from typing import Any

import orjson
import structlog

from tocsin.clock import Clock
from tocsin.edge.outbound import Outbound
from tocsin.errors import DeliveryFailed, Reason, TryLater

MAX_AGE_S = 24 * 3600.0
MIN_PAUSE_S = 60.0
# FAL has had three keys at most; each is tried on each call.
MAX_KEYS = 20
MAX_BYTES = 262_144
TIMEOUT_S = 5.0
_KEY_BYTES = 32

log = structlog.get_logger(__name__)


class PublishedKeys:
    """The Ed25519 keys at `url`; nothing is fetched before somebody needs it."""

    def __init__(self, url: str, http: Outbound, clock: Clock) -> None:
        self._url = url
        self._http = http
        self._clock = clock
        self._keys: tuple[bytes, ...] = ()
        self._fetched_s: float | None = None
        self._tried_s: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    @property
    def known(self) -> tuple[bytes, ...]:
        """The keys; none once they are a day old, so that who verifies asks for new ones.

        Those are given all the same while it is too early to ask again.
        """
        is_fresh = self._age_s(self._fetched_s) < MAX_AGE_S
        return self._keys if is_fresh or self._has_just_tried() else ()

    async def refresh(self) -> None:
        """Fetch them, unless that was tried within a minute; never raises for a sender's fault."""
        if self._fetching is None:
            if self._has_just_tried():
                return
            self._fetching = asyncio.create_task(self._fetch(), name="published keys")
            self._fetching.add_done_callback(self._done)
        # Who goes away does not end what others wait for.
        await asyncio.shield(self._fetching)

    def _done(self, _task: "asyncio.Task[None]") -> None:
        self._fetching = None

    async def _fetch(self) -> None:
        self._tried_s = self._clock.monotonic()
        try:
            answer = await self._http.call(
                "GET", self._url, max_bytes=MAX_BYTES, timeout_s=TIMEOUT_S
            )
            keys = _keys_in(answer.body) if answer.status == 200 else ()
            if not keys:
                message = f"The answer has no key for Ed25519 (status {answer.status})."
                raise TryLater(message, reason=Reason.BAD_ANSWER)
        except DeliveryFailed as error:
            log.warning("keys_not_fetched", reason=error.reason.value, cause=error.message)
            return
        self._keys, self._fetched_s = keys, self._clock.monotonic()
        log.info("keys_fetched", count=len(keys))

    def _has_just_tried(self) -> bool:
        return self._age_s(self._tried_s) < MIN_PAUSE_S

    def _age_s(self, at_s: float | None) -> float:
        return float("inf") if at_s is None else self._clock.monotonic() - at_s


def _keys_in(body: bytes) -> tuple[bytes, ...]:
    """The Ed25519 keys of a JWKS; whatever else is in it is passed over."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ()
    listed = said.get("keys") if isinstance(said, dict) else None
    found = dict.fromkeys(_keys_of(listed)) if isinstance(listed, list) else {}
    return tuple(found)[:MAX_KEYS]


def _keys_of(listed: list[Any]) -> Iterator[bytes]:
    for one in listed:
        if not isinstance(one, dict) or (one.get("kty"), one.get("crv")) != ("OKP", "Ed25519"):
            continue
        x = one.get("x")
        if not isinstance(x, str) or not x.isascii():
            continue
        # RFC 8037 has no padding; FAL's keys were seen with it.
        text = x.strip().rstrip("=")
        try:
            key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            continue
        if len(key) == _KEY_BYTES:
            yield key
