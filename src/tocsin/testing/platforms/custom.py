"""A fake of somebody's own receiver, which holds senders to Standard Webhooks.

With a secret it wants id, time (five minutes) and signature, of which one has to be right; an id
that came before is taken once. Without, it takes any JSON.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tocsin.testing.fake import Fake, Faults, Trouble
from tocsin.testing.forms import content_type, json_object
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate, whole_s
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Taken, words

HOOK = "/hook"
TOLERANCE_S = 300
SECRET = "whsec_"  # noqa: S105 - what a secret begins with
PUBLIC_KEY = "whpk_"


def said(status: int, message: str, **headers: str) -> Reply:
    """An answer with a word about it."""
    return Reply.of({"message": message}, status, **headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is `whsec_…`, or the public key `whpk_…` of who signs with the private one.

    `headers` have to come with each call; `rate` is in calls a minute.
    """

    secret: str = ""
    headers: Mapping[str, str] | None = None
    rate: int = 0


class Platform(Fake):
    TITLE = "A receiver of one's own"
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("HTTP 503 with Retry-After", said(503, "busy", Retry_After="2")),
        "rate_limited": Trouble("HTTP 429, Retry-After", said(429, "too many", Retry_After="3")),
        "gone": Trouble("HTTP 410", said(410, "gone")),
        "redirect": Trouble(
            "HTTP 302 to somewhere else",
            Reply(status=302, headers={"Location": "http://127.0.0.1/elsewhere"}),
        ),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._options = options
        self._rates = Counts(*((Rate(options.rate, 60),) if options.rate else ()))
        self._seen: set[str] = set()

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        own = self._options
        config: dict[str, Any] = {"url": f"{self.shelf.url}{HOOK}"}
        if own.headers:
            config["headers"] = dict(own.headers)
        # What belongs to a public key is the sender's own.
        if own.secret.startswith(SECRET):
            config["sign_secret"] = own.secret
        return {"post": config, "put": {**config, "method": "PUT"}}

    def sends(self, call: Asked) -> bool:
        return call.method in {"POST", "PUT"}

    def refuse(self, code: str, _call: Asked) -> Reply:
        return said(int(code), "refused")

    def take(self, call: Asked) -> Reply:
        if call.path != HOOK:
            return said(404, "not found")
        if call.method not in {"POST", "PUT"}:
            return said(405, "POST or PUT")
        wanted = {name.lower(): value for name, value in (self._options.headers or {}).items()}
        if any(call.headers.get(name) != value for name, value in wanted.items()):
            return said(401, "a header is missing")
        if self._options.secret and not self._is_signed(call):
            return said(401, "wrong signature, or signed too long ago")
        body = json_object(call)
        if body is None or content_type(call) != "application/json":
            return said(400, "not JSON")
        if (wait_s := self._rates.wait_s("", self.shelf.now_s)) > 0:
            return said(429, "too many", Retry_After=str(whole_s(wait_s)))
        message_id = call.headers.get("webhook-id", "")
        if message_id and message_id in self._seen:
            return said(200, "was here before")
        self._seen.add(message_id)
        self._keep(message_id, body)
        return said(200, "received")

    def _keep(self, message_id: str, body: dict[str, Any]) -> None:
        shown = orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
        kind = str(body.get("event_type") or body.get("type") or "")
        self.shelf.keep(
            Taken(
                id=message_id or f"call{self.shelf.number()}",
                at=self.shelf.clock.now(),
                kind="json",
                title=kind,
                parts=words(shown),
                raw=body,
            )
        )

    def _is_signed(self, call: Asked) -> bool:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        message_id, timestamp, signatures = (call.headers.get(name, "") for name in names)
        if not message_id or not timestamp.isdecimal():
            return False
        if abs(self.shelf.now_s - int(timestamp)) > TOLERANCE_S:
            return False
        content = f"{message_id}.{timestamp}.".encode() + call.body
        secret = self._options.secret
        if secret.startswith(PUBLIC_KEY):
            return any(
                _is_of_key(secret.removeprefix(PUBLIC_KEY), one, content)
                for one in _signatures(signatures, "v1a")
            )
        key = b64decode(secret.removeprefix(SECRET) + "==")
        wanted = b64encode(hmac.new(key, content, "sha256").digest())
        found = (one.encode() for one in _signatures(signatures, "v1"))
        return any(hmac.compare_digest(wanted, one) for one in found)


def _signatures(header: str, version: str) -> Iterator[str]:
    """Those of one version; several while a secret is changed, others of no interest."""
    for one in header.split(" "):
        name, _, signature = one.partition(",")
        if name == version:
            yield signature


def _is_of_key(key: str, signature: str, content: bytes) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(b64decode(key))
        public.verify(b64decode(signature), content)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
