"""Read the bodies of calls to fakes: JSON objects, forms, and forms with files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import HeaderParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

import orjson

from tocsin.testing.outside import Asked


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    name: str
    data: bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, and its files by the names of their fields."""

    fields: Mapping[str, str]
    files: Mapping[str, File]


def content_type(call: Asked) -> str:
    """Without its parameters, in lower case."""
    return call.headers.get("content-type", "").partition(";")[0].strip().lower()


def json_object(call: Asked) -> dict[str, Any] | None:
    """The body as a JSON object; None when it is none. Its content type is not looked at."""
    try:
        value = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def form(call: Asked) -> Form | None:
    """The body as a form, plain or with files; None when it is none."""
    if content_type(call) == "application/x-www-form-urlencoded":
        try:
            text = call.body.decode()
        except UnicodeDecodeError:
            return None
        return Form(dict(parse_qsl(text, keep_blank_values=True)), {})
    if content_type(call) == "multipart/form-data":
        return _multipart(call)
    return None


def _multipart(call: Asked) -> Form | None:
    boundary = _parsed(f"Content-Type: {call.headers['content-type']}\n\n").get_boundary()
    if not boundary:
        return None
    mark = b"--" + boundary.encode()
    pieces = (b"\r\n" + call.body).split(b"\r\n" + mark)
    # Without the closing mark some of it never arrived.
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        return None
    fields: dict[str, str] = {}
    files: dict[str, File] = {}
    for piece in pieces[1:-1]:
        head, _, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = _parsed(head.decode("utf-8", "replace").replace("\r\n", "\n") + "\n\n")
        disposition = str(headers.get("content-disposition", ""))
        name = _parameter(disposition, "name")
        filename = headers.get_filename()
        if filename is None:
            fields[name] = data.decode("utf-8", "replace")
        else:
            files[name] = File(filename, data, headers.get_content_type())
    return Form(fields, files)


def _parsed(head: str) -> EmailMessage:
    return HeaderParser(policy=HTTP).parsestr(head)


def _parameter(header: str, name: str) -> str:
    found = re.search(rf'(?:^|;)\s*{name}="?([^";]*)"?', header)
    return found[1] if found else ""
