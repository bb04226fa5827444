"""Follow a server's events across lost connections, each event once and in order.

Knows when to come back and from where; how events travel is `tocsin.client.transport`.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from tocsin.client.errors import Busy, NotTocsin, Unreachable
from tocsin.client.place import Back, Lost, Opened, Place
from tocsin.client.retry import Pacing, pause_s
from tocsin.client.transport import StreamEvent, Wire

LinkChange = Opened | Back | Lost
OnLink = Callable[[LinkChange], None]

# A connection that held this long was a good one: the next loss is a first failure again.
_GOOD_S = 5.0


async def follow(
    connect: Wire, place: Place, on_link: OnLink, patience_s: float, pacing: Pacing
) -> AsyncGenerator[StreamEvent, None]:
    """Events from `place` on, for ever.

    A server that was never reached is given up at once, a busy one after `patience_s`;
    one that was reached is tried again until it is back, whatever it takes.

    Raises:
        Unreachable, Busy: as above.
        Refused, NotTocsin: repeating cannot help.
    """
    give_up_at = pacing.monotonic() + patience_s
    was_open = is_lost = False
    failures = 0
    while True:
        begun_at = pacing.monotonic()
        asked_s: float | None = None
        try:
            async with aclosing(connect(place)) as items:
                async for item in items:
                    if isinstance(item, Opened):
                        on_link(place.back(item) if is_lost else item)
                        place = place.opened(item)
                        was_open, is_lost = True, False
                    elif not place.is_repeat(item.epoch, item.seq):
                        place = place.after(item.epoch, item.seq)
                        failures = 0
                        yield item
            if not was_open:
                raise NotTocsin("the event stream ends before it has opened")
            detail = "the server ended it"
        except (Unreachable, Busy) as error:
            asked_s = error.retry_after_s if isinstance(error, Busy) else None
            left_s = give_up_at - pacing.monotonic() - (asked_s or 0.0)
            if not was_open and (isinstance(error, Unreachable) or left_s < 0):
                raise
            detail = error.detail if isinstance(error, Unreachable) else str(error)
        if pacing.monotonic() - begun_at >= _GOOD_S:
            failures = 0
        failures += 1
        if was_open and not is_lost:
            is_lost = True
            on_link(Lost(detail))
        await pacing.sleep(pause_s(failures, pacing.chance(), asked_s))
