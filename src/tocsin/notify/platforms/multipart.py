"""A form with a file in it, as an upload's body (RFC 7578)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Form:
    """A body, and the headers that go with it."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form; `field` is the name it is asked for under."""

    field: str
    name: str
    data: bytes
    content_type: str = "image/png"


def form(fields: Mapping[str, str], *uploads: Upload) -> Form:
    """The fields and the files as one body."""
    boundary = _boundary(fields, uploads)
    parts = [_part(f'name="{_quoted(name)}"', "", text.encode()) for name, text in fields.items()]
    for one in uploads:
        about = f'name="{_quoted(one.field)}"; filename="{_quoted(one.name)}"'
        parts.append(_part(about, f"Content-Type: {one.content_type}\r\n", one.data))
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + part for part in parts) + mark + b"--\r\n"
    return Form(body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def _part(about: str, headers: str, content: bytes) -> bytes:
    head = f"Content-Disposition: form-data; {about}\r\n{headers}\r\n"
    return head.encode() + content + b"\r\n"


def _boundary(fields: Mapping[str, str], uploads: tuple[Upload, ...]) -> str:
    """Made of the contents, so that none of them can hold it."""
    whole = hashlib.sha256()
    for name, text in fields.items():
        whole.update(f"{name}\0{text}\0".encode())
    for one in uploads:
        whole.update(one.data)
    return f"tocsin-{whole.hexdigest()[:32]}"


def _quoted(name: str) -> str:
    """A name as it may stand between quotation marks (RFC 7578, 2)."""
    return quote(name, safe=" !#$&'()+,-./:;=@[]^_`{}~")
