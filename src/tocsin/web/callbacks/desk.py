"""What the routes of callbacks ask of the stage that sends."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tocsin.errors import FieldFault
from tocsin.model.callback import CallbackChannel
from tocsin.model.callback_desk import (
    ChannelKind,
    ChannelTest,
    DestinationView,
    Preview,
    PreviewWish,
    ReplayWish,
    TemplateText,
    TemplateVariable,
)
from tocsin.model.event import Event


class CallbackDesk(Protocol):
    """Knows the channels and their options, and sends what people ask for.

    A `channel_type` is one that `channel_type` gave. Faults name a field of the options, as a
    dotted path into them; "" is the whole.
    """

    def channels(self) -> Sequence[ChannelKind]:
        """Every kind of channel, by name."""
        ...

    def channel_type(self, name: str) -> str | None:
        """The kind that is called so, also by another name of it; None when there is none."""
        ...

    # --- options

    async def check_config(
        self, channel_type: str, config: Mapping[str, Any]
    ) -> Sequence[FieldFault]:
        """What is wrong with a channel's options, addresses that may not be called included."""
        ...

    def mask(self, channel_type: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """The options as they may be shown, also those that are not valid."""
        ...

    def unmask(
        self, channel_type: str, config: Mapping[str, Any], stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The options with each secret that stands as it was shown taken from `stored`."""
        ...

    def destination(self, channel_type: str, config: Mapping[str, Any]) -> DestinationView | None:
        """Where messages by these options go; None when they are not valid."""
        ...

    def check_condition(self, source: str) -> str:
        """What is wrong with a condition; "" when nothing is."""
        ...

    # --- words

    def check_template(self, title: str, body: str) -> Sequence[FieldFault]:
        """What is wrong with a template; the fields are `title` and `body`."""
        ...

    def variables(self) -> Sequence[TemplateVariable]:
        """What a template may name."""
        ...

    def default_template(self, language: str, event_type: str, channel_type: str) -> TemplateText:
        """A template that says what Tocsin says by itself, to begin with."""
        ...

    def sample_event(self, event_type: str) -> Event:
        """An event of that type as it could be."""
        ...

    async def preview(self, wish: PreviewWish) -> Preview:
        """How an event would be told; nothing is sent.

        Raises:
            Rejected: 422, the template cannot be used, or the options.
        """
        ...

    # --- sending

    async def test(
        self,
        callback_id: str,
        project_id: str,
        channels: Sequence[CallbackChannel],
        *,
        language: str,
        event_type: str,
        by: str,
    ) -> Sequence[ChannelTest]:
        """Send a test message by each of the channels, and wait for what comes of it.

        `callback_id` is "" for a channel that is not stored. Without `event_type` the message
        says that it is a test; with it, it is a sample of that type.
        """
        ...

    async def retry(self, delivery_id: str, by: str) -> str:
        """Begin a delivery anew, with all its tries; gives the id by which it goes on.

        One that arrived already goes on as another.

        Raises:
            Rejected: 404, there is none; 409, it is on its way, or part of a digest, or its
                callback or channel is gone.
        """
        ...

    async def replay(self, wish: ReplayWish, by: str) -> int:
        """Begin all deliveries anew that fit and have ended; gives how many."""
        ...

    async def pause(self, destination_id: str, by: str) -> None:
        """Send nothing there until it is resumed.

        Raises:
            Rejected: 404, there is no such destination.
        """
        ...

    async def resume(self, destination_id: str, by: str) -> None:
        """Send there again what waits.

        Raises:
            Rejected: 404, there is no such destination.
        """
        ...

    def changed(self) -> None:
        """Take notice that callbacks or templates were changed."""
        ...
