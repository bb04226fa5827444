"""The screens: their page at every address of theirs, and the files it is made of.

Plain ASGI in front of the API. `ui/` is built into `static/` when the package is made; the files
are read once and kept. The page is one and the same everywhere but for the prefix under which
it was asked for, which it needs to find its files and the API.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tocsin.edge.answers import send_bytes
from tocsin.edge.callers import Callers
from tocsin.edge.calls import Receive, Scope, Send, headers_of
from tocsin.edge.front import PREFIX
from tocsin.web.security_headers import HEADERS

STATIC = Path(__file__).parent / "static"

# First parts of the addresses that ui/src/router.ts knows; a test holds both together.
PLACES = frozenset(
    {
        "",
        "callbacks",
        "deployments",
        "events",
        "people",
        "projects",
        "sign-in",
        "sources",
        "system",
        "tokens",
        "trainings",
    }
)

# Styles of components are adopted sheets, which a policy does not see; nothing is inline.
POLICY = (
    b"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    b"frame-ancestors 'none'"
)
# Files under assets/ have a digest of their content in their name.
_FOR_EVER = b"public, max-age=31536000, immutable"
_ASK_EACH_TIME = b"no-cache"
_PAGE = "index.html"


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent; `packed` is its gzip form, where that is worth it."""

    body: bytes
    packed: bytes | None
    content_type: bytes
    etag: bytes
    cache_control: bytes


class Screens:
    """Serves the page and its files; GET and HEAD only."""

    def __init__(self, callers: Callers, folder: Path = STATIC) -> None:
        self._callers = callers
        self._files = files_in(folder)
        page = self._files.pop(_PAGE, None)
        self._page = "" if page is None else page.body.decode()

    def takes(self, method: str, path: str) -> bool:
        """Whether the address is one of the screens', with or without `/project-dashboard`."""
        if method not in ("GET", "HEAD") or not self._page:
            return False
        _, rest = _split(path)
        return rest in self._files or rest.partition("/")[0] in PLACES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        prefix, rest = _split(scope["path"])
        file = self._files.get(rest)
        if file is None:
            await self._send_page(scope, send, prefix)
            return
        said = headers_of(scope)
        headers = [(b"etag", file.etag), (b"cache-control", file.cache_control), *_SAFE]
        if file.packed is not None:
            headers.append((b"vary", b"Accept-Encoding"))
        if file.etag.decode() in said.get("if-none-match", ""):
            await send_bytes(send, 304, b"", file.content_type, headers)
            return
        body = file.body
        if file.packed is not None and "gzip" in said.get("accept-encoding", ""):
            body = file.packed
            headers.append((b"content-encoding", b"gzip"))
        await send_bytes(send, 200, body, file.content_type, headers)

    async def _send_page(self, scope: Scope, send: Send, prefix: str) -> None:
        """The page, with addresses under where the browser sees it."""
        forwarded = self._callers.forwarded_prefix(scope)
        # A proxy that hands on the address as it was and names the prefix as well says it twice.
        whole = prefix if prefix == forwarded else forwarded + prefix
        page = self._page.replace('"./', f'"{escape(whole)}/').replace(
            'name="tocsin-prefix" content=""',
            f'name="tocsin-prefix" content="{escape(whole)}"',
        )
        headers = [
            (b"content-security-policy", POLICY),
            (b"cache-control", _ASK_EACH_TIME),
            *_SAFE,
        ]
        await send_bytes(send, 200, page.encode(), b"text/html; charset=utf-8", headers)


# The others are the page's own business.
_SAFE = tuple(
    (name, value)
    for name, value in HEADERS
    if name not in (b"content-security-policy", b"cache-control")
)


def files_in(folder: Path) -> dict[str, File]:
    """What was built, by path within the folder; nothing when nothing was."""
    return {
        file.relative_to(folder).as_posix(): _read(file, folder)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".gz" and not file.name.startswith(".")
    }


def _read(file: Path, folder: Path) -> File:
    body = file.read_bytes()
    packed = file.with_name(f"{file.name}.gz")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind.endswith(("javascript", "json"))
    is_named_by_content = file.relative_to(folder).parts[0] == "assets"
    return File(
        body=body,
        packed=packed.read_bytes() if packed.is_file() else None,
        content_type=f"{kind}; charset=utf-8".encode() if is_text else kind.encode(),
        etag=f'"{hashlib.sha256(body).hexdigest()[:20]}"'.encode(),
        cache_control=_FOR_EVER if is_named_by_content else _ASK_EACH_TIME,
    )


def _split(path: str) -> tuple[str, str]:
    """`/project-dashboard` or nothing, and the path behind it without its first slash."""
    if path == PREFIX or path.startswith(f"{PREFIX}/"):
        return PREFIX, path[len(PREFIX) + 1 :]
    return "", path[1:]
