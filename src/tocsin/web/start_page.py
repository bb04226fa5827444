"""`/`: what this is and where to go on, for as long as there are no screens; without script."""

import base64
import hashlib
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1rem;"
    "color:#1c2024;background:#fff}a{color:#0b5cad}code{overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#e6e8ea;background:#16181b}a{color:#7db8f5}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
}
# Relative, so that they also lead on where a proxy has put Tocsin under a prefix.
_LINKS = (
    ("api/v1/deployments", "Deployments"),
    ("api/v1/projects", "Projects"),
    ("api/v1/events", "Events"),
    ("api/v1/events/stream", "Events as they come (Server-Sent Events)"),
    ("health", "Health"),
    ("openapi.json", "The API's description (OpenAPI)"),
)


def router(*, version: str) -> APIRouter:
    """The page; it is not part of the API and shows nothing that is kept."""
    page = _page(version)

    async def show() -> HTMLResponse:
        return HTMLResponse(page, headers=_HEADERS)

    api = APIRouter(include_in_schema=False)
    api.add_api_route("/", show, methods=["GET"])
    return api


def _page(version: str) -> str:
    links = "".join(f'<li><a href="{href}">{escape(text)}</a></li>' for href, text in _LINKS)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Tocsin</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>Tocsin</h1><p>Version {escape(version)}</p><ul>{links}</ul>"
        "<p>In a terminal, <code>tocsin tail</code> shows live what comes in.</p>"
        "</main></body></html>"
    )
