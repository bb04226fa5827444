"""A fake of Telegram's Bot API.

What it holds senders to: 4096 characters after parsing, text that can be parsed, sizes of
pictures, what buttons may carry, one message a second in a chat, 20 a minute in a group and 30 a
second in all. The HTTP status is the error_code of the body.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson

from tocsin.model.message import Link
from tocsin.testing.fake import Fake, Faults, Trouble
from tocsin.testing.forms import Form, content_type, form, json_object
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate, whole_s
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Buttons, Part, Picture, Shown, Taken, Words, words
from tocsin.testing.telegram_text import TextError, length_of, read_text

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_DOCUMENT_BYTES = 50 * 1024 * 1024
MAX_SIDES = 10_000
MAX_RATIO = 20
JSON_FIELDS = ("reply_markup", "link_preview_options", "entities", "media")


def said(code: int, description: str, **parameters: Any) -> Reply:
    """A refusal as Telegram gives it."""
    more = {"parameters": parameters} if parameters else {}
    return Reply.of({"ok": False, "error_code": code, "description": description, **more}, code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the bot's token, `chat` an id; one that begins with "-" is a group's.

    With `moved_to` the group has become another one. `rate` is in messages a minute
    to one chat, in place of Telegram's own limits of a chat.
    """

    secret: str = field(default="1234567890:demo-telegram-bot", repr=False)
    chat: str = "-1001234567890"
    moved_to: str = ""
    rate: int = 0


class _RefusedError(Exception):
    """A call that is refused; the arguments are error_code, description and parameters."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(code, description)
        self.reply = said(code, description, **parameters)


@dataclass(frozen=True, slots=True)
class _Call:
    """The arguments of a method, however they came."""

    arguments: Mapping[str, Any]
    files: Mapping[str, Picture]

    def text(self, name: str) -> str:
        value = self.arguments.get(name, "")
        return value if isinstance(value, str) else str(value)


class Platform(Fake):
    TITLE = "Telegram"
    BY_BASE_URL = frozenset({"bot"})
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("HTTP 500", said(500, "Internal Server Error")),
        "rate_limited": Trouble(
            "HTTP 429 with parameters.retry_after",
            said(429, "Too Many Requests: retry after 3", retry_after=3),
        ),
        "gone": Trouble(
            "HTTP 403, the bot was kicked out of the group",
            said(403, "Forbidden: bot was kicked from the supergroup chat"),
        ),
        "unparsed": Trouble(
            "HTTP 400, can't parse entities, whatever the text is",
            said(400, "Bad Request: can't parse entities: refused by a script"),
        ),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._options = options
        self._all = Counts(Rate(30, 1))
        # A second of two: one, and a little for the ways between.
        own = (Rate(options.rate, 60),) if options.rate else (Rate(2, 1),)
        group = () if options.rate or not options.chat.startswith("-") else (Rate(20, 60),)
        self._chats = Counts(*own, *group)

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        return {"bot": {"bot_token": self._options.secret, "chat_id": self._options.chat}}

    def sends(self, call: Asked) -> bool:
        return "/send" in call.path or "/edit" in call.path

    def refuse(self, code: str, _call: Asked) -> Reply:
        return said(int(code), "refused")

    def take(self, call: Asked) -> Reply:
        if not call.path.startswith("/bot"):
            return said(404, "Not Found")
        token, _, method = call.path.removeprefix("/bot").partition("/")
        if token != self._options.secret:
            return said(401, "Unauthorized")
        try:
            return self._do(method.lower(), _arguments(call))
        except _RefusedError as error:
            return error.reply

    def _do(self, method: str, call: _Call) -> Reply:
        match method:
            case "getme":
                return done({"id": 1234567890, "is_bot": True, "username": "demo_bot"})
            case "sendmessage":
                return self._send("message", call, self._message(call))
            case "sendphoto":
                return self._send("photo", call, self._photo(call))
            case "senddocument":
                return self._send("document", call, self._document(call))
            case "sendmediagroup":
                return self._send("album", call, self._album(call), len(call.files))
            case "editmessagetext":
                return self._edit(call, self._message(call))
            case "editmessagecaption":
                return self._edit(call, self._caption(call))
            case _:
                raise _RefusedError(404, "Not Found")

    # --- what is sent

    def _message(self, call: _Call) -> tuple[Part, ...]:
        blocks = _parsed(call, "text")
        length = length_of(blocks)
        if not length:
            raise _RefusedError(400, "Bad Request: message text is empty")
        if length > MAX_TEXT:
            raise _RefusedError(400, "Bad Request: message is too long")
        return (Words(blocks), *_buttons(call))

    def _caption(self, call: _Call) -> tuple[Part, ...]:
        blocks = _parsed(call, "caption")
        if length_of(blocks) > MAX_CAPTION:
            raise _RefusedError(400, "Bad Request: message caption is too long")
        return (*((Words(blocks),) if blocks else ()), *_buttons(call))

    def _photo(self, call: _Call) -> tuple[Part, ...]:
        if (url := call.text("photo")).startswith(("http://", "https://")):
            return (Shown(url=url), *self._caption(call))
        picture = call.files.get("photo")
        if picture is None:
            raise _RefusedError(400, "Bad Request: there is no photo in the request")
        _check_photo(picture)
        return (Shown(picture), *self._caption(call))

    def _document(self, call: _Call) -> tuple[Part, ...]:
        file = call.files.get("document")
        if file is None:
            raise _RefusedError(400, "Bad Request: there is no document in the request")
        if len(file.data) > MAX_DOCUMENT_BYTES:
            raise _RefusedError(413, "Request Entity Too Large")
        shown = (Shown(file),) if file.content_type else words(file.name)
        return (*shown, *self._caption(call))

    def _album(self, call: _Call) -> tuple[Part, ...]:
        media = call.arguments.get("media")
        if not isinstance(media, list) or not 2 <= len(media) <= 10:
            raise _RefusedError(400, "Bad Request: an album has 2 to 10 items")
        parts: list[Part] = []
        for one in media:
            name = str(one.get("media", "")).removeprefix("attach://")
            if name not in call.files:
                raise _RefusedError(400, "Bad Request: there is no such file in the request")
            _check_photo(call.files[name])
            parts.append(Shown(call.files[name], alt=str(one.get("caption", ""))))
        return tuple(parts)

    def _send(self, kind: str, call: _Call, parts: tuple[Part, ...], cost: int = 1) -> Reply:
        chat = self._chat(call)
        now_s = self.shelf.now_s
        if wait_s := max(self._chats.peek_s(chat, now_s, cost), self._all.peek_s("", now_s, cost)):
            after_s = whole_s(wait_s)
            text = f"Too Many Requests: retry after {after_s}"
            raise _RefusedError(429, text, retry_after=after_s)
        self._chats.wait_s(chat, now_s, cost)
        self._all.wait_s("", now_s, cost)
        message_id = self.shelf.number()
        self.shelf.keep(self._taken(str(message_id), kind, parts, call))
        return done(self._result(message_id))

    def _edit(self, call: _Call, parts: tuple[Part, ...]) -> Reply:
        self._chat(call)
        before = self.shelf.find(call.text("message_id"))
        if before is None:
            raise _RefusedError(400, "Bad Request: message to edit not found")
        kept = tuple(one for one in before.parts if isinstance(one, Shown))
        if before.parts == (*kept, *parts):
            text = "Bad Request: message is not modified: it is the same as before"
            raise _RefusedError(400, text)
        self.shelf.update(self._taken(before.id, before.kind, (*kept, *parts), call))
        return done(self._result(int(before.id)))

    def _chat(self, call: _Call) -> str:
        chat, own = call.text("chat_id"), self._options
        if chat == own.chat and own.moved_to:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise _RefusedError(400, text, migrate_to_chat_id=int(own.moved_to))
        if chat not in {own.chat, own.moved_to} or not chat:
            raise _RefusedError(400, "Bad Request: chat not found")
        return chat

    def _result(self, message_id: int) -> dict[str, Any]:
        chat = self._options.moved_to or self._options.chat
        shown = {"id": int(chat) if chat.lstrip("-").isdecimal() else chat}
        return {"message_id": message_id, "date": int(self.shelf.now_s), "chat": shown}

    def _taken(self, taken_id: str, kind: str, parts: tuple[Part, ...], call: _Call) -> Taken:
        taken = Taken(
            id=taken_id,
            at=self.shelf.clock.now(),
            kind=kind,
            parts=parts,
            raw=dict(call.arguments),
        )
        links = (one.url for one in taken.links)
        mentions = tuple(one for one in links if one.startswith("tg://user"))
        return Taken(
            id=taken.id, at=taken.at, kind=kind, parts=parts, raw=taken.raw, mentions=mentions
        )


def done(result: Any) -> Reply:
    """What it answers to what it did."""
    return Reply.of({"ok": True, "result": result})


def _arguments(call: Asked) -> _Call:
    if content_type(call) == "application/json":
        body = json_object(call)
        if body is None:
            raise _RefusedError(400, "Bad Request: can't parse JSON")
        return _Call(body, {})
    found = form(call) or Form({}, {})
    arguments: dict[str, Any] = {**call.query, **found.fields}
    for name in JSON_FIELDS:
        if name in arguments:
            try:
                arguments[name] = orjson.loads(arguments[name])
            except orjson.JSONDecodeError as error:
                raise _RefusedError(400, f"Bad Request: can't parse {name} JSON") from error
    files = {name: Picture(one.name, one.data) for name, one in found.files.items()}
    return _Call(arguments, files)


def _parsed(call: _Call, name: str) -> Any:
    try:
        return read_text(call.text(name), call.text("parse_mode"))
    except TextError as error:
        raise _RefusedError(400, f"Bad Request: {error}") from error


def _buttons(call: _Call) -> Iterator[Part]:
    markup = call.arguments.get("reply_markup")
    if not isinstance(markup, dict):
        return
    rows: Sequence[Sequence[Mapping[str, Any]]] = markup.get("inline_keyboard", [])
    for one in (one for row in rows for one in row):
        data = one.get("callback_data")
        if data is not None and not 1 <= len(str(data).encode()) <= 64:
            raise _RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
        if data is None and not str(one.get("url", "")).startswith(("http", "tg://")):
            raise _RefusedError(400, "Bad Request: BUTTON_URL_INVALID")
    for row in rows:
        yield Buttons(tuple(Link(str(one.get("text", "")), str(one.get("url", ""))) for one in row))


def _check_photo(picture: Picture) -> None:
    if len(picture.data) > MAX_PHOTO_BYTES:
        raise _RefusedError(413, "Request Entity Too Large")
    width, height = picture.size
    is_odd = min(width, height) > 0 and max(width, height) / min(width, height) > MAX_RATIO
    if width + height > MAX_SIDES or is_odd:
        raise _RefusedError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    if not picture.content_type:
        raise _RefusedError(400, "Bad Request: IMAGE_PROCESS_FAILED")
