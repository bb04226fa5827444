"""What went to a platform and what came back, as it may be looked at: masked, and cut.

Pure. Secrets are known, so they go wherever they stand. Of one that is an address the host stays,
so that people see where it went.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import orjson
from pydantic import SecretStr

from tocsin.model.curl import curl_line
from tocsin.model.masks import forms_in, forms_of, without_secrets

MAX_REQUEST_CHARS = 16_384
MAX_RESPONSE_CHARS = 4_096
# What is shorter is no secret that anybody would have to guess.
_MIN_CHARS = 4
# Nor is what is shorter of an address by itself, such as `true` or `deploy`: were it masked, words
# of the message would be.
_MIN_PART_CHARS = 8
_MIN_NAME_CHARS = 16
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_PAIR = re.compile(r'[\w-]+="?([^\s;,"]+)')
# Headers that every call has, and that tell nothing about it.
_PLAIN = frozenset({"user-agent", "accept-encoding"})


class Exchange(NamedTuple):
    """One call and its answer; without one `status` is None."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None
    answer: bytes
    duration_ms: int
    # That the body is JSON is known and need not be found out.
    is_json: bool = False


class Shown(NamedTuple):
    """The same as it is kept: `request` is JSON, an object for one call and a list for several."""

    request: str
    response: str
    status: int | None

    @property
    def curl(self) -> str:
        """The last call as a line for a terminal."""
        return curl_line(self.request)


def secrets_in(options: Any) -> tuple[str, ...]:
    """Every secret in a channel's options, and what of one would be as good as the whole."""
    found: set[str] = set()
    for one in _secrets(options):
        found |= _parts(one) if _ADDRESS.match(one) else {one, *_credentials(one)}
    return tuple(sorted(one for one in found if len(one) >= _MIN_CHARS))


def _secrets(value: Any) -> Iterable[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif is_dataclass(value):
        for part in fields(value):
            yield from _secrets(getattr(value, part.name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _secrets(one)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for one in value:
            yield from _secrets(one)


def _credentials(value: str) -> Iterator[str]:
    """What of a header's value opens by itself: `Bearer x`, `Basic …`, `session=x; other=y`."""
    scheme, _, rest = value.partition(" ")
    found = [rest.strip(), *_PAIR.findall(value)]
    if scheme.lower() == "basic":
        with suppress(ValueError):
            pair = base64.b64decode(rest.strip(), validate=True).decode()
            found.append(pair.partition(":")[2])
    yield from (one for one in found if len(one) >= _MIN_PART_CHARS)


def _parts(address: str) -> set[str]:
    """What of an address is secret: all behind the host, and what may be used without the rest."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return {address}
    behind = address[len(parts.scheme) + 3 + len(parts.netloc) :].lstrip("/")
    values = {value for _, value in parse_qsl(parts.query) if len(value) >= _MIN_PART_CHARS}
    named = {part for part in parts.path.split("/") if len(part) >= _MIN_NAME_CHARS}
    user = {parts.netloc.rpartition("@")[0]} if "@" in parts.netloc else set()
    whole = {_as_path(one) for one in (behind, parts.path.strip("/"))}
    return {*whole, *values, *named, *user}


def _as_path(text: str) -> str:
    return text if len(text) >= _MIN_PART_CHARS else f"/{text}"


def shown(exchanges: Sequence[Exchange], secrets: Iterable[str]) -> Shown:
    """All calls of an attempt; the last one is that of the message itself."""
    if not exchanges:
        return Shown("[]", "", None)
    last = exchanges[-1]
    bodies, answer = [_text(one.body) for one in exchanges], _text(last.answer)
    texts = [answer, *bodies]
    for one in exchanges:
        texts += [one.url, *one.headers.values()]
    forms = forms_in(texts, forms_of(tuple(secrets)))
    told = [_told(one, body, forms) for one, body in zip(exchanges, bodies, strict=True)]
    request = orjson.dumps(told[0] if len(told) == 1 else told).decode()
    response = without_secrets(answer, forms)[:MAX_RESPONSE_CHARS]
    return Shown(request, response, last.status)


def _told(one: Exchange, body_text: str, forms: Sequence[str]) -> dict[str, Any]:
    text = without_secrets(body_text, forms)
    body: Any = text
    if one.is_json and text == body_text and len(text) <= MAX_REQUEST_CHARS:
        body = orjson.Fragment(one.body)
    elif len(text) <= MAX_REQUEST_CHARS:
        try:
            body = orjson.loads(text)
        except orjson.JSONDecodeError:
            body = text
    else:
        body = text[:MAX_REQUEST_CHARS] + "…"
    return {
        "method": one.method,
        "url": without_secrets(one.url, forms),
        "headers": {
            name: without_secrets(value, forms)
            for name, value in one.headers.items()
            if name.lower() not in _PLAIN
        },
        "body": body,
    }


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        # The end may only have been cut in the midst of a character.
        if len(body) - error.start < 4:
            return body[: error.start].decode()
        return f"({len(body)} bytes)"
