"""A fake of Discord's webhooks.

What it holds senders to: 2000 characters of content, the sizes of embeds and 6000 over all of
them, who is called by `allowed_mentions`, files in forms, limits that its headers tell. Without
`wait=true` a message that was not saved is answered like one that was.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson

from tocsin.testing.discord_message import MessageError, allowed_calls, check, parts_of
from tocsin.testing.fake import Fake, Faults, Trouble, html
from tocsin.testing.forms import content_type, form, json_object
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate, whole_s
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Picture, Taken

HOOK = re.compile(r"/api(?:/v\d+)?/webhooks/(\d+)/([^/]+)(?:/messages/(\d+))?")
MAX_FILES = 10
MAX_FILE_BYTES = 10 * 1024 * 1024
# So many refusals within ten minutes, and a box before Discord shuts the sender out.
MAX_REFUSED = Rate(10_000, 600)
FIRST_ID = 1_300_000_000_000_000_000


UNKNOWN = "Unknown Webhook"
MODERATED = "Message was blocked by automatic moderation"


def limited(wait_s: float, scope: str) -> Reply:
    """The answer to one too many; the body tells milliseconds, the header seconds."""
    body = {
        "message": "You are being rate limited.",
        "retry_after": round(wait_s, 3),
        "global": scope == "global",
    }
    headers = {"Retry-After": str(whole_s(wait_s)), "X-RateLimit-Scope": scope}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    return Reply.of(body, 429, **headers)


def said(status: int, code: int, message: str, **more: Any) -> Reply:
    """A refusal as Discord gives it."""
    return Reply.of({"message": message, "code": code, **more}, status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`rate` is in messages a minute; Discord's own is told by its headers only."""

    rate: int = 0
    webhook_id: str = "1200000000000000001"
    secret: str = field(default="demo0discord0webhook0secret", repr=False)


class Platform(Fake):
    TITLE = "Discord"
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("HTTP 503", said(503, 0, "Service Unavailable")),
        "rate_limited": Trouble("HTTP 429, for this webhook", limited(1.5, "user")),
        "shared": Trouble("HTTP 429, others sent too much", limited(2.5, "shared")),
        "global": Trouble("HTTP 429 for everything that the sender does", limited(0.5, "global")),
        "gone": Trouble("HTTP 404 with 10015, the webhook was removed", said(404, 10015, UNKNOWN)),
        "automod": Trouble("HTTP 400, text not liked", said(400, 200000, MODERATED)),
        "lost": Trouble("not saved: told only to who asks by wait=true, as HTTP 500"),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._options = options
        self._rates = Counts(Rate(options.rate, 60) if options.rate else Rate(5, 2))
        self._refused = Counts(MAX_REFUSED)

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        own = self._options
        path = f"/api/webhooks/{own.webhook_id}/{own.secret}"
        return {"webhook": {"webhook_url": f"{self.shelf.url}{path}"}}

    def sends(self, call: Asked) -> bool:
        return call.method in {"POST", "PATCH"}

    def fault(self, name: str, call: Asked) -> Reply:
        if name != "lost":
            return super().fault(name, call)
        self.shelf.lose("not saved", json_object(call))
        is_told = call.query.get("wait") == "true"
        return said(500, 0, "500: Internal Server Error") if is_told else Reply(status=204)

    def refuse(self, code: str, _call: Asked) -> Reply:
        return said(400, int(code), "refused")

    def take(self, call: Asked) -> Reply:
        now_s = self.shelf.now_s
        if self._refused.peek_s("", now_s) > 0:
            return html(429, "Error 1015: You are being rate limited")
        reply = self._take(call)
        if reply.status in {401, 403, 429}:
            self._refused.wait_s("", now_s)
        headers = {**self._rate_headers(), **reply.headers}
        return Reply(status=reply.status, body=reply.body, headers=headers)

    def _take(self, call: Asked) -> Reply:
        found = HOOK.fullmatch(call.path)
        if found is None:
            return said(404, 0, "404: Not Found")
        webhook_id, secret, message_id = found.groups()
        if webhook_id != self._options.webhook_id:
            return said(404, 10015, UNKNOWN)
        if secret != self._options.secret:
            return said(401, 50027, "Invalid Webhook Token")
        if call.method != ("PATCH" if message_id else "POST"):
            return said(405, 0, "405: Method Not Allowed")
        if (wait_s := self._rates.wait_s("", self.shelf.now_s)) > 0:
            return limited(wait_s, "user")
        return self._update(call, message_id) if message_id else self._post(call)

    def _post(self, call: Asked) -> Reply:
        try:
            message, files = _read(call)
            check(message, [one.name for one in files], dict(call.query))
        except MessageError as error:
            return _refused(error)
        message_id = str(FIRST_ID + self.shelf.number())
        self.shelf.keep(self._taken(message_id, message, files))
        if call.query.get("wait") != "true":
            return Reply(status=204)
        return Reply.of({"id": message_id, "type": 0, "content": message.get("content", "")})

    def _update(self, call: Asked, message_id: str) -> Reply:
        before = self.shelf.find(message_id)
        if before is None:
            return said(404, 10008, "Unknown Message")
        try:
            message, files = _read(call)
            # What an update does not name stays as it is.
            whole = {**before.raw, **message}
            check(whole, [one.name for one in (*before.images, *files)], dict(call.query))
        except MessageError as error:
            return _refused(error)
        kept = [] if "attachments" in message else list(before.images)
        self.shelf.update(self._taken(message_id, whole, [*kept, *files]))
        return Reply.of({"id": message_id, "type": 0, "content": whole.get("content", "")})

    def _taken(
        self, message_id: str, message: Mapping[str, Any], files: Sequence[Picture]
    ) -> Taken:
        embeds = message.get("embeds") or [{}]
        return Taken(
            id=message_id,
            at=self.shelf.clock.now(),
            kind="message",
            title=str(embeds[0].get("title", "")),
            parts=tuple(parts_of(message, files)),
            raw=dict(message),
            colour=f"#{int(embeds[0].get('color', 0)):06x}" if "color" in embeds[0] else "",
            mentions=tuple(allowed_calls(message)),
        )

    def _rate_headers(self) -> dict[str, str]:
        now_s = self.shelf.now_s
        after_s = self._rates.reset_s("", now_s)
        return {
            "X-RateLimit-Limit": str(self._options.rate or 5),
            "X-RateLimit-Remaining": str(self._rates.left("", now_s)),
            "X-RateLimit-Reset": f"{now_s + after_s:.3f}",
            "X-RateLimit-Reset-After": f"{after_s:.3f}",
            "X-RateLimit-Bucket": "demo0bucket",
        }


def _refused(error: MessageError) -> Reply:
    status = 413 if error.code == 40005 else 400
    more = {"errors": error.errors} if error.errors else {}
    return said(status, error.code, str(error), **more)


def _read(call: Asked) -> tuple[dict[str, Any], list[Picture]]:
    """The message, and the files that came with it."""
    files: list[Picture] = []
    if content_type(call) == "multipart/form-data":
        found = form(call)
        if found is None:
            raise MessageError(50035, "Invalid Form Body")
        files = list(_files(found.files.items()))
        try:
            value = orjson.loads(found.fields.get("payload_json", "{}"))
        except orjson.JSONDecodeError as error:
            raise MessageError(50109, "The request body contains invalid JSON.") from error
    else:
        value = json_object(call) if content_type(call) == "application/json" else None
    if not isinstance(value, dict):
        raise MessageError(50109, "The request body contains invalid JSON.")
    if len(files) > MAX_FILES:
        raise MessageError(50035, "Invalid Form Body", {"files": "10 at most"})
    return value, files


def _files(found: Any) -> Iterator[Picture]:
    for name, file in found:
        if not re.fullmatch(r"files\[\d+\]", name):
            raise MessageError(50035, "Invalid Form Body", {name: "is no files[n]"})
        if len(file.data) > MAX_FILE_BYTES:
            raise MessageError(40005, "Request entity too large")
        yield Picture(file.name, file.data)
