"""Stands in for the stage that sends: two kinds of channels, and a record of what was asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.model.callback import CallbackChannel
from tocsin.model.callback_desk import (
    ChannelKind,
    ChannelRate,
    ChannelTest,
    DestinationView,
    Preview,
    PreviewWish,
    ReplayWish,
    TemplateText,
    TemplateVariable,
)
from tocsin.model.event import Event
from tocsin.model.masks import MASK
from tocsin.model.message import Block, BlockKind, Field, Link, Message, Span, Tone
from tocsin.testing.clock import START

_ALIASES = {"generic": "custom", "lark": "feishu"}
_SECRETS = {"custom": ("headers", "url"), "feishu": ("sign_secret", "webhook_url")}
_NEEDED = {"custom": "url", "feishu": "webhook_url"}


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(one) for name, one in value.items()}
    return MASK + str(value)[-4:]


def _kept(value: Any, stored: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _kept(one, (stored or {}).get(name)) for name, one in value.items()}
    return stored if stored is not None and value == _hidden(stored) else value


@dataclass
class StandInDesk:
    """`asked` is what it was asked to do; a channel whose address has "refused" in it fails."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    changes: int = 0

    def channels(self) -> Sequence[ChannelKind]:
        return [
            ChannelKind(
                type=kind,
                aliases=tuple(name for name, said in _ALIASES.items() if said == kind),
                schema={"type": "object", "required": [_NEEDED[kind]]},
                secrets=secrets,
                can_update=False,
                can_fold=True,
                max_size=20_000,
                rates=(ChannelRate(5, 1.0),),
                timeout_s=15.0,
                base_url="https://open.feishu.cn" if kind == "feishu" else "",
            )
            for kind, secrets in sorted(_SECRETS.items())
        ]

    def channel_type(self, name: str) -> str | None:
        kind = _ALIASES.get(name, name)
        return kind if kind in _SECRETS else None

    async def check_config(
        self, channel_type: str, config: Mapping[str, Any]
    ) -> Sequence[FieldFault]:
        needed = _NEEDED[channel_type]
        if needed not in config:
            return [FieldFault(needed, "is required")]
        if MASK in str(config):
            return [FieldFault(needed, "expected the secret itself")]
        if config[needed].startswith("ftp:"):
            return [FieldFault("", "expected an address with https")]
        is_inside = "127.0.0.1" in config[needed]
        return [FieldFault(needed, "leads to an address that is not public")] if is_inside else []

    def mask(self, channel_type: str, config: Mapping[str, Any]) -> dict[str, Any]:
        hidden = _SECRETS[channel_type]
        return {name: _hidden(one) if name in hidden else one for name, one in config.items()}

    def unmask(
        self, channel_type: str, config: Mapping[str, Any], stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        hidden = _SECRETS[channel_type]
        return {
            name: _kept(one, stored.get(name)) if name in hidden else one
            for name, one in config.items()
        }

    def destination(self, channel_type: str, config: Mapping[str, Any]) -> DestinationView | None:
        address = config.get(_NEEDED[channel_type])
        return None if address is None else DestinationView(f"to {address[-1]}", "example.org")

    def check_condition(self, source: str) -> str:
        return "expected an expression" if source.endswith("(") else ""

    def check_template(self, title: str, body: str) -> Sequence[FieldFault]:
        said = {"title": title, "body": body}
        return [
            FieldFault(name, "expected }} somewhere")
            for name, text in said.items()
            if text.count("{{") != text.count("}}")
        ]

    def variables(self) -> Sequence[TemplateVariable]:
        return [TemplateVariable("project_name", "What the project is called.", "my-app")]

    def default_template(self, language: str, event_type: str, channel_type: str) -> TemplateText:
        return TemplateText(f"{event_type} in {language}", f"by {channel_type}")

    def sample_event(self, event_type: str) -> Event:
        data = {"event_type": event_type}
        return Event(7, "e-1", "release", event_type, "shop", "t-1", START, START, data, None, None)

    async def preview(self, wish: PreviewWish) -> Preview:
        for fault in self.check_template(wish.title or "", wish.body or ""):
            raise Rejected(422, Reason.BAD_FIELD, fault.message, fields=[fault])
        message = Message(
            heading="发布通知",
            title=wish.title if wish.title is not None else wish.event.type,
            tone=Tone.RUNNING,
            fields=(
                Field("项目", wish.event.project),
                *(Field(name, value) for name, value in wish.event.data.get("shown", {}).items()),
            ),
            body=(Block(BlockKind.PARAGRAPH, (Span(wish.body or "", is_bold=True),)),),
            links=(Link("open", "https://example.org"),),
            language=wish.language,
        )
        if not wish.channel_type:
            return Preview(message=message, requests=[], size=None, max_size=None)
        call = {"method": "POST", "url": "https://••••", "headers": {}, "body": message.title}
        return Preview(message=message, requests=[call], size=12, max_size=20_000)

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
        configs = [dict(one.config) for one in channels]
        self.asked.append(("test", callback_id, project_id, configs, language, event_type, by))
        return [self._test(one) for one in channels]

    def _test(self, one: CallbackChannel) -> ChannelTest:
        is_ok = "refused" not in str(one.config)
        return ChannelTest(
            channel_id=one.id,
            channel_type=one.type,
            is_ok=is_ok,
            status=200,
            response='{"code":0}' if is_ok else '{"code":19021}',
            duration_ms=5,
            curl="curl -X POST 'https://••••'",
            reason=None if is_ok else "bad_signature",
            error=None if is_ok else "The signature is wrong.",
            delivery_id=None,
        )

    async def retry(self, delivery_id: str, by: str) -> str:
        self.asked.append(("retry", delivery_id, by))
        return delivery_id

    async def replay(self, wish: ReplayWish, by: str) -> int:
        self.asked.append(("replay", wish, by))
        return 3

    async def pause(self, destination_id: str, by: str) -> None:
        self.asked.append(("pause", destination_id, by))

    async def resume(self, destination_id: str, by: str) -> None:
        self.asked.append(("resume", destination_id, by))

    def changed(self) -> None:
        self.changes += 1
