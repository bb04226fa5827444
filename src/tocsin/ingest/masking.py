"""Take the secrets out of a call before it is kept to be looked at.

Pure. What opens a door is masked by where it stands: headers and parameters that carry
credentials, fields that are named as such. What the source's own secrets are is known, so they go
wherever they stand. A signature is cut short: whole, it would let the call be sent again.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

import orjson

from tocsin.model.inbound_call import KeptRequest
from tocsin.model.masks import MASK, forms_of, without_secrets

MAX_BODY_BYTES = 65_536
_MAX_VALUE_CHARS = 2_000
_SIGNATURE_CHARS = 12

# In a name, wherever it stands in it.
_WORDS = (
    "(?:access|api|auth|private)[-_]?key|authorization|cookie|credential|pass[-_]?phrase|passwd"
    "|pass[-_]?word|pwd|secret|session|token"
)
_SECRET_NAME = re.compile(_WORDS, re.IGNORECASE)
_SIGNATURE_NAME = re.compile("signature|hmac|^sig$", re.IGNORECASE)
# The end of such a name and its value, in JSON that is cut or broken; of a value with parts all
# that follows. It begins at the word, so that made-up bodies do not take long.
_FIELD = re.compile(
    rf"""((?:{_WORDS})(?:[^"\\]|\\.){{0,40}}"\s*:\s*)"""
    r"""(?:"(?:[^"\\]|\\.)*(?:"|$)|[\[{].*|[^\s,}\]"]+)""",
    re.DOTALL | re.IGNORECASE,
)
_PARAMETER = re.compile(r"(?:^|(?<=[&?\s]))([^=&\s]{1,200}=)([^&\s]*)")
_FORM = "application/x-www-form-urlencoded"


def masked_request(
    method: str,
    path: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    *,
    is_cut: bool = False,
) -> KeptRequest:
    """A request as it may be shown; `is_cut` tells that its body was longer."""
    forms = forms_of(secrets)
    is_cut = is_cut or len(body) > MAX_BODY_BYTES
    is_form = headers.get("content-type", "").startswith(_FORM)
    text, encoded = _body(body[:MAX_BODY_BYTES], forms, is_cut=is_cut, is_form=is_form)
    return KeptRequest(
        method=method,
        path=without_secrets(path, forms),
        headers=_values(headers, forms),
        query=_values(query, forms),
        body=text,
        body_base64=encoded,
        is_cut=is_cut,
    )


def _values(said: Mapping[str, str], forms: Sequence[str]) -> dict[str, str]:
    return {
        without_secrets(name, forms)[:200]: _value(name, value, forms)
        for name, value in said.items()
    }


def _value(name: str, value: str, forms: Sequence[str]) -> str:
    if not value:
        return ""
    if _SECRET_NAME.search(name):
        return MASK
    if _SIGNATURE_NAME.search(name):
        # The scheme in front tells what was tried; half of it at most, so that it is never whole.
        value = f"{value[: min(_SIGNATURE_CHARS, len(value) // 2)]}…"
    return without_secrets(value, forms)[:_MAX_VALUE_CHARS]


def _body(
    body: bytes, forms: Sequence[str], *, is_cut: bool, is_form: bool
) -> tuple[str | None, str | None]:
    """The body as text; or in Base64, when it is none and holds no secret."""
    try:
        # The cut may go through a character.
        text = body.decode("utf-8", "ignore" if is_cut else "strict")
    except UnicodeDecodeError:
        if any(form.encode() in body for form in forms) or b"tsn_" in body:
            return None, None
        return None, base64.b64encode(body).decode()
    if is_form:
        return _form(text, forms, is_cut=is_cut), None
    return _text(text, forms), None


def _text(text: str, forms: Sequence[str]) -> str:
    """A body that is JSON, or should be."""
    try:
        said = orjson.loads(text)
        shown = _json(said, forms)
    except (orjson.JSONDecodeError, RecursionError):
        return _by_look(text, forms)
    if shown == said:
        # As it came, which is what a signature is about.
        return without_secrets(text, forms)
    return without_secrets(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode(), forms)


def _form(text: str, forms: Sequence[str], *, is_cut: bool) -> str:
    """A body of parameters, some of which may be JSON."""
    if is_cut:
        return _text(unquote_plus(text), forms)
    # First, as what calls itself a form need not be one.
    text = _by_look(text, forms)
    said = parse_qsl(text, keep_blank_values=True)
    shown = [
        (name, _text(value, forms) if value.startswith(("[", "{")) else _value(name, value, forms))
        for name, value in said
    ]
    return text if shown == said else without_secrets(urlencode(shown, safe=MASK[:1]), forms)


def _by_look(text: str, forms: Sequence[str]) -> str:
    """A text of no form that can be read: what looks like a secret's name and its value goes."""
    text = _FIELD.sub(rf'\1"{MASK}"', text)
    return without_secrets(_PARAMETER.sub(_parameter, text), forms)


def _json(said: Any, forms: Sequence[str]) -> Any:
    if isinstance(said, dict):
        return {
            without_secrets(key, forms): _member(key, value, forms) for key, value in said.items()
        }
    if isinstance(said, list):
        return [_json(one, forms) for one in said]
    return without_secrets(said, forms) if isinstance(said, str) else said


def _member(name: str, value: Any, forms: Sequence[str]) -> Any:
    if isinstance(value, str):
        return _value(name, value, forms)
    is_secret = value is not None and not isinstance(value, bool) and _SECRET_NAME.search(name)
    return MASK if is_secret else _json(value, forms)


def _parameter(found: re.Match[str]) -> str:
    return f"{found[1]}{MASK}" if _SECRET_NAME.search(found[1]) else found[0]
