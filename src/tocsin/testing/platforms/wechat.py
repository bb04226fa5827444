"""A fake of WeCom's messages of an application.

What it holds senders to: an access token that is asked for seldom, whole numbers as agent ids,
2048 bytes of text and Markdown, images uploaded before, who exists; an identical message is
dropped where the sender asks for that, and so is, without a word, what a member gets beyond 30 a
minute or 1000 an hour. All of its answers are HTTP 200.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar

from tocsin.model.message import Link
from tocsin.testing.fake import Fake, Faults, Trouble
from tocsin.testing.forms import form, json_object
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Buttons, Drawn, Picture, Shown, words
from tocsin.testing.tokens import Tokens
from tocsin.testing.wecom_message import (
    CONCURRENT,
    FREQUENT,
    TOO_OFTEN,
    RefusedError,
    check_escapes,
    draw_card,
    draw_markdown,
    draw_news,
    draw_text,
    inside,
    limited,
    said,
    text,
)

TOKEN = "/cgi-bin/gettoken"  # noqa: S105 - a path
SEND = "/cgi-bin/message/send"
UPLOAD = "/cgi-bin/media/upload"
MAX_BYTES = 2048
MAX_USERS = 1000
MAX_GROUPS = 100
MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_FILE_BYTES = 20 * 1024 * 1024
MEDIA_LIFE_S = 3 * 86_400
MAX_DUPLICATE_CHECK_S = 4 * 3600
# WeCom tells no number; who keeps his token for its two hours is far below any.
TOKENS_A_MINUTE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`members` are by user id; a party and a tag are of all of them. `rate` is a member's."""

    corp_id: str = "ww0demo0corp"
    secret: str = field(default="demo0wechat0app0secret", repr=False)
    agent_id: int = 1000002
    members: tuple[str, ...] = ("zhangsan", "lisi")
    parties: tuple[str, ...] = ("1",)
    tags: tuple[str, ...] = ("1",)
    unlicensed: tuple[str, ...] = ()
    rate: int = 30


@dataclass(frozen=True, slots=True)
class _Media:
    kind: str
    picture: Picture
    ends_at_s: float


@dataclass(frozen=True, slots=True)
class _Addressed:
    """Whom a message names: who of them is there, and who is not."""

    members: tuple[str, ...]
    unknown: Mapping[str, str]


class Platform(Fake):
    TITLE = "WeCom"
    BY_BASE_URL = frozenset({"all", "member"})
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("-1, system busy", said(-1, "system busy")),
        "concurrency": Trouble("45033, too many at once", CONCURRENT),
        "rate_limited": Trouble("45009, too many in a minute", FREQUENT),
        "gone": Trouble(
            "60011, the application may not do this any more", said(60011, "no privilege to access")
        ),
        "not_allowed": Trouble(
            "60020, the sender's address is not a trusted one",
            said(60020, "not allow to access from your ip"),
        ),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._options = options
        self._tokens = Tokens("wx")
        self._token_rates = Counts(Rate(TOKENS_A_MINUTE, 60))
        self._member_rates = Counts(Rate(options.rate, 60), Rate(1000, 3600))
        self._media: dict[str, _Media] = {}
        self._sent: dict[str, float] = {}

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        own = self._options
        named = {"corp_id": own.corp_id, "agent_id": own.agent_id, "secret": own.secret}
        return {"all": named, "member": {**named, "to_user": own.members[0]}}

    def sends(self, call: Asked) -> bool:
        return call.path == SEND

    def expire_tokens(self) -> None:
        self._tokens.expire()

    def is_refusal(self, reply: Reply) -> bool:
        return reply.status >= 300 or b'"errcode":0,' not in reply.body

    def refuse(self, code: str, _call: Asked) -> Reply:
        return said(int(code), "refused")

    def take(self, call: Asked) -> Reply:
        try:
            match call.method, call.path:
                case "GET", path if path == TOKEN:
                    return self._give_token(call)
                case "POST", path if path == SEND:
                    self._check_token(call)
                    return self._take(call)
                case "POST", path if path == UPLOAD:
                    self._check_token(call)
                    return self._take_media(call)
        except RefusedError as error:
            code, message = error.args
            return said(code, message)
        return Reply(status=404)

    def _give_token(self, call: Asked) -> Reply:
        if call.query.get("corpid") != self._options.corp_id:
            raise RefusedError(40013, "invalid corpid")
        if call.query.get("corpsecret") != self._options.secret:
            raise RefusedError(40001, "invalid credential")
        if self._token_rates.wait_s("", self.shelf.now_s) > 0:
            raise RefusedError(45009, TOO_OFTEN)
        token, left_s = self._tokens.give(self.shelf.now_s)
        return said(0, "ok", access_token=token, expires_in=left_s)

    def _check_token(self, call: Asked) -> None:
        token = call.query.get("access_token", "")
        if not self._tokens.is_known(token):
            raise RefusedError(40014, "invalid access_token")
        if not self._tokens.is_good(token, self.shelf.now_s):
            raise RefusedError(42001, "access_token expired")

    def _take(self, call: Asked) -> Reply:
        check_escapes(call.body)
        body = json_object(call)
        if body is None:
            raise RefusedError(40058, "invalid parameter: not JSON")
        # A number in quotes is none, and true is no number.
        if body.get("agentid") != self._options.agent_id or type(body["agentid"]) is not int:
            raise RefusedError(40056, "invalid agentid")
        addressed = self._addressed(body)
        drawn = self._drawn(body)
        message_id = f"wx{self.shelf.number()}"
        answer = said(0, "ok", msgid=message_id, **addressed.unknown)
        if self._is_duplicate(body, call.body):
            self.shelf.lose("identical to one before: enable_duplicate_check", body)
            return answer
        self._hand_out(message_id, body, drawn, addressed)
        return answer

    def _hand_out(
        self, message_id: str, body: Mapping[str, Any], drawn: Drawn, addressed: _Addressed
    ) -> None:
        now_s = self.shelf.now_s
        reached = [one for one in addressed.members if self._member_rates.wait_s(one, now_s) <= 0]
        if left := [one for one in addressed.members if one not in reached]:
            self.shelf.lose(f"too many for {', '.join(left)}: dropped without a word", dict(body))
        if not reached:
            return
        at, kind = self.shelf.clock.now(), str(body["msgtype"])
        self.shelf.keep(drawn.taken(message_id, at, kind, body, tuple(reached)))

    def _addressed(self, body: Mapping[str, Any]) -> _Addressed:
        own = self._options
        users, parties, tags = (list(_names(body, one)) for one in ("touser", "toparty", "totag"))
        if len(users) > MAX_USERS or len(parties) > MAX_GROUPS or len(tags) > MAX_GROUPS:
            raise RefusedError(40058, "invalid parameter: too many recipients")
        is_all = users == ["@all"]
        wrong = {
            "invaliduser": [] if is_all else [one for one in users if one not in own.members],
            "invalidparty": [one for one in parties if one not in own.parties],
            "invalidtag": [one for one in tags if one not in own.tags],
            "unlicenseduser": [one for one in users if one in own.unlicensed],
        }
        is_group = any(one in own.parties for one in parties) or any(t in own.tags for t in tags)
        members = [
            one
            for one in own.members
            if (is_all or is_group or one in users) and one not in own.unlicensed
        ]
        if not members:
            raise RefusedError(81013, "user & party & tag all invalid")
        unknown = {name: "|".join(names) for name, names in wrong.items() if names}
        return _Addressed(tuple(members), unknown)

    def _is_duplicate(self, body: Mapping[str, Any], sent: bytes) -> bool:
        if body.get("enable_duplicate_check") != 1:
            return False
        interval_s = min(int(body.get("duplicate_check_interval", 1800)), MAX_DUPLICATE_CHECK_S)
        digest, now_s = sha256(sent).hexdigest(), self.shelf.now_s
        before_s = self._sent.get(digest)
        if before_s is not None and now_s - before_s < interval_s:
            return True
        self._sent[digest] = now_s
        return False

    def _drawn(self, body: Mapping[str, Any]) -> Drawn:
        found = inside(body)
        match body["msgtype"]:
            case "text":
                return draw_text(found, MAX_BYTES)
            case "markdown":
                return draw_markdown(found, MAX_BYTES)
            case "textcard":
                return _text_card(found)
            case "news":
                return draw_news(found)
            case "image":
                return Drawn((Shown(self._uploaded(found, "image")),))
            case "file":
                return Drawn(words(self._uploaded(found, "file").name))
            case "template_card":
                if "button_list" in found and not found.get("task_id"):
                    raise RefusedError(42048, "task_id is missing")
                return draw_card(found)
            case _:
                raise RefusedError(40008, "invalid message type")

    def _uploaded(self, found: Mapping[str, Any], kind: str) -> Picture:
        media = self._media.get(text(found, "media_id"))
        if media is None or media.kind != kind or self.shelf.now_s > media.ends_at_s:
            raise RefusedError(40007, "invalid media_id")
        return media.picture

    def _take_media(self, call: Asked) -> Reply:
        found, kind = form(call), call.query.get("type", "")
        file = found.files.get("media") if found else None
        if file is None or not file.name or kind not in {"image", "voice", "video", "file"}:
            raise RefusedError(40004, "invalid media type, or no file in the field media")
        most = MAX_IMAGE_BYTES if kind in {"image", "video"} else MAX_FILE_BYTES
        picture = Picture(file.name, file.data)
        if not 5 < len(file.data) <= most:
            raise RefusedError(40006, "invalid size of the file")
        if kind == "image" and picture.content_type not in {"image/png", "image/jpeg"}:
            raise RefusedError(40005, "invalid file type: neither PNG nor JPEG")
        media_id = f"1Gdemo{self.shelf.number()}"
        self._media[media_id] = _Media(kind, picture, self.shelf.now_s + MEDIA_LIFE_S)
        return said(0, "ok", type=kind, media_id=media_id, created_at=str(int(self.shelf.now_s)))


def _names(body: Mapping[str, Any], key: str) -> Iterator[str]:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise RefusedError(40058, f"invalid parameter: {key}")
    return (one for one in value.split("|") if one)


def _text_card(found: Mapping[str, Any]) -> Drawn:
    title = limited(found, "title", 128)
    shown = words(limited(found, "description", 512))
    label = str(found.get("btntxt", "详情"))
    if len(label) > 4:
        raise RefusedError(40058, "invalid parameter: btntxt")
    return Drawn((*shown, Buttons((Link(label, limited(found, "url", 2048)),))), title)
