"""`/sign-in?code=…`: the page behind the one-time address that the first start prints.

Opening it uses nothing up, since chat programs and browsers fetch addresses ahead to show what
is there; the code is spent by pressing the button. It works without a script.
"""

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tocsin.edge.answers import status_of
from tocsin.errors import StoreDown, TocsinError
from tocsin.web.sign_in import SignIn, set_cookie

MAX_FORM_BYTES = 4096

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem;"
    "color:#1c2024;background:#fff}"
    "button{font:inherit;padding:.5rem 1.25rem;border:0;border-radius:.25rem;color:#fff;"
    "background:#0b5cad;cursor:pointer}"
    "@media(prefers-color-scheme:dark){body{color:#e6e8ea;background:#16181b}"
    "button{color:#0b1a2b;background:#7db8f5}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    # Not no-referrer: the form would then be sent with the Origin "null".
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    welcome: str
    button: str
    refused: str
    later: str


_WORDS = {
    "en": _Words(
        "Sign in to Tocsin",
        "This signs you in once, as administrator.",
        "Sign in",
        "This address is used up or too old. Start Tocsin again to get a new one.",
        "That did not work just now. Try again in a while.",
    ),
    "zh": _Words(
        "登录 Tocsin",
        "此链接仅可使用一次，将以管理员身份登录。",
        "登录",
        "此链接已被使用或已过期。重新启动 Tocsin 可获得新的链接。",
        "暂时无法登录，请稍后再试。",
    ),
    "ko": _Words(
        "Tocsin 로그인",
        "이 링크는 한 번만 사용할 수 있으며 관리자로 로그인합니다.",
        "로그인",
        "이미 사용되었거나 만료된 링크입니다. Tocsin을 다시 시작하면 새 링크가 표시됩니다.",
        "지금은 로그인할 수 없습니다. 잠시 후 다시 시도하세요.",
    ),
    "ru": _Words(
        "Вход в Tocsin",
        "Одноразовый вход с правами администратора.",
        "Войти",
        "Ссылка уже использована или устарела. Перезапустите Tocsin, чтобы получить новую.",
        "Сейчас войти не удалось. Попробуйте немного позже.",
    ),
}


def router(sign_in: SignIn) -> APIRouter:
    """The page and what its button sends; neither is part of the API."""
    part = _SignInPage(sign_in)
    api = APIRouter(include_in_schema=False)
    api.add_api_route("/sign-in", part.show, methods=["GET"])
    api.add_api_route("/sign-in", part.press, methods=["POST"])
    return api


class _SignInPage:
    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    async def show(self, request: Request) -> Response:
        language = _language(request.headers.get("accept-language", ""))
        code = request.query_params.get("code", "")
        return _page(language, code, 200) if code else _page(language, None, 400)

    async def press(self, request: Request) -> Response:
        language = _language(request.headers.get("accept-language", ""))
        try:
            opened = await self._sign_in.by_code(request.scope, await _code_of(request))
        except TocsinError as error:
            return _page(language, None, status_of(error), is_later=_is_later(error))
        # Relative, so that it also leads home where a proxy has put Tocsin under a prefix.
        home = RedirectResponse("./", status_code=303, headers={"Cache-Control": "no-store"})
        set_cookie(home, opened)
        return home


async def _code_of(request: Request) -> str:
    """The form's `code`; what is too large to be the form is read no further and has none."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            return ""
    return parse_qs(body.decode("latin-1")).get("code", [""])[0]


def _is_later(error: TocsinError) -> bool:
    return isinstance(error, StoreDown) or status_of(error) == 429


def _page(language: str, code: str | None, status: int, *, is_later: bool = False) -> HTMLResponse:
    """The page with its button, or with why there is none."""
    words = _WORDS[language]
    if code is None:
        main = f"<p>{escape(words.later if is_later else words.refused)}</p>"
    else:
        main = (
            f'<p>{escape(words.welcome)}</p><form method="post" action="sign-in">'
            f'<input type="hidden" name="code" value="{escape(code)}">'
            f"<button>{escape(words.button)}</button></form>"
        )
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(words.title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(words.title)}</h1>{main}</main></body></html>"
    )
    return HTMLResponse(html, status, _HEADERS)


def _language(accepted: str) -> str:
    """The first language of Accept-Language that we speak; browsers send the favourite first."""
    for entry in accepted.split(","):
        word = entry.strip().partition(";")[0].partition("-")[0].lower()
        if word in _WORDS:
            return word
    return "en"
