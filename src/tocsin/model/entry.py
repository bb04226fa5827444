"""An event of the journal as it is handed to live clients."""

from dataclasses import replace
from typing import Any

import orjson

from tocsin.model.event import Event
from tocsin.model.standing import Standing


class Entry:
    """An event, and where the deployment it tells of stands; None when it tells of none.

    `event.data` is JSON as it is kept (`orjson.Fragment`), which event streams write out as it
    is; who needs to look inside takes `data`. Events committed together show one standing, that
    after all of them, and so does an event read back from the journal later.
    """

    __slots__ = ("_data", "_is_read", "event", "standing")

    def __init__(self, event: Event, standing: Standing | None = None) -> None:
        self.event = event
        self.standing = standing
        self._is_read = False
        self._data: Any = None

    @property
    def seq(self) -> int:
        return self.event.seq

    @property
    def data(self) -> Any:
        """What the event says, read once however many ask."""
        if not self._is_read:
            self._data, self._is_read = orjson.loads(orjson.dumps(self.event.data)), True
        return self._data


def read_out(event: Event) -> Event:
    """An event that was read back, with what it says in place of its JSON."""
    return replace(event, data=Entry(event).data)
