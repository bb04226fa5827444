"""The standard messages of the newest events, each made once for all destinations it goes to."""

from collections.abc import Mapping
from typing import Any

import orjson

from tocsin.model.event import Event
from tocsin.model.standard_message import standard_of

# Destinations that are further apart than this have a message made anew.
KEPT = 1_000
# A larger one, as JSON, is made anew for each.
MAX_KEPT_BYTES = 8_192


class Standards:
    """Remembers what it has made last."""

    def __init__(self) -> None:
        self._made: dict[int, Mapping[str, Any]] = {}

    def of(self, event: Event) -> Mapping[str, Any]:
        """The standard message that `event` is; it belongs to everybody, and nobody changes it."""
        made = self._made.get(event.seq)
        if made is not None:
            return made
        made = standard_of(event)
        if len(orjson.dumps(made)) <= MAX_KEPT_BYTES:
            self._made[event.seq] = made
            if len(self._made) > KEPT:
                del self._made[next(iter(self._made))]
        return made
