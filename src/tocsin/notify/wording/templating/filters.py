"""The filters that templates have: Jinja's own by name, in a form whose result is bounded.

Pure. Each takes a value, or None where there is none. What does not fit raises TypeError or
ValueError, and what would become too large OverflowError; the sandbox makes sentences of them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

MAX_CHARS = 20_000
_MAX_DIGITS = 9


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def text_of(value: Any) -> str:
    """A value as it is written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value) if isinstance(value, str | int) else orjson.dumps(value).decode()


def _default(value: Any, other: Any = "", boolean: Any = False) -> Any:
    return other if value is None or (boolean and not value) else value


def _length(value: Any) -> int:
    return 0 if value is None else len(value)


def _replace(value: Any, old: str, new: str, count: int = -1) -> str:
    text = text_of(value)
    found = text.count(old)
    _check_size(len(text) + (found if count < 0 else min(found, count)) * len(new))
    return text.replace(old, new, count)


def _join(values: Any, between: str = "") -> str:
    if not isinstance(values, list):
        return text_of(values)
    texts = [text_of(one) for one in values]
    _check_size(sum(map(len, texts)) + len(texts) * len(between))
    return between.join(texts)


def _check_size(chars: int) -> None:
    if chars > MAX_CHARS:
        raise OverflowError("the result is too large")


def _truncate(value: Any, length: int = 255, end: str = "…") -> str:
    text = text_of(value)
    return text if len(text) <= length else text[: max(0, length - len(end))].rstrip() + end


def _first(values: Any) -> Any:
    return values[0] if values else None


def _last(values: Any) -> Any:
    return values[-1] if values else None


def _round(value: Any, digits: int = 0) -> float | int:
    if not is_number(value):
        raise TypeError("no number")
    rounded = round(value, min(max(digits, 0), _MAX_DIGITS))
    return int(rounded) if digits <= 0 else rounded


def _int(value: Any, other: int = 0) -> int:
    try:
        return int(float(value)) if isinstance(value, str) else int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return other


def _float(value: Any, other: float = 0.0) -> float:
    try:
        return float(value or 0.0)
    except (TypeError, ValueError, OverflowError):
        return other


def _abs(value: Any) -> Any:
    return abs(value)


def _sort(values: Any, reverse: Any = False) -> list[Any]:
    return sorted(values or (), reverse=bool(reverse))


def _unique(values: Any) -> list[Any]:
    return list({text_of(one): one for one in values or ()}.values())


def _items(values: Any) -> list[list[Any]]:
    if values is not None and not isinstance(values, Mapping):
        raise TypeError("no object")
    return [[name, value] for name, value in (values or {}).items()]


def _sum(values: Sequence[Any] | None) -> Any:
    return sum(one for one in values or () if is_number(one))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": _abs,
    "capitalize": lambda value: text_of(value).capitalize(),
    "count": _length,
    "d": _default,
    "default": _default,
    "first": _first,
    "float": _float,
    "int": _int,
    "items": _items,
    "join": _join,
    "json": _json,
    "last": _last,
    "length": _length,
    "lower": lambda value: text_of(value).lower(),
    "max": lambda values: max(values or (None,)),
    "min": lambda values: min(values or (None,)),
    "replace": _replace,
    "reverse": lambda values: values[::-1] if values else values,
    "round": _round,
    "sort": _sort,
    "string": text_of,
    "sum": _sum,
    "title": lambda value: text_of(value).title(),
    "tojson": _json,
    "trim": lambda value: text_of(value).strip(),
    "truncate": _truncate,
    "unique": _unique,
    "upper": lambda value: text_of(value).upper(),
}
