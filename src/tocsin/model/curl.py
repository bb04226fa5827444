"""The call that was made, as a line for a terminal."""

import shlex
from collections.abc import Mapping
from typing import Any

import orjson


def curl_line(request: str) -> str:
    """The last call of an attempt's `request` (see `Attempt`) as curl makes it; "" for a mail."""
    said = orjson.loads(request or "[]")
    calls = said if isinstance(said, list) else [said]
    if not calls or not calls[-1]["url"].lower().startswith(("http://", "https://")):
        return ""
    return _line(calls[-1])


def _line(call: Mapping[str, Any]) -> str:
    body = call["body"]
    text = body if isinstance(body, str) else orjson.dumps(body).decode()
    parts = ["curl", "-X", call["method"], shlex.quote(call["url"])]
    for name, value in call["headers"].items():
        parts += ["-H", shlex.quote(f"{name}: {value}")]
    if text:
        parts += ["--data-raw", shlex.quote(text)]
    return " ".join(parts)
