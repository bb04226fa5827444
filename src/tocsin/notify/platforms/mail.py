"""Draws a message as a mail: text for who reads text, HTML for who reads that, images within.

RFC 5322, 2045, 2387 and 2392. Pure. Headers are made of parsed addresses and of single lines, so
that nothing in a message can begin a header of its own. A mail's id is its delivery's, so that a
repeat is known as one; mails of one task name the same mail before them, so that they stand
together.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from tocsin.model.message import Image, Link, Message, Outgoing, Tone
from tocsin.notify.drawing.dialect import PLAIN, Dialect, fitted, in_bytes
from tocsin.notify.drawing.layout import MAX_NAME_CHARS, fields_of, one_line

# Gmail shows no more than about 100 KB of HTML without a click; of text as much is enough too.
MAX_BODY_BYTES = 50_000
# Of a mail of 10 MB, which is what most take, in Base64.
MAX_IMAGES_BYTES = 6_000_000
MAX_SUBJECT_CHARS = 200
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9._-]")
_COLOURS = {
    Tone.NEUTRAL: "#8c8c8c",
    Tone.RUNNING: "#1677ff",
    Tone.GOOD: "#389e0d",
    Tone.WARNING: "#d48806",
    Tone.BAD: "#cf1322",
}
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,'PingFang SC','Microsoft YaHei',sans-serif"
_HTML = Dialect(
    escape=lambda text: escape(text, quote=True),
    bold=lambda text: f"<b>{text}</b>",
    italic=lambda text: f"<i>{text}</i>",
    code=lambda text: f"<code>{escape(text)}</code>",
    link=lambda text, url: f'<a href="{escape(url)}">{text}</a>',
    heading=lambda text: f'<b style="font-size:16px">{text}</b>',
    item=lambda text: f"&#8226;&nbsp;{text}",
    quote=lambda text: (
        f'<div style="border-left:3px solid #d9d9d9;padding-left:10px;color:#595959">{text}</div>'
    ),
    fence=lambda text: (
        '<pre style="background:#f5f5f5;margin:0;padding:10px;white-space:pre-wrap;'
        f'font-size:13px">{escape(text)}</pre>'
    ),
    gap="<br><br>\n",
    newline="<br>\n",
)
_registry = HeaderRegistry()


def address_of(said: str) -> Address:
    """The one address in a text such as `Release bot <bot@example.com>`.

    Raises:
        ValueError: there is none, or something beside it.
    """
    found = _addresses_in(said) if said.isprintable() else ()
    if len(found) != 1:
        raise ValueError("expected an address such as Release bot <bot@example.com>")
    (one,) = found
    try:
        domain = one.domain.encode("idna").decode()
        one.username.encode("ascii")
    except UnicodeError:
        domain = ""
    if not one.username or not domain:
        raise ValueError("expected an address of Latin letters such as bot@example.com")
    return Address(one.display_name, one.username, domain)


def _addresses_in(said: str) -> tuple[Address, ...]:
    try:
        header = _registry("To", said)
    except (HeaderParseError, IndexError):
        # The second is Python's own way of not understanding some.
        return ()
    is_group = any(one.display_name is not None for one in getattr(header, "groups", ()))
    addresses: tuple[Address, ...] = getattr(header, "addresses", ())
    return () if is_group or header.defects else addresses


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is ready to go out as `raw`; `note` says what was left out of it.

    `headers`, `text` and `html` are the same before they were encoded, as people can read them.
    """

    raw: bytes
    headers: Mapping[str, str]
    text: str
    html: str
    note: str


def mail_of(
    outgoing: Outgoing, sender: Address, to: Sequence[Address], cc: Sequence[Address], now: datetime
) -> Mail:
    """The message as a mail to all of them."""
    message = outgoing.message
    images, note = _small_enough(message.images)
    text, html = text_of(message), html_of(message, images)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = tuple(to)
    if cc:
        mail["Cc"] = tuple(cc)
    mail["Date"] = format_datetime(now)
    _add_headers(mail, outgoing, sender.domain)
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    _add_images(mail, images)
    headers = {name: str(value) for name, value in mail.items()}
    return Mail(bytes(mail), headers, text, html, note)


def _add_headers(mail: EmailMessage, outgoing: Outgoing, domain: str) -> None:
    mail["Subject"] = subject_of(outgoing)
    mail["Message-ID"] = f"<{_NOT_IN_ID.sub('-', outgoing.id)}@{domain}>"
    thread = _thread(outgoing)
    if thread:
        mail["In-Reply-To"] = mail["References"] = f"<{thread}@{domain}>"
    # Nobody's absence note shall answer (RFC 3834, 5; the second is Exchange's).
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Tocsin-Event"] = one_line(outgoing.event_type, MAX_SUBJECT_CHARS)


def _add_images(mail: EmailMessage, images: Sequence[Image]) -> None:
    """Beside the HTML, which shows each by its id."""
    html = mail.get_body(("html",))
    for place, image in enumerate(images, 1):
        if isinstance(html, EmailMessage):
            html.add_related(
                image.png,
                "image",
                "png",
                cid=f"<{_cid(place)}>",
                filename=_NOT_IN_ID.sub("-", image.name),
                disposition="inline",
            )


def subject_of(outgoing: Outgoing) -> str:
    """What happened, and where if that does not say it."""
    title = outgoing.message.full_title
    project = outgoing.standard.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    is_told = not isinstance(name, str) or not name or name in title
    return one_line(title if is_told else f"[{name}] {title}", MAX_SUBJECT_CHARS)


def _thread(outgoing: Outgoing) -> str:
    """What mails of one task have in common; "" for those of none."""
    standard = outgoing.standard
    found = [
        part.get("id") if isinstance(part := standard.get(name), dict) else None
        for name in ("project", "task")
    ]
    if not found[1]:
        return ""
    return "thread-" + hashlib.sha256("\n".join(map(str, found)).encode()).hexdigest()[:32]


def _small_enough(images: Sequence[Image]) -> tuple[tuple[Image, ...], str]:
    kept: list[Image] = []
    room = MAX_IMAGES_BYTES
    for image in images:
        if len(image.png) <= room:
            kept.append(image)
            room -= len(image.png)
    missing = len(images) - len(kept)
    return tuple(kept), f"{missing} images were left out: they are too large." if missing else ""


def text_of(message: Message) -> str:
    """The message for who reads text."""
    fields = "\n".join(f"{one.name}: {one.value}" for one in fields_of(message))
    body = fitted(message.body, PLAIN, MAX_BODY_BYTES, in_bytes)
    links = "\n".join(f"{one_line(one.text, MAX_NAME_CHARS)}: {one.url}" for one in message.links)
    title = one_line(message.full_title, MAX_SUBJECT_CHARS)
    return "\n\n".join(part for part in (title, fields, body, links) if part) + "\n"


def html_of(message: Message, images: Sequence[Image] = ()) -> str:
    """The message for who reads HTML: tables and styles in place, as mail programs know them."""
    title = escape(one_line(message.full_title, MAX_SUBJECT_CHARS))
    parts = [
        f'<div style="font-size:18px;font-weight:bold">{title}</div>',
        _table(message),
        fitted(message.body, _HTML, MAX_BODY_BYTES, in_bytes),
        *(_picture(place, image) for place, image in enumerate(images, 1)),
        " ".join(map(_button, message.links)),
    ]
    inner = "\n".join(f'<div style="margin:0 0 14px">{part}</div>' for part in parts if part)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(message.language)}">\n<body style="margin:0">\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>\n'
        f'<td style="border-left:6px solid {_COLOURS[message.tone]};padding:16px 20px;'
        f'font-size:14px;line-height:1.6;{_FONT}">\n'
        f"{inner}\n</td></tr></table>\n</body>\n</html>\n"
    )


def _table(message: Message) -> str:
    rows = "\n".join(
        '<tr><td style="padding:2px 16px 2px 0;color:#595959;vertical-align:top;'
        f'white-space:nowrap">{escape(one.name)}</td><td>{escape(one.value)}</td></tr>'
        for one in fields_of(message)
    )
    return (
        f'<table role="presentation" cellpadding="0" cellspacing="0">\n{rows}\n</table>'
        if rows
        else ""
    )


def _picture(place: int, image: Image) -> str:
    alt = escape(one_line(image.alt, MAX_SUBJECT_CHARS))
    return f'<img src="cid:{_cid(place)}" alt="{alt}" style="max-width:100%">'


def _cid(place: int) -> str:
    return f"image-{place}@tocsin"


def _button(link: Link) -> str:
    style = (
        "display:inline-block;padding:6px 14px;border-radius:6px;background:#1677ff;"
        "color:#ffffff;text-decoration:none"
    )
    text = escape(one_line(link.text, MAX_NAME_CHARS))
    return f'<a href="{escape(link.url)}" style="{style}">{text}</a>'
