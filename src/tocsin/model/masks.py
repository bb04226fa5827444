"""Take known secrets out of a text, in whatever form they were written into it. Pure."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote, quote_plus

from tocsin.model.logline import clean_text

MASK = "••••"
_TOKEN = re.compile(r"tsn_[A-Za-z0-9_-]+")


def forms_of(secrets: Sequence[str]) -> Sequence[str]:
    """The secrets as they may be written, the longest first, as one may be a part of another."""
    return _forms_of(frozenset(secrets))


# Each call to a destination asks for those of the same secrets.
@lru_cache(maxsize=512)
def _forms_of(secrets: frozenset[str]) -> Sequence[str]:
    forms = set()
    for one in filter(None, secrets):
        encoded = base64.b64encode(one.encode()).decode().rstrip("=")
        forms |= {one, *_in_json(one), quote(one), quote(one, safe=""), quote_plus(one), encoded}
    return tuple(sorted(forms, key=len, reverse=True))


def _in_json(secret: str) -> Iterator[str]:
    """As JSON may have it: by most, by PHP with its slashes, by Go with what means much in HTML."""
    for is_ascii in (False, True):
        written = json.dumps(secret, ensure_ascii=is_ascii)[1:-1]
        yield written
        yield written.replace("/", "\\/")
        for sign in "&<>":
            written = written.replace(sign, f"\\u{ord(sign):04x}")
        yield written


def without_secrets(text: str, forms: Sequence[str]) -> str:
    """`text` without any of `forms`, and without any token of Tocsin's."""
    for form in forms:
        text = text.replace(form, MASK)
    return clean_text(_TOKEN.sub(MASK, text))
