"""People who sign in: what is known of one, and what a name and a password may be."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from tocsin.model.access import Role

MAX_NAME_CHARS = 100
# NIST SP 800-63B asks for at least 8 and no rules about kinds of characters; the upper bound
# only keeps the hashing of a megabyte from being a way to keep us busy.
MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_CHARS = 256

_CONTROL = r"\x00-\x1f\x7f-\x9f"
# Invisible characters and those that turn the direction of writing make two names look alike.
_INVISIBLE = r"\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_INNER = rf"[^{_CONTROL}{_INVISIBLE}]"
_OUTER = rf"[^\s{_CONTROL}{_INVISIBLE}]"
NAME_PATTERN = rf"^{_OUTER}({_INNER}*{_OUTER})?$"
_NAME = re.compile(NAME_PATTERN)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a name and a password; `disabled_at` is when they were shut out."""

    id: str
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None = None


def name_key(name: str) -> str:
    """The form in which names are compared: case, width and composition do not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def name_fault(name: str) -> str | None:
    """What is wrong with a name of a person or token; None when nothing is."""
    if len(name) > MAX_NAME_CHARS:
        return f"expected at most {MAX_NAME_CHARS} characters"
    if not _NAME.fullmatch(name) or any(0xD800 <= ord(letter) <= 0xDFFF for letter in name):
        return "expected visible characters, with no space at either end"
    return None


def password_fault(password: str) -> str | None:
    """What is wrong with a new password; None when nothing is."""
    if len(password) < MIN_PASSWORD_CHARS:
        return f"expected at least {MIN_PASSWORD_CHARS} characters"
    if len(password) > MAX_PASSWORD_CHARS:
        return f"expected at most {MAX_PASSWORD_CHARS} characters"
    return None


def password_bytes(password: str) -> bytes:
    """What is hashed: composed, because keyboards differ in how they send the same letter."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
