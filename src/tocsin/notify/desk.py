"""Answer what people ask of those who send: options, previews, tests, retries, pauses."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from tocsin.edge.outbound import Outbound
from tocsin.errors import FieldFault, GiveUp, Reason, Rejected
from tocsin.model.callback import CallbackChannel, Template
from tocsin.model.callback_desk import (
    ChannelKind,
    DestinationView,
    Preview,
    PreviewWish,
    TemplateText,
    TemplateVariable,
)
from tocsin.model.event import Event
from tocsin.model.message import Outgoing
from tocsin.model.standard_message import standard_of
from tocsin.notify import condition
from tocsin.notify.again import Again
from tocsin.notify.channel import ALIASES, Channel, extras_of, find_channels
from tocsin.notify.delivery.tools import Tools
from tocsin.notify.known import Target, lone_target
from tocsin.notify.options import faults_of, kind_of, masked, unmasked
from tocsin.notify.preview import dry_run
from tocsin.notify.trial import Trials
from tocsin.notify.wording import template
from tocsin.notify.wording.bounds import bounded
from tocsin.notify.wording.messages import message_of
from tocsin.notify.wording.outgoing import drawn
from tocsin.notify.wording.templating.filters import text_of
from tocsin.notify.wording.templating.variables import values_of

_NOBODY = "preview"
_EXAMPLE_TYPE = "canary_started"

# Who tries something out on a machine of their own has to find it.
_ALLOWED = "The setting notify.allowed_networks says what else may be called."


class Desk:
    """What `web` asks; `base_urls` are the platforms' addresses by the settings."""

    def __init__(
        self,
        tools: Tools,
        http: Outbound,
        trials: Trials,
        again: Again,
        base_urls: Mapping[str, str],
    ) -> None:
        self._tools = tools
        self._http = http
        self._base_urls = base_urls
        self.test = trials.test
        self.retry = again.retry
        self.replay = again.replay
        self.pause = again.pause
        self.resume = again.resume

    def changed(self) -> None:
        """Have what was changed read at once."""
        self._tools.known.wake()

    # --- channels and their options

    def channels(self) -> Sequence[ChannelKind]:
        """Every kind of channel, by name."""
        return [
            kind_of(name, channel, self._base_urls.get(name, ""))
            for name, channel in sorted(find_channels().items())
        ]

    def channel_type(self, name: str) -> str | None:
        """The kind that is called so; None when there is none."""
        kind = ALIASES.get(name, name)
        return kind if kind in find_channels() else None

    async def check_config(
        self, channel_type: str, config: Mapping[str, Any]
    ) -> Sequence[FieldFault]:
        """What is wrong with a channel's options, addresses that may not be called included."""
        channel = _channel(channel_type)
        faults = faults_of(channel, config)
        if faults:
            return faults
        target = self._target(channel_type, config)
        for address in extras_of(channel).addresses(target.options):
            try:
                await self._http.check(address)
            except GiveUp as error:
                message = f"{error.message} {_ALLOWED}"
                faults.append(FieldFault(_field_of(config, address), message))
        return faults

    def mask(self, channel_type: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """The options as they may be shown, also those that are not valid."""
        channel = find_channels().get(channel_type)
        # Of a kind that is not there any more nobody knows what is secret.
        return {} if channel is None else masked(channel, config)

    def unmask(
        self, channel_type: str, config: Mapping[str, Any], stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The options with each secret that stands as it was shown taken from `stored`."""
        return unmasked(_channel(channel_type), config, stored)

    def destination(self, channel_type: str, config: Mapping[str, Any]) -> DestinationView | None:
        """Where messages by these options go; None when they are not valid."""
        try:
            target = self._target(channel_type, config)
        except (ValidationError, ValueError, LookupError):
            return None
        return DestinationView(target.destination, target.label)

    def check_condition(self, source: str) -> str:
        """What is wrong with a condition; "" when nothing is."""
        try:
            condition.check(source)
        except ValueError as error:
            return str(error)
        return ""

    def _target(self, channel_type: str, config: Mapping[str, Any]) -> Target:
        row = CallbackChannel(_NOBODY, channel_type, enabled=True, config=config)
        return lone_target(row, self._tools.clock.now())

    # --- words

    def check_template(self, title: str, body: str) -> Sequence[FieldFault]:
        """What is wrong with a template; the fields are `title` and `body`."""
        return template.check(title, body)

    def variables(self) -> Sequence[TemplateVariable]:
        """What a template may name."""
        event = template.sample_event(_EXAMPLE_TYPE)
        values = values_of(event, message_of(event, "en"))
        return [
            TemplateVariable(name, said, "" if name == "event" else text_of(values[name]))
            for name, said in template.VARIABLES.items()
        ]

    def default_template(self, language: str, event_type: str, channel_type: str) -> TemplateText:
        """A template that says what Tocsin says by itself, to begin with."""
        return TemplateText(**template.defaults(language, event_type, channel_type))

    def sample_event(self, event_type: str) -> Event:
        """An event of that type as it could be."""
        return template.sample_event(event_type)

    async def preview(self, wish: PreviewWish) -> Preview:
        """How an event would be told; nothing is sent.

        Raises:
            Rejected: 422, the template cannot be used, or the options.
        """
        words, public_url = self._words(wish), self._tools.settings.public_url
        message = bounded(drawn(wish.event, wish.language, words, public_url))
        if not wish.channel_type:
            return Preview(message=message, requests=[], size=None, max_size=None)
        channel = _channel(wish.channel_type)
        given = _given(wish.config)
        # Options of which either is to be given are not mixed with those of the example.
        config = {**extras_of(channel).EXAMPLE, **given} if faults_of(channel, given) else given
        faults = faults_of(channel, config)
        if faults:
            raise _bad(faults)
        target = self._target(wish.channel_type, config)
        outgoing = Outgoing(_NOBODY, wish.event.type, message, standard_of(wish.event))
        base_url = self._base_urls.get(wish.channel_type, "")
        line = await dry_run(target, outgoing, base_url, self._tools.clock.now())
        return Preview(
            message=message,
            requests=line.requests,
            size=line.size,
            max_size=target.limits.max_size,
        )

    def _words(self, wish: PreviewWish) -> Template | None:
        if wish.title is None and wish.body is None:
            return None
        faults = template.check(wish.title or "", wish.body or "")
        if faults:
            raise _bad(faults)
        now = self._tools.clock.now()
        return Template(
            id=_NOBODY,
            name="",
            channel_type=wish.channel_type,
            event_type=wish.event.type,
            language=wish.language,
            title=wish.title or "",
            body=wish.body or "",
            created_at=now,
            updated_at=now,
        )


def _channel(channel_type: str) -> Channel:
    channel = find_channels().get(channel_type)
    if channel is None:
        raise _bad([FieldFault("type", "there is no such channel")])
    return channel


def _given(config: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody has filled in so far."""
    return {name: value for name, value in config.items() if value not in (None, "", [], {})}


def _field_of(config: Mapping[str, Any], address: str) -> str:
    return next((name for name, value in config.items() if value == address), "")


def _bad(faults: Sequence[FieldFault]) -> Rejected:
    message = f"{faults[0].field}: {faults[0].message}".removeprefix(": ")
    return Rejected(422, Reason.BAD_FIELD, message, fields=faults)
