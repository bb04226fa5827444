"""Read a JSON body strictly, and say what is wrong with it in words a sender can use.

Pure. What is readable but cannot be kept as it is (NUL, lone surrogates) is read as it came, so
that ids and names can be checked, and made keepable by `keepable`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import parse_qs

import orjson

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.model.logline import clean_text

_LARGEST_INT = 2**63 - 1
_MAX_INT_CHARS = len(str(-_LARGEST_INT))
_BOM = b"\xef\xbb\xbf"
_FORM = "application/x-www-form-urlencoded"
# Senders of forms have a few dozen; taking a million apart would hold up everybody else.
_MAX_FORM_FIELDS = 1_000


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a receiver takes."""

    max_body_bytes: int = 10_485_760
    max_depth: int = 64


def read_json(body: bytes, limits: BodyLimits) -> Any:
    """The JSON value in `body`.

    Raises:
        Rejected: 400, not JSON, not UTF-8, empty, or nested too deep.
    """
    # Windows' shells put a byte order mark in front; RFC 8259, 8.1 lets a parser ignore it.
    text = body.removeprefix(_BOM)
    if not text.strip():
        raise unreadable("The body is empty; expected JSON.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        value = _read_leniently(text, error)
    # As many opening brackets as the depth allows cannot nest deeper, which is the common case.
    if text.count(b"{") + text.count(b"[") > limits.max_depth:
        _check_depth(value, limits.max_depth)
    return value


def read_json_object(body: bytes, limits: BodyLimits) -> dict[str, Any]:
    """The JSON object in `body`.

    Raises:
        Rejected: as `read_json`, and for any other value than an object.
    """
    value = read_json(body, limits)
    if not isinstance(value, dict):
        kind = {list: "an array", str: "text", bool: "a boolean", type(None): "null"}
        raise unreadable(f"expected a JSON object, not {kind.get(type(value), 'a number')}")
    return value


def check_is_json(headers: Mapping[str, str]) -> None:
    """Take JSON by any of its names; a missing content type is nothing wrong, a form's is.

    Raises:
        Rejected: 415, the call says that its body is something else.
    """
    said = headers.get("content-type", "").partition(";")[0].strip().lower()
    if said and said not in ("application/json", "text/json") and not said.endswith("+json"):
        message = f"expected Content-Type application/json, not {clean_text(said[:100])}"
        fault = FieldFault("Content-Type", message)
        raise Rejected(415, Reason.WRONG_CONTENT_TYPE, message, fields=(fault,))


def is_form(headers: Mapping[str, str]) -> bool:
    """Whether the call says that its body is a form's fields."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def read_form(body: bytes) -> dict[str, list[bytes]]:
    """The values of each field of a form, as they came.

    Raises:
        Rejected: 400, it has too many fields.
    """
    text = body.decode("ascii", "surrogateescape")
    try:
        said = parse_qs(
            text,
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=_MAX_FORM_FIELDS,
        )
    except ValueError as error:
        raise unreadable(f"The form has more than {_MAX_FORM_FIELDS} fields.") from error
    return {
        name: [one.encode(errors="surrogateescape") for one in values]
        for name, values in said.items()
    }


def payload_of(headers: Mapping[str, str], body: bytes) -> bytes:
    """The JSON of a call that may carry it in the field `payload` of a form.

    Raises:
        Rejected: 415, the call says that its body is neither; 400, a form with too many fields.
    """
    if is_form(headers):
        return b"".join(read_form(body).get("payload", []))
    check_is_json(headers)
    return body


def unreadable(message: str, reason: Reason = Reason.UNREADABLE) -> Rejected:
    """A 400 about the body as a whole."""
    return Rejected(400, reason, message, fields=(FieldFault("", message),))


def _read_leniently(text: bytes, error: orjson.JSONDecodeError) -> Any:
    """Read what only the strict parser refuses: lone surrogates, and numbers beyond any float."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as bad:
        raise unreadable(f"The body is not UTF-8 (byte {bad.start}).") from bad
    try:
        value = json.loads(decoded, parse_constant=_refuse_constant, parse_int=_int)
    except RecursionError as deep:
        raise _too_deep() from deep
    except ValueError as bad:
        raise unreadable(f"The body is not JSON: {error.msg} (line {error.lineno}).") from bad
    return value


def _int(digits: str) -> int | str:
    """A whole number; as text when it has more than 64 bits, which no database takes."""
    value = int(digits) if len(digits) <= _MAX_INT_CHARS else None
    return digits if value is None or abs(value) > _LARGEST_INT else value


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _too_deep(limit: int = 64) -> Rejected:
    return unreadable(f"The body is nested deeper than {limit} levels.", Reason.TOO_DEEP)


def _check_depth(value: Any, limit: int) -> None:
    level: list[Any] = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep(limit)


def keepable(value: Any, body: bytes) -> Any:
    """`value`, read from the JSON in `body`, with texts that every database and reader can hold."""
    return _keepable(value) if _has_escapes(body) else value


# All events of a batch ask it of one body.
@lru_cache(maxsize=1)
def _has_escapes(body: bytes) -> bool:
    # Only by such an escape can a NUL or a surrogate have come in.
    return b"\\u0000" in body or b"\\ud" in body or b"\\uD" in body


def _keepable(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key): _keepable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_keepable(inner) for inner in value]
    return value
