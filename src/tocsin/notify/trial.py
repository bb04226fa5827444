"""Test messages: sent the way all others are, at once, and kept in the history."""

import asyncio
from collections.abc import Sequence

from pydantic import ValidationError

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.model.audit import setting_changed
from tocsin.model.callback import CallbackChannel
from tocsin.model.callback_desk import ChannelTest
from tocsin.model.delivery import DeliveryKind, DeliveryState, Outcome
from tocsin.model.event import OWN_SOURCE, Event, new_event_id
from tocsin.model.message import Outgoing
from tocsin.notify.delivery.attempt import after, answered, attempt_of, tried
from tocsin.notify.delivery.planner import new_delivery
from tocsin.notify.delivery.tools import Tools
from tocsin.notify.known import Target, lone_target
from tocsin.notify.wording import template
from tocsin.notify.wording.outgoing import outgoing_of
from tocsin.store.delivery_results import record_test

TEST = "test"


class Trials:
    """Sends test messages."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

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

        Raises:
            Rejected: 422, the options of a channel cannot be used.
            StoreDown: it may have been sent, but is not in the history.
        """
        now = self._tools.clock.now()
        targets = []
        for row in channels:
            try:
                target = lone_target(
                    row, now, callback_id=callback_id, project_id=project_id, language=language
                )
            except (ValidationError, ValueError, LookupError) as error:
                fault = FieldFault("config", "expected options of this channel")
                message = f"{row.type}: its options cannot be used."
                raise Rejected(422, Reason.BAD_FIELD, message, fields=[fault]) from error
            targets.append(target)
        event = template.sample_event(event_type) if event_type else self._event(project_id, by)
        return await asyncio.gather(*(self._by(one, event, by) for one in targets))

    def _event(self, project_id: str, by: str) -> Event:
        now = self._tools.clock.now()
        return Event(
            seq=0,
            id=new_event_id(),
            source=OWN_SOURCE,
            type=TEST,
            project=project_id,
            subject="",
            occurred_at=now,
            received_at=now,
            data={"by": by},
            occurred_text=None,
            attributes=None,
        )

    async def _by(self, target: Target, event: Event, by: str) -> ChannelTest:
        tools = self._tools
        now = tools.clock.now()
        delivery = new_delivery(event, target, now, kind=DeliveryKind.TEST)
        words = tools.known.template(target.row.template_id)

        async def draw() -> Outgoing:
            language, public_url = target.callback.language, tools.settings.public_url
            return await outgoing_of(delivery, [event], language, words, public_url)

        found = await tried(target, draw, tools.make_line)
        done = answered(after(delivery, target, found), found)
        if done.state is DeliveryState.WAITING:
            # A test is over with its first try, whatever it says.
            done = done._replace(state=DeliveryState.FAILED, ended_at=found.at)
        attempt = attempt_of(done, found)

        name = target.callback.id or target.type
        told = setting_changed("callback.tested", name, by, now)
        await tools.journal.append(
            [told], also=lambda conn: record_test(conn, tools.rows, done, attempt)
        )
        return ChannelTest(
            channel_id=target.row.id,
            channel_type=target.type,
            is_ok=found.outcome is Outcome.DELIVERED,
            status=found.shown().status,
            response=found.shown().response,
            duration_ms=found.duration_ms,
            curl=found.shown().curl,
            reason=done.reason,
            error=found.error or found.note or None,
            delivery_id=done.id,
        )
