"""Decides what of all that comes on a line is handed on.

Pure: messages in, verdicts out. What a server sends before it knows the subscription and the
place is not ours, or comes once more; from its answer on, each event of the journal is handed
on once and in order, whatever happens to lines.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.client.live.messages import (
    ConnectionStatus,
    ErrorSaid,
    Message,
    Offset,
    Subscribed,
)
from tocsin.client.live.subscription import Subscription
from tocsin.client.place import Opened, Place

# What a server may answer today and not tomorrow.
_PASSING = frozenset({"INTERNAL_SERVER_ERROR", "RATE_LIMIT_EXCEEDED"})

Change = Callable[[Subscription], Subscription]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a message.

    `opened` comes with the one message of a line with which it stands, `before` is the place
    until then. `is_refused` and `is_passing`: it will not stand, and trying again is of no use,
    or may be.
    """

    is_wanted: bool
    opened: Opened | None = None
    before: Place | None = None
    is_refused: bool = False
    is_passing: bool = False


_WANTED = Verdict(is_wanted=True)
_UNWANTED = Verdict(is_wanted=False)


class Follower:
    """What is known over all lines: the place, and what was asked for."""

    def __init__(self, place: Place, subscription: Subscription) -> None:
        self.place = place
        self._subscription = subscription
        self._changes: dict[str, Change] = {}
        # Ids of what was asked on a new line; the answer to the last one tells how it stands.
        self._asked: list[str] = []
        self._is_open = False

    @property
    def offset(self) -> Offset | None:
        """Up to where everything was handed on."""
        seq = self.place.seq
        return None if seq is None else Offset(self.place.epoch, seq)

    @property
    def is_open(self) -> bool:
        """Whether the line stands: the server has said how."""
        return self._is_open

    @property
    def subscription(self) -> Subscription:
        """All that was asked for, answered or not."""
        total = self._subscription
        for change in self._changes.values():
            total = change(total)
        return total

    def change(self, request_id: str, change: Change) -> None:
        """Ask for something else; taken back when the message with this id is refused."""
        self._changes[request_id] = change

    def begin(self, new_id: Callable[[], str]) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """A new line is open: ids and data of each `subscribe` to say on it."""
        # What the last line did not answer is asked again with all the rest.
        self._subscription = self.subscription
        self._changes.clear()
        asked = [(new_id(), data) for data in self._subscription.opening(self.offset)]
        self._asked = [request_id for request_id, _ in asked]
        self._is_open = False
        return asked

    def take(self, message: Message) -> Verdict:
        """Whether to hand a message on, and what else it means."""
        self._settle(message)
        if not self._is_open:
            verdict = self._opening(message)
            if verdict is not None:
                return verdict
        offset = message.offset
        if offset is None:
            is_early = not self._is_open and not self.subscription.wants(message.type)
            return _UNWANTED if is_early else _WANTED
        if not self._is_open or self.place.is_repeat(offset.epoch, offset.seq):
            return _UNWANTED
        self.place = self.place.after(offset.epoch, offset.seq)
        return _WANTED

    def _settle(self, message: Message) -> None:
        """Note whether something that was asked for later is so now."""
        change = self._changes.pop(message.request_id or "", None)
        if change is not None and not isinstance(message, ErrorSaid):
            self._subscription = change(self._subscription)

    def _opening(self, message: Message) -> Verdict | None:
        """What a message means to a line that does not stand yet; None: nothing."""
        if isinstance(message, ConnectionStatus):
            # A server that cannot resume does not answer either.
            is_all = not self._asked or "resume" not in message.features
            return self._opened(message.position, recovered=None) if is_all else None
        if message.request_id not in self._asked:
            return None
        if isinstance(message, ErrorSaid):
            is_passing = message.error_code in _PASSING
            return Verdict(is_wanted=True, is_refused=not is_passing, is_passing=is_passing)
        if isinstance(message, Subscribed) and message.request_id == self._asked[-1]:
            return self._opened(message.position, recovered=message.recovered)
        return None

    def _opened(self, position: Offset | None, *, recovered: bool | None) -> Verdict:
        before, since = self.place, self.offset
        if since is not None:
            recovered = recovered is True
        self._is_open = True
        if position is None:
            # A server without a journal: nothing of before can come again.
            return Verdict(True, Opened("", 0, recovered), before)
        opened = Opened(position.epoch, position.seq, recovered)
        self.place = before.opened(opened)
        return Verdict(True, opened, before)
