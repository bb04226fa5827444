"""Secrets are taken out of what is sent, also in the forms that programs turn them into.

Pure. What is masked: each line of a secret, without the space around it; its Base64 wherever
it stands in a longer text that was encoded; its form in an address and in JSON. A line of
fewer than `MIN_CHARS` is left: it would black out half of every log and hide nothing.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from tocsin.model.logline import clean_text

MIN_CHARS = 4
MASK = "***"
# Parts of an encoded secret that are shorter stand in harmless text too.
_MIN_ENCODED_CHARS = 8


class Masks:
    """The secrets known so far; `longest` is the length of the longest form of any."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.longest = 0
        self._forms: dict[str, None] = {}
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Mask `secret` from now on."""
        for line in _lines(secret):
            self._forms |= dict.fromkeys(_forms(line))
        self.longest = max(map(len, self._forms), default=0)

    def hide(self, text: str) -> str:
        """`text` with every secret in it replaced; secrets that overlap become one mask."""
        spans = self.spans(text)
        if not spans:
            return text
        parts, at = [], 0
        for begin, end in spans:
            parts += [text[at:begin], MASK]
            at = end
        return "".join([*parts, text[at:]])

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand, from the left; those that touch are one."""
        found = [span for form in self._forms if form in text for span in _spans(form, text)]
        joined: list[tuple[int, int]] = []
        for begin, end in sorted(found):
            if joined and begin <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((begin, end))
        return joined


def is_too_short(secret: str) -> bool:
    """Whether nothing of `secret` is masked although it says something."""
    return bool(secret.strip()) and not any(True for _ in _lines(secret))


def _lines(secret: str) -> Iterator[str]:
    # An argument that is not UTF-8 arrives with halves of characters, output with U+FFFD.
    text = clean_text(secret.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    for line in text.split("\n"):
        bare = line.strip()
        if len(bare) >= MIN_CHARS:
            yield bare


def _forms(line: str) -> Iterator[str]:
    yield line
    yield quote(line, safe="")
    yield json.dumps(line)[1:-1]
    yield json.dumps(line, ensure_ascii=False)[1:-1]
    for encoded in _base64_forms(line.encode()):
        if len(encoded) >= _MIN_ENCODED_CHARS:
            yield encoded
            yield encoded.replace("+", "-").replace("/", "_")


def _base64_forms(secret: bytes) -> Iterator[str]:
    """What is sure to stand in the Base64 of a text with `secret` in it, by where it begins.

    Base64 makes 4 characters of 3 bytes, so the first and last ones also depend on what
    stands before and behind; these are left out.
    """
    for before, unsure in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * before + secret).decode()
        sure = (before + len(secret)) * 8 // 6
        yield encoded[unsure:sure]


def _spans(form: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(form)
    while at >= 0:
        yield at, at + len(form)
        at = text.find(form, at + 1)
