"""Take known secrets out of a text, in whatever form they were written into it. Pure."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from os.path import commonprefix
from urllib.parse import quote, quote_plus

from tocsin.model.logline import clean_text
from tocsin.model.tokens import PREFIX

MASK = "••••"
_FIRST_WORD = re.compile(r"/?[a-z]+(?:[\\/]|%(?:25)*(?:2F|5C))+")
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]+")
# A text of JSON within JSON, an address within an address.
_TIMES_ENCODED = 2
# What is shorter in Base64 may stand in any text.
_MIN_ENCODED_CHARS = 8
# What is shorter of a secret, or less than its half, opens nothing where a cut has left it.
_MAX_PIECE_CHARS = 8
_MIN_PIECE_CHARS = 4


def forms_of(secrets: Sequence[str]) -> Sequence[str]:
    """The secrets as they may be written, the longest first, as one may be a part of another."""
    return _forms_of(frozenset(secrets))


# Each call to a destination asks for those of the same secrets.
@lru_cache(maxsize=512)
def _forms_of(secrets: frozenset[str]) -> Sequence[str]:
    forms = set()
    for one in filter(None, secrets):
        written = {one}
        for _ in range(_TIMES_ENCODED):
            written.update(form for text in tuple(written) for form in _encoded(text))
        forms |= {*written, *_in_base64(one)}
    return tuple(sorted(forms, key=len, reverse=True))


def _encoded(text: str) -> Iterator[str]:
    """As JSON may have it: by most, by PHP with its slashes, by Go; as addresses and pages do."""
    for is_ascii in (False, True):
        written = json.dumps(text, ensure_ascii=is_ascii)[1:-1]
        yield written
        yield written.replace("/", "\\/")
        for sign in "&<>":
            written = written.replace(sign, f"\\u{ord(sign):04x}")
        yield written
    yield from (quote(text), quote(text, safe=""), quote_plus(text), html.escape(text))


def _in_base64(secret: str) -> Iterator[str]:
    """By itself, and at any place in a longer text: there what its neighbours have no part in."""
    yield base64.b64encode(secret.encode()).decode().rstrip("=")
    for before in range(3):
        raw = bytes(before) + secret.encode()
        first, end = -(-8 * before // 6), 8 * len(raw) // 6
        for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
            if end - first >= _MIN_ENCODED_CHARS:
                yield encoded[first:end].decode()


def forms_in(texts: Iterable[str], forms: Sequence[str]) -> Sequence[str]:
    """Those of `forms` that stand in any of `texts`: few as a rule, and one search for all."""
    joined = "\n".join(texts)
    return [form for form in forms if form in joined]


def without_secrets(text: str, forms: Sequence[str]) -> str:
    """`text` without any of `forms`, and without any token of Tocsin's."""
    for form in forms:
        text = text.replace(form, MASK)
    if PREFIX in text:
        text = _TOKEN.sub(MASK, text)
    return clean_text(text)


def _begin(form: str) -> str:
    """As much of a form as a cut must have left of it; the first word of a path says nothing."""
    size = min(_MAX_PIECE_CHARS, max(_MIN_PIECE_CHARS, len(form) // 2))
    word = _FIRST_WORD.match(form)
    return form[: size if word is None else max(size, word.end() + _MIN_PIECE_CHARS)]


def without_pieces(text: str, forms: Sequence[str]) -> str:
    """`text`, which somebody has cut, without what is left there of any of `forms`."""
    begins = {_begin(form) for form in forms}
    while found := [text.index(begin) for begin in begins if begin in text]:
        at = min(found)
        rest = text[at:]
        size = max(len(commonprefix([form, rest])) for form in forms)  # noqa: RUF071 - no paths
        text = text[:at] + MASK + rest[size:]
    return text
