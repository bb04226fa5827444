"""A fake of Feishu and Lark: custom bots by webhook, and the parts of the API that an app sends by.

What it holds senders to: the signature (seconds, one hour), keywords, 20,000 bytes of a bot's
whole body, 5/s and 100/min, images uploaded by an app, ids that deduplicate for one hour, cards
that may be updated. Answers of a bot are HTTP 200 whatever they say.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson

from tocsin.testing.fake import Fake, Faults, Trouble
from tocsin.testing.feishu_card import draw, draw_post, draw_text
from tocsin.testing.forms import content_type, form, json_object
from tocsin.testing.objects import MalformedError
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate, whole_s
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Drawn, Picture
from tocsin.testing.tokens import Tokens

HOOK = "/open-apis/bot/v2/hook/"
TOKEN = "/open-apis/auth/v3/tenant_access_token/internal"  # noqa: S105 - a path
IMAGES = "/open-apis/im/v1/images"
MESSAGES = "/open-apis/im/v1/messages"
WINDOW_S = 3600
MAX_BOT_BYTES = 20_000
MAX_BOT_CARD_BYTES = 30 * 1024
MAX_CARD_BYTES = 30 * 1024
MAX_TEXT_BYTES = 150 * 1024
MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_UUID = 50
# A new token is given out only when less is left of the former one.
RENEW_S = 1800
ID_TYPES = {"chat_id", "open_id", "user_id", "union_id", "email"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` signs; without it signatures are not looked at, as on a bot that has none.

    `rate` is in messages a minute, in place of Feishu's own limits.
    """

    secret: str = ""
    keywords: tuple[str, ...] = ()
    rate: int = 0
    hook: str = "5c1b2a00-demo-4f6e-9d3e-bot0feishu01"
    app_id: str = "cli_demo0feishu"
    app_secret: str = field(default="demo0feishu0app0secret", repr=False)
    receive_id: str = "oc_demo0chat"


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message of the app, by its uuid."""

    at_s: float
    message_id: str


class Platform(Fake):
    TITLE = "Feishu"
    BY_BASE_URL = frozenset({"images", "app"})
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("11232, the whole system is busy, as at full hours; HTTP 500 of the API"),
        "rate_limited": Trouble("11232 with HTTP 200; 99991400 with HTTP 429 of the API"),
        "gone": Trouble("19001, the bot was removed; 230002 of the API"),
        "not_allowed": Trouble("19022, the sender's address is not on the list"),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._options = options
        own = (Rate(options.rate, 60),) if options.rate else (Rate(5, 1), Rate(100, 60))
        self._bot_rates = Counts(*own)
        self._app_rates = Counts(Rate(50, 1), Rate(1000, 60))
        self._chat_rates = Counts(Rate(5, 1))
        self._tokens = Tokens("t-", RENEW_S)
        self._images: dict[str, Picture] = {}
        self._sent: dict[str, _Sent] = {}

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        own = self._options
        bot = {"webhook_url": f"{self.shelf.url}{HOOK}{own.hook}"}
        if own.secret:
            bot["sign_secret"] = own.secret
        app = {"app_id": own.app_id, "app_secret": own.app_secret}
        return {
            "bot": bot,
            "images": {**bot, **app},
            "app": {**app, "receive_id": own.receive_id, "receive_id_type": "chat_id"},
        }

    def sends(self, call: Asked) -> bool:
        return call.path.startswith(HOOK) or call.path.startswith(MESSAGES)

    def expire_tokens(self) -> None:
        self._tokens.expire()

    def fault(self, name: str, call: Asked) -> Reply:
        match name, call.path.startswith(HOOK):
            case "busy", True:
                return said(11232, "system busy, create_message trigger frequency limit")
            case "busy", False:
                return said(2200, "Internal Error", status=500)
            case "rate_limited", True:
                return said(11232, "frequency limited psm[lark.oapi.app_platform_runtime]")
            case "rate_limited", False:
                return _limited(3)
            case "gone", True:
                return said(19001, "param invalid: incoming webhook access token invalid")
            case "gone", False:
                return said(230002, "The bot can not be outside the group.", status=400)
            case _:
                return said(19022, "Ip Not Allowed")

    def is_refusal(self, reply: Reply) -> bool:
        return reply.status >= 300 or b'"code":0,' not in reply.body

    def refuse(self, code: str, _call: Asked) -> Reply:
        return said(int(code), "refused")

    def take(self, call: Asked) -> Reply:
        if call.path.startswith(HOOK) and call.method == "POST":
            return self._take_of_bot(call)
        if call.path == TOKEN and call.method == "POST":
            return self._give_token(call)
        if call.path == IMAGES and call.method == "POST":
            return self._authorised(call) or self._take_image(call)
        if call.path == MESSAGES and call.method == "POST":
            return self._authorised(call) or self._take_of_app(call)
        if call.path.startswith(MESSAGES + "/") and call.method == "PATCH":
            return self._authorised(call) or self._update(call)
        return Reply(status=404, body=b"404 page not found")

    # --- the custom bot

    def _take_of_bot(self, call: Asked) -> Reply:
        body = json_object(call)
        if call.path.removeprefix(HOOK) != self._options.hook:
            return said(19001, "param invalid: incoming webhook access token invalid")
        if body is None or content_type(call) != "application/json":
            return said(9499, "Bad Request")
        if len(call.body) > MAX_BOT_CARD_BYTES:
            return said(19036, "card message exceeds 30KB")
        if len(call.body) > MAX_BOT_BYTES:
            return said(9499, "Bad Request")
        if self._options.secret and not self._is_signed(body):
            return said(
                19021, "sign match fail or timestamp is not within one hour from current time"
            )
        try:
            drawn = self._drawn_of_bot(body)
        except MalformedError as error:
            return said(9499, f"Bad Request: {error}")
        if self._options.keywords and not any(one in drawn.read for one in self._options.keywords):
            return said(19024, "Key Words Not Found")
        if self._bot_rates.wait_s("", self.shelf.now_s) > 0:
            return said(11232, "frequency limited psm[lark.oapi.app_platform_runtime]")
        self._keep(f"bot_{self.shelf.number()}", str(body["msg_type"]), drawn, body)
        return said(0, "success", StatusCode=0, StatusMessage="success", data={})

    def _is_signed(self, body: Mapping[str, Any]) -> bool:
        timestamp, sign = body.get("timestamp"), body.get("sign")
        if not isinstance(timestamp, str) or not isinstance(sign, str) or not timestamp.isdecimal():
            return False
        if abs(self.shelf.now_s - int(timestamp)) > WINDOW_S:
            return False
        key = f"{timestamp}\n{self._options.secret}".encode()
        wanted = b64encode(hmac.new(key, b"", "sha256").digest()).decode()
        return hmac.compare_digest(wanted.encode(), sign.encode())

    def _drawn_of_bot(self, body: Mapping[str, Any]) -> Drawn:
        kind = body.get("msg_type")
        if kind == "interactive":
            # Under `card` with a bot; `content` is where an app has it.
            return draw(body.get("card"), self._images)
        return self._drawn(kind, body.get("content"))

    def _drawn(self, kind: object, content: Any) -> Drawn:
        if not isinstance(content, dict):
            raise MalformedError("content is no object")
        match kind:
            case "text":
                return draw_text(content.get("text"))
            case "post":
                # A bot has one more level around the languages than an app.
                return draw_post(content.get("post", content), self._images)
            case "image":
                element = {"tag": "img", "img_key": content.get("image_key")}
                return draw({"elements": [element]}, self._images)
            case "share_chat":
                return draw_text(content.get("share_chat_id"))
            case _:
                raise MalformedError(f"unknown msg_type {kind!r}")

    # --- the app

    def _give_token(self, call: Asked) -> Reply:
        body = json_object(call) or {}
        if body.get("app_id") != self._options.app_id:
            return said(10003, "invalid param", status=400)
        if body.get("app_secret") != self._options.app_secret:
            return said(10014, "app secret invalid", status=400)
        token, left_s = self._tokens.give(self.shelf.now_s)
        return said(0, "ok", tenant_access_token=token, expire=left_s)

    def _authorised(self, call: Asked) -> Reply | None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            return said(99991661, "Missing access token for authorization.", status=400)
        if not self._tokens.is_good(token, self.shelf.now_s):
            return said(99991663, "Invalid access token for authorization.", status=400)
        wait_s = self._app_rates.wait_s(call.path, self.shelf.now_s)
        return _limited(wait_s) if wait_s > 0 else None

    def _take_image(self, call: Asked) -> Reply:
        found = form(call)
        file = found.files.get("image") if found else None
        if found is None or file is None or found.fields.get("image_type") != "message":
            return said(234001, "Invalid request param.", status=400)
        picture = Picture(file.name, file.data)
        if not file.data or len(file.data) > MAX_IMAGE_BYTES:
            return said(234006, "The file size exceed the max value.", status=400)
        if not picture.content_type:
            return said(234011, "Can't recognize image format.", status=400)
        key = f"img_v3_demo{self.shelf.number()}"
        self._images[key] = picture
        return said(0, "success", data={"image_key": key})

    def _take_of_app(self, call: Asked) -> Reply:
        body = json_object(call)
        if body is None or call.query.get("receive_id_type") not in ID_TYPES:
            return said(230001, "Your request contains an invalid request parameter.", status=400)
        if body.get("receive_id") != self._options.receive_id:
            return said(230002, "The bot can not be outside the group.", status=400)
        uuid = body.get("uuid", "")
        if not isinstance(uuid, str) or len(uuid) > MAX_UUID:
            return said(230001, "uuid is longer than 50 characters.", status=400)
        now_s = self.shelf.now_s
        before = self._sent.get(uuid) if uuid else None
        if before is not None and now_s - before.at_s < WINDOW_S:
            return self._message(before.message_id)
        drawn = self._drawn_of_app(body.get("msg_type"), body.get("content"))
        if isinstance(drawn, Reply):
            return drawn
        if (wait_s := self._chat_rates.wait_s(str(body["receive_id"]), now_s)) > 0:
            return _limited(wait_s)
        message_id = f"om_demo{self.shelf.number()}"
        if uuid:
            self._sent[uuid] = _Sent(now_s, message_id)
        self._keep(message_id, str(body["msg_type"]), drawn, body)
        return self._message(message_id)

    def _drawn_of_app(self, kind: object, content: object) -> Drawn | Reply:
        """An app's content is JSON within JSON, for cards as well."""
        if not isinstance(content, str):
            return said(230001, "content is not a string.", status=400)
        most = MAX_TEXT_BYTES if kind == "text" else MAX_CARD_BYTES
        if len(content.encode()) > most:
            return said(230025, "The length of the message content reaches its limit.", status=400)
        try:
            read = orjson.loads(content)
            is_card = kind == "interactive"
            return draw(read, self._images) if is_card else self._drawn(kind, read)
        except (orjson.JSONDecodeError, MalformedError) as error:
            return said(230001, f"content is not as it should be: {error}", status=400)

    def _update(self, call: Asked) -> Reply:
        message_id = call.path.removeprefix(MESSAGES + "/")
        before = self.shelf.find(message_id)
        body = json_object(call) or {}
        if before is None or before.kind != "interactive":
            return said(230001, "no card of this id.", status=400)
        drawn = self._drawn_of_app("interactive", body.get("content"))
        if isinstance(drawn, Reply):
            return drawn
        if not (_is_shared(before.raw) and _is_shared(body)):
            return said(230001, "only a card with config.update_multi is updated.", status=400)
        self.shelf.update(drawn.taken(message_id, self.shelf.clock.now(), "interactive", body))
        return said(0, "success", data={})

    def _message(self, message_id: str) -> Reply:
        data = {"message_id": message_id, "chat_id": self._options.receive_id}
        return said(0, "success", data=data)

    def _keep(self, taken_id: str, kind: str, drawn: Drawn, raw: Any) -> None:
        self.shelf.keep(drawn.taken(taken_id, self.shelf.clock.now(), kind, raw))


def said(code: int, msg: str, *, status: int = 200, **more: Any) -> Reply:
    """An answer as Feishu gives it."""
    return Reply.of({"code": code, "msg": msg, **more}, status)


def _limited(wait_s: float) -> Reply:
    reset = str(whole_s(wait_s))
    more = {"x_ogw_ratelimit_reset": reset}
    return Reply.of({"code": 99991400, "msg": "request trigger frequency limit"}, 429, **more)


def _is_shared(body: Mapping[str, Any]) -> bool:
    """Whether a card says that it may be updated; those of JSON 2.0 may unless they say no."""
    card = orjson.loads(body["content"])
    return bool(card.get("config", {}).get("update_multi", card.get("schema") == "2.0"))
