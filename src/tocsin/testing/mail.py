"""Read a mail as its readers see it: its plain text, its page in a frame, images within it."""

from base64 import b64encode
from collections.abc import Iterator
from email.message import EmailMessage, MIMEPart

from tocsin.testing.taken import Framed, Part, Picture, Shown, words


def drawn(message: EmailMessage) -> tuple[Part, ...]:
    """The parts of a mail; what is within its page stands in the page's frame too."""
    pictures = dict(_pictures(message))
    parts: list[Part] = []
    page = message.get_body(("html",))
    if page is not None:
        parts.append(Framed(_with_pictures(_content(page), pictures)))
    text = message.get_body(("plain",))
    if text is not None:
        parts += words(_content(text))
    parts += [Shown(one, alt=one.alt) for one in pictures.values()]
    return tuple(parts)


def _pictures(message: EmailMessage) -> Iterator[tuple[str, Picture]]:
    for part in message.walk():
        if part.get_content_maintype() != "image":
            continue
        data = part.get_payload(decode=True)
        name = part.get_filename() or "image"
        content_id = str(part["Content-ID"] or "").strip("<> ")
        yield content_id or name, Picture(name, data if isinstance(data, bytes) else b"")


def _with_pictures(page: str, pictures: dict[str, Picture]) -> str:
    for content_id, one in pictures.items():
        data = f"data:{one.content_type};base64,{b64encode(one.data).decode()}"
        page = page.replace(f"cid:{content_id}", data)
    return page


def _content(part: MIMEPart) -> str:
    content = part.get_content()
    return content if isinstance(content, str) else ""
