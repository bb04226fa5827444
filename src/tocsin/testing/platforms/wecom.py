"""A fake of WeCom's group robots.

What it holds senders to: UTF-8 bytes of the content (2048 of text, 4096 of Markdown), images in
Base64 with the MD5 of their bytes, no escapes in JSON, 20 messages a minute and a minute of
nothing for whoever sends more. All of its answers are HTTP 200.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, ClassVar

from tocsin.testing.fake import Fake, Faults, Trouble
from tocsin.testing.forms import form, json_object
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Drawn, Picture, Shown, words
from tocsin.testing.wecom_message import (
    CONCURRENT,
    FREQUENT,
    TOO_OFTEN,
    RefusedError,
    check_escapes,
    draw_card,
    draw_markdown,
    draw_markdown_v2,
    draw_news,
    draw_text,
    inside,
    said,
    text,
)

SEND = "/cgi-bin/webhook/send"
UPLOAD = "/cgi-bin/webhook/upload_media"
MAX_TEXT_BYTES = 2048
MAX_MARKDOWN_BYTES = 4096
MAX_IMAGE_BYTES = 2 * 1024 * 1024
FILE_BYTES = (5, 20 * 1024 * 1024)
MEDIA_LIFE_S = 3 * 86_400
BAN_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the key of the address; `rate` is in messages a minute."""

    rate: int = 20
    secret: str = field(default="demo0wecom0robot0key", repr=False)


@dataclass(frozen=True, slots=True)
class _Media:
    name: str
    ends_at_s: float


class Platform(Fake):
    TITLE = "WeCom"
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("-1, system busy", said(-1, "system busy")),
        "concurrency": Trouble("45033, too many at once", CONCURRENT),
        "rate_limited": Trouble("45009, too many in a minute", FREQUENT),
        "gone": Trouble("93000, the robot was removed", said(93000, "invalid webhook url")),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._options = options
        self._rates = Counts(Rate(options.rate, 60))
        self._banned_until_s = 0.0
        self._media: dict[str, _Media] = {}

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        return {"robot": {"webhook_url": f"{self.shelf.url}{SEND}?key={self._options.secret}"}}

    def sends(self, call: Asked) -> bool:
        return call.path == SEND

    def is_refusal(self, reply: Reply) -> bool:
        return reply.status >= 300 or b'"errcode":0,' not in reply.body

    def refuse(self, code: str, _call: Asked) -> Reply:
        return said(int(code), "refused")

    def take(self, call: Asked) -> Reply:
        if call.path not in {SEND, UPLOAD} or call.method != "POST":
            return Reply(status=404)
        if call.query.get("key") != self._options.secret:
            return said(93000, "invalid webhook url")
        try:
            return self._take_media(call) if call.path == UPLOAD else self._take(call)
        except RefusedError as error:
            code, message = error.args
            return said(code, message)

    def _take(self, call: Asked) -> Reply:
        check_escapes(call.body)
        body = json_object(call)
        if body is None:
            raise RefusedError(40058, "invalid parameter: not JSON")
        drawn = self._drawn(body)
        self._check_rate()
        taken_id, kind = f"msg{self.shelf.number()}", str(body["msgtype"])
        self.shelf.keep(drawn.taken(taken_id, self.shelf.clock.now(), kind, body))
        return said(0, "ok")

    def _check_rate(self) -> None:
        now_s = self.shelf.now_s
        if now_s < self._banned_until_s:
            raise RefusedError(45009, TOO_OFTEN)
        if self._rates.wait_s("", now_s) > 0:
            self._banned_until_s = now_s + BAN_S
            raise RefusedError(45009, TOO_OFTEN)

    def _drawn(self, body: Mapping[str, Any]) -> Drawn:
        found = inside(body)
        match body["msgtype"]:
            case "text":
                return draw_text(found, MAX_TEXT_BYTES)
            case "markdown":
                return draw_markdown(found, MAX_MARKDOWN_BYTES)
            case "markdown_v2":
                return draw_markdown_v2(found, MAX_MARKDOWN_BYTES)
            case "image":
                return Drawn((Shown(_picture(found)),))
            case "news":
                return draw_news(found)
            case "file" | "voice":
                return Drawn(words(self._file(text(found, "media_id"))))
            case "template_card":
                return draw_card(found)
            case _:
                raise RefusedError(40008, "invalid message type")

    def _file(self, media_id: str) -> str:
        media = self._media.get(media_id)
        if media is None or self.shelf.now_s > media.ends_at_s:
            raise RefusedError(40007, "invalid media_id")
        return media.name

    def _take_media(self, call: Asked) -> Reply:
        found = form(call)
        file = found.files.get("media") if found else None
        kind = call.query.get("type")
        if file is None or kind not in {"file", "voice"}:
            raise RefusedError(40058, "invalid parameter: media or type")
        least, most = FILE_BYTES
        if not least < len(file.data) <= (most if kind == "file" else MAX_IMAGE_BYTES):
            raise RefusedError(40058, "invalid size of the file")
        media_id = f"3a8demo{self.shelf.number()}"
        self._media[media_id] = _Media(file.name, self.shelf.now_s + MEDIA_LIFE_S)
        return said(0, "ok", type=kind, media_id=media_id)


def _picture(found: Mapping[str, Any]) -> Picture:
    try:
        data = b64decode(text(found, "base64"), validate=True)
    except binascii.Error as error:
        raise RefusedError(40058, "invalid parameter: base64") from error
    if md5(data, usedforsecurity=False).hexdigest() != text(found, "md5"):
        raise RefusedError(40058, "invalid parameter: md5 is not of these bytes")
    picture = Picture("image", data)
    if len(data) > MAX_IMAGE_BYTES:
        raise RefusedError(45002, "image exceeds 2 MB")
    if picture.content_type not in {"image/png", "image/jpeg"}:
        raise RefusedError(40058, "invalid parameter: neither PNG nor JPEG")
    return picture
