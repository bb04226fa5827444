"""What a delivery tells, out of the events it stands for. Pure, but for turns that others get."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tocsin.model.callback import Template
from tocsin.model.delivery import Delivery, DeliveryKind
from tocsin.model.event import Event
from tocsin.model.message import Message, Outgoing, Tone
from tocsin.model.standard_message import standard_digest, standard_of
from tocsin.notify.wording import template as own_words
from tocsin.notify.wording.bounds import bounded
from tocsin.notify.wording.messages import digest_of, message_of

_UNDRAWN = Message("", "")


async def outgoing_of(
    delivery: Delivery,
    told: Sequence[Event],
    language: str,
    template: Template | None,
    public_url: str,
    handle: str | None = None,
    *,
    has_message: bool = True,
    standard: Callable[[Event], Mapping[str, Any]] = standard_of,
) -> Outgoing:
    """The message of a delivery; `told` are its event, or those that a digest stands for.

    Without `has_message` the channel tells the standard message alone, which `standard` makes of an
    event.
    """
    is_digest = delivery.kind is DeliveryKind.DIGEST
    message = _UNDRAWN
    if has_message:
        messages = [one async for one in _each_drawn(told, language, template, public_url)]
        message = bounded(digest_of(messages, language) if is_digest else messages[0])
    return Outgoing(
        id=delivery.id,
        event_type=delivery.event_type,
        message=message,
        standard=standard_digest(told) if is_digest else standard(told[0]),
        handle=None if is_of_its_own(message) else handle,
    )


def is_of_its_own(message: Message) -> bool:
    """Whether it replaces nothing and is not replaced, as what went wrong.

    Nobody is called by a message that changes, and nobody sees what another took the place of.
    """
    return message.tone in (Tone.WARNING, Tone.BAD)


async def _each_drawn(
    told: Sequence[Event], language: str, template: Template | None, public_url: str
) -> AsyncIterator[Message]:
    """The message of each event; others go on in between where that takes a while."""
    is_long = template is not None or len(told) > 1
    # Of those that a digest lists nobody sees a body, and to draw hundreds would take seconds.
    words = replace(template, body="") if template is not None and len(told) > 1 else template
    for one in told:
        yield drawn(one, language, words, public_url)
        if is_long:
            await asyncio.sleep(0)


def drawn(event: Event, language: str, template: Template | None, public_url: str) -> Message:
    """One event in a person's own words, or in Tocsin's.

    Words that cannot be worked out for an event lose nobody a message: Tocsin's are used then.
    """
    if template is not None:
        with suppress(own_words.BadTemplate):
            return own_words.render(template, event, language, public_url)
    return message_of(event, language, public_url)
