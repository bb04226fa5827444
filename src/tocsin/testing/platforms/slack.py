"""A fake of Slack: incoming webhooks, and what a bot's token needs to post, update and upload.

What it holds senders to: the sizes of blocks (one too long refuses all of them), about one
message a second, uploads of exactly the size that was announced, what a token may do. A webhook
answers a plain word with its HTTP status; the API answers HTTP 200 whatever it says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import orjson

from tocsin.testing.fake import Fake, Faults, Trouble
from tocsin.testing.forms import content_type, form, json_object
from tocsin.testing.objects import MalformedError
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate, whole_s
from tocsin.testing.shelf import Shelf
from tocsin.testing.slack_blocks import MAX_ATTACHMENTS, draw
from tocsin.testing.taken import Drawn, Picture, Shown, words

HOOK = "/services/"
API = "/api/"
UPLOAD = "/upload/v1/"
MAX_TEXT = 40_000
# As Slack gives each of its words of a webhook.
STATUSES: Mapping[str, int] = {
    "invalid_payload": 400,
    "user_not_found": 400,
    "no_text": 400,
    "invalid_blocks": 400,
    "too_many_attachments": 400,
    "invalid_token": 403,
    "action_prohibited": 403,
    "posting_to_general_channel_denied": 403,
    "channel_not_found": 404,
    "no_service": 404,
    "no_service_id": 404,
    "no_active_hooks": 404,
    "no_team": 404,
    "team_disabled": 403,
    "channel_is_archived": 410,
    "rollup_error": 500,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`rate` is in messages a minute, in place of about one a second with short bursts."""

    rate: int = 0
    team: str = "T0DEMO001"
    service: str = "B0DEMO001"
    secret: str = field(default="demo0slack0webhook0secret", repr=False)
    bot_token: str = field(default="xoxb-demo-slack-bot", repr=False)
    scopes: tuple[str, ...] = ("chat:write", "files:write")
    channel: str = "C0DEMO001"
    # Channels that there are, without the bot in them.
    elsewhere: tuple[str, ...] = ("C0DEMO002",)


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    length: int
    alt: str
    data: bytes | None = None


class _RefusedError(Exception):
    """A call that the API refuses; the argument is its word."""


class Platform(Fake):
    TITLE = "Slack"
    BY_BASE_URL = frozenset({"bot"})
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("rollup_error with HTTP 500; internal_error of the API"),
        "rate_limited": Trouble("HTTP 429 with Retry-After"),
        "gone": Trouble("no_service; account_inactive of the API"),
        "archived": Trouble("channel_is_archived; is_archived of the API"),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._options = options
        # Two seconds of three: one a second, and a little for the ways between.
        self._rates = Counts(Rate(options.rate, 60) if options.rate else Rate(3, 2))
        self._files: dict[str, _File] = {}
        self._last_ts = 0.0

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        own = self._options
        url = f"{self.shelf.url}{HOOK}{own.team}/{own.service}/{own.secret}"
        return {
            "webhook": {"webhook_url": url},
            "bot": {"bot_token": own.bot_token, "channel": own.channel},
        }

    def sends(self, call: Asked) -> bool:
        return call.path.startswith(HOOK) or call.path.startswith(f"{API}chat.")

    def fault(self, name: str, call: Asked) -> Reply:
        is_api = call.path.startswith(API)
        match name:
            case "busy":
                return self.refuse("internal_error" if is_api else "rollup_error", call)
            case "rate_limited":
                return _limited(1, is_api=is_api)
            case "gone":
                return self.refuse("account_inactive" if is_api else "no_service", call)
            case _:
                return self.refuse("is_archived" if is_api else "channel_is_archived", call)

    def is_refusal(self, reply: Reply) -> bool:
        return reply.status >= 300 or b'"ok":false' in reply.body

    def refuse(self, code: str, call: Asked) -> Reply:
        return said(False, error=code) if call.path.startswith(API) else _word(code)

    def take(self, call: Asked) -> Reply:
        if call.path.startswith(HOOK):
            return self._take_of_hook(call)
        if call.path.startswith(UPLOAD) and call.method == "POST":
            return self._take_bytes(call)
        if call.path.startswith(API):
            try:
                return self._take_of_api(call)
            except _RefusedError as error:
                return said(False, error=str(error))
        return Reply(status=404)

    # --- the webhook

    def _take_of_hook(self, call: Asked) -> Reply:
        own = self._options
        match call.path.removeprefix(HOOK).split("/"):
            case [own.team, own.service, own.secret]:
                pass
            case [own.team, own.service, _]:
                return _word("invalid_token")
            case [own.team, *_]:
                return _word("no_service")
            case _:
                return _word("no_team")
        body = _payload(call)
        if call.method != "POST" or body is None:
            return _word("invalid_payload")
        if not (body.get("text") or body.get("blocks") or body.get("attachments")):
            return _word("no_text")
        attachments = body.get("attachments")
        if isinstance(attachments, list) and len(attachments) > MAX_ATTACHMENTS:
            return _word("too_many_attachments")
        try:
            drawn = draw(body, {})
        except MalformedError:
            return _word("invalid_blocks")
        if (wait_s := self._rates.wait_s("hook", self.shelf.now_s)) > 0:
            return _limited(wait_s, is_api=False)
        self.shelf.keep(drawn.taken(self._ts(), self.shelf.clock.now(), "webhook", body))
        return Reply(body=b"ok", headers={"Content-Type": "text/html"})

    # --- the API

    def _take_of_api(self, call: Asked) -> Reply:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise _RefusedError("not_authed")
        if token != self._options.bot_token:
            raise _RefusedError("invalid_auth")
        method = call.path.removeprefix(API)
        arguments = self._arguments(call, is_form_only=method == "files.getUploadURLExternal")
        scope = "files:write" if method.startswith("files.") else "chat:write"
        if scope not in self._options.scopes:
            raise _RefusedError("missing_scope")
        match method:
            case "chat.postMessage":
                return self._post(arguments)
            case "chat.update":
                return self._update(arguments)
            case "files.getUploadURLExternal":
                return self._announce(arguments)
            case "files.completeUploadExternal":
                return self._share(arguments)
            case "auth.test":
                return said(True, team_id=self._options.team, user_id="U0DEMO001")
            case _:
                raise _RefusedError("unknown_method")

    def _arguments(self, call: Asked, *, is_form_only: bool) -> dict[str, Any]:
        if content_type(call) == "application/json":
            body = json_object(call)
            if body is None:
                raise _RefusedError("invalid_json")
            if is_form_only:
                raise _RefusedError("invalid_arguments")
            return body
        found = form(call)
        arguments: dict[str, Any] = {**call.query, **(found.fields if found else {})}
        for name in ("blocks", "attachments", "files"):
            if name in arguments:
                try:
                    arguments[name] = orjson.loads(arguments[name])
                except orjson.JSONDecodeError as error:
                    raise _RefusedError("invalid_arguments") from error
        return arguments

    def _post(self, arguments: Mapping[str, Any]) -> Reply:
        channel = self._channel(arguments.get("channel"))
        drawn = self._drawn(arguments)
        if (wait_s := self._rates.wait_s(channel, self.shelf.now_s)) > 0:
            return _limited(wait_s, is_api=True)
        ts = self._ts()
        self.shelf.keep(drawn.taken(ts, self.shelf.clock.now(), "message", dict(arguments)))
        return said(True, channel=channel, ts=ts, message={"text": arguments.get("text", "")})

    def _update(self, arguments: Mapping[str, Any]) -> Reply:
        channel, ts = self._channel(arguments.get("channel")), str(arguments.get("ts", ""))
        before = self.shelf.find(ts)
        if before is None or before.kind != "message":
            raise _RefusedError("message_not_found")
        drawn = self._drawn(arguments)
        self.shelf.update(drawn.taken(ts, self.shelf.clock.now(), "message", dict(arguments)))
        return said(True, channel=channel, ts=ts, text=arguments.get("text", ""))

    def _channel(self, channel: object) -> str:
        if channel in self._options.elsewhere:
            raise _RefusedError("not_in_channel")
        if channel != self._options.channel:
            raise _RefusedError("channel_not_found")
        return self._options.channel

    def _drawn(self, arguments: Mapping[str, Any]) -> Drawn:
        text = arguments.get("text") or ""
        if not (text or arguments.get("blocks") or arguments.get("attachments")):
            raise _RefusedError("no_text")
        if len(str(text)) > MAX_TEXT:
            raise _RefusedError("msg_too_long")
        try:
            return draw(arguments, self._pictures())
        except MalformedError as error:
            raise _RefusedError("invalid_blocks") from error

    # --- files, in three steps

    def _announce(self, arguments: Mapping[str, Any]) -> Reply:
        name, length = arguments.get("filename"), str(arguments.get("length", ""))
        if not name or not length.isdecimal() or int(length) < 1:
            raise _RefusedError("invalid_arguments")
        file_id = f"F0DEMO{self.shelf.number():03}"
        self._files[file_id] = _File(str(name), int(length), str(arguments.get("alt_txt", "")))
        return said(True, upload_url=f"{self.shelf.url}{UPLOAD}{file_id}", file_id=file_id)

    def _take_bytes(self, call: Asked) -> Reply:
        file_id = call.path.removeprefix(UPLOAD)
        file = self._files.get(file_id)
        posted = form(call)
        data = next((one.data for one in posted.files.values()), b"") if posted else call.body
        if file is None or file.data is not None or len(data) != file.length:
            return Reply(status=400, body=b"not the size that was announced")
        self._files[file_id] = replace(file, data=data)
        return Reply(body=f"OK - {len(data)}".encode())

    def _share(self, arguments: Mapping[str, Any]) -> Reply:
        """The last step is the one by which a file is seen."""
        named = arguments.get("files")
        if not isinstance(named, list) or not named:
            raise _RefusedError("invalid_arguments")
        pictures = self._pictures()
        ids = [str(one.get("id")) for one in named]
        if not all(one in pictures for one in ids):
            raise _RefusedError("file_not_found")
        if "channel_id" in arguments:
            self._channel(arguments["channel_id"])
            comment = str(arguments.get("initial_comment", ""))
            shown = tuple(Shown(pictures[one], alt=pictures[one].alt) for one in ids)
            drawn = Drawn((*words(comment), *shown))
            self.shelf.keep(
                drawn.taken(self._ts(), self.shelf.clock.now(), "file", dict(arguments))
            )
        return said(True, files=[{"id": one, "title": pictures[one].name} for one in ids])

    def _pictures(self) -> dict[str, Picture]:
        files = self._files.items()
        return {key: Picture(one.name, one.data, one.alt) for key, one in files if one.data}

    def _ts(self) -> str:
        """The time, and no two alike."""
        self._last_ts = max(self._last_ts + 0.0001, self.shelf.now_s)
        return f"{self._last_ts:.6f}"


def said(is_ok: bool, **more: Any) -> Reply:
    """An answer as the API gives it: HTTP 200, whatever it says."""
    return Reply.of({"ok": is_ok, **more})


def _word(word: str) -> Reply:
    return Reply(
        status=STATUSES.get(word, 400), body=word.encode(), headers={"Content-Type": "text/html"}
    )


def _limited(wait_s: float, *, is_api: bool) -> Reply:
    seconds = whole_s(wait_s)
    error = "ratelimited" if is_api else "rate_limited"
    body = {"ok": False, "error": error, "retry_after": seconds}
    return Reply.of(body, 429, Retry_After=str(seconds))


def _payload(call: Asked) -> dict[str, Any] | None:
    """JSON as it is, or within a form as older senders do."""
    if (found := form(call)) is None:
        return json_object(call)
    try:
        value = orjson.loads(found.fields.get("payload", ""))
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
