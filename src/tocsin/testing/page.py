"""The page of a fake platform: draws what came, as that platform draws it, and who called how."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, ClassVar, Protocol

import orjson
from aiohttp import web

from tocsin import testing
from tocsin.model.message import Block, Link
from tocsin.testing.outside import Asked
from tocsin.testing.taken import Buttons, Cells, Framed, Line, Lost, Part, Shown, Taken, Words

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# The page runs its own script, and shows what strangers sent as text alone.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
)
# A mail is drawn as its writer meant it, in a frame that may do nothing at all.
_FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox"
_MAX_SHOWN = 200
_MAX_BODY = 4000


class Past(Protocol):
    """What a page tells of a platform."""

    taken: list[Taken]
    lost: list[Lost]
    revision: int


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    content_type: str
    policy: str = _POLICY

    def response(self) -> web.Response:
        headers = {
            "Content-Security-Policy": self.policy,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        charset = "utf-8" if self.content_type.startswith("text/") else None
        return web.Response(
            body=self.body, content_type=self.content_type, charset=charset, headers=headers
        )


class Called(Protocol):
    """A call with its answer."""

    @property
    def at(self) -> datetime: ...
    @property
    def call(self) -> Asked: ...
    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...
    @property
    def is_refusal(self) -> bool: ...


class Owner(Protocol):
    """The platform whose page it is."""

    TITLE: ClassVar[str]

    def configs(self) -> Mapping[str, Mapping[str, Any]]: ...


class Page:
    """Answers what browsers ask; all of it by GET, at addresses that no platform has."""

    def __init__(self, kind: str, of: Owner) -> None:
        self._kind = kind
        self._of = of

    def answer(
        self, request: web.Request, past: Past, answered: Iterable[Called]
    ) -> web.Response | None:
        """What a browser gets; None when the call is for the platform."""
        if request.method not in {"GET", "HEAD"}:
            return None
        match request.path.strip("/").split("/"):
            case [""]:
                return self._file("index.html")
            case ["page", name]:
                return self._file(name)
            case ["taken"]:
                return self._taken(request, past, answered)
            case ["taken", taken_id, "picture", number]:
                return _picture(past, taken_id, number)
            case ["taken", taken_id, "frame"]:
                return _frame(past, taken_id)
            case _:
                return None

    def _file(self, name: str) -> web.Response | None:
        found = files(testing) / "page_files" / name
        kind = _TYPES.get("." + name.rpartition(".")[2])
        if "/" in name or kind is None or not found.is_file():
            return None
        text = found.read_text("utf-8")
        if name == "index.html":
            text = text.replace("PLATFORM_KIND", self._kind).replace(
                "PLATFORM_TITLE", self._of.TITLE
            )
        return _Answer(text.encode(), kind).response()

    def _taken(self, request: web.Request, past: Past, answered: Iterable[Called]) -> web.Response:
        revision = str(past.revision)
        if request.query.get("revision") == revision:
            return web.Response(status=204, headers={"Cache-Control": "no-store"})
        calls = list(answered)
        value = {
            "platform": self._kind,
            "title": self._of.TITLE,
            "revision": revision,
            "configs": self._of.configs(),
            "taken": [as_json(one) for one in _newest(past.taken)],
            "lost": [{"at": one.at, "why": one.why, "raw": one.raw} for one in _newest(past.lost)],
            "calls": [_call(one) for one in _newest(calls)],
        }
        body = orjson.dumps(value, default=_told, option=orjson.OPT_NON_STR_KEYS)
        return _Answer(body, "application/json").response()


def _newest(past: Sequence[Any]) -> Sequence[Any]:
    return past[: -_MAX_SHOWN - 1 : -1]


def as_json(taken: Taken) -> Mapping[str, Any]:
    """A message as `/taken` tells it; images by their addresses."""
    pictures = iter(range(len(taken.images)))
    return {
        "id": taken.id,
        "at": taken.at,
        "kind": taken.kind,
        "title": taken.title,
        "text": taken.text,
        "colour": taken.colour,
        "mentions": taken.mentions,
        "recipients": taken.recipients,
        "edits": taken.edits,
        "parts": [_part(part, taken, lambda: next(pictures)) for part in taken.parts],
        "raw": taken.raw,
    }


def _part(part: Part, taken: Taken, number: Callable[[], int]) -> Mapping[str, Any]:
    match part:
        case Words(blocks, is_small):
            return {"part": "words", "blocks": _blocks(blocks), "is_small": is_small}
        case Cells(cells):
            return {"part": "cells", "cells": [_blocks(one) for one in cells]}
        case Buttons(links):
            return {"part": "buttons", "links": [_link(one) for one in links]}
        case Shown(picture=None):
            return {"part": "image", "src": "", "url": part.url, "alt": part.alt}
        case Shown():
            src = f"taken/{taken.id}/picture/{number()}"
            return {"part": "image", "src": src, "url": part.url, "alt": part.alt}
        case Framed():
            return {"part": "frame", "src": f"taken/{taken.id}/frame"}
        case Line():
            return {"part": "line"}


def _blocks(blocks: Iterable[Block]) -> list[Mapping[str, Any]]:
    return [
        {
            "kind": block.kind,
            "spans": [
                {
                    "text": one.text,
                    "look": [
                        look
                        for look, has in (
                            ("bold", one.is_bold),
                            ("italic", one.is_italic),
                            ("code", one.is_code),
                        )
                        if has
                    ],
                    "href": _href(one.href or ""),
                }
                for one in block.spans
            ],
        }
        for block in blocks
    ]


def _link(link: Link) -> Mapping[str, str]:
    return {"text": link.text, "href": _href(link.url)}


def _href(url: str) -> str:
    """Strangers' links lead to the web or nowhere."""
    return url if url.startswith(("https://", "http://", "mailto:")) else ""


def _call(one: Called) -> Mapping[str, Any]:
    return {
        "at": one.at,
        "method": one.call.method,
        "path": one.call.path,
        "size": len(one.call.body),
        "status": one.status,
        "is_refused": one.is_refusal,
        "answer": one.body[:_MAX_BODY].decode("utf-8", "replace"),
    }


def _told(value: object) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


def _found(past: Past, taken_id: str) -> Taken | None:
    return next((one for one in past.taken if one.id == taken_id), None)


def _picture(past: Past, taken_id: str, number: str) -> web.Response:
    images = one.images if (one := _found(past, taken_id)) else ()
    if not number.isdecimal() or int(number) >= len(images):
        raise web.HTTPNotFound
    picture = images[int(number)]
    return _Answer(picture.data, picture.content_type or "application/octet-stream").response()


def _frame(past: Past, taken_id: str) -> web.Response:
    parts = one.parts if (one := _found(past, taken_id)) else ()
    html = next((part.html for part in parts if isinstance(part, Framed)), None)
    if html is None:
        raise web.HTTPNotFound
    return _Answer(html.encode(), "text/html", _FRAME_POLICY).response()
