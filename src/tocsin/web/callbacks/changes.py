"""Changes of callbacks by people: checked, with kept secrets put back in, each with its event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tocsin.clock import Clock
from tocsin.errors import FieldFault
from tocsin.model.audit import setting_changed
from tocsin.model.callback import Callback, CallbackChannel
from tocsin.model.event import new_event_id
from tocsin.store import callbacks
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.store.key import Vault
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.faults import bad_field, refuse
from tocsin.web.callbacks.kinds import kind_called, one_of_the_kinds
from tocsin.web.callbacks.shapes import CallbackChange, NewCallback, NewChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What callbacks are changed on: where they are stored, and who is told of it."""

    database: Database
    journal: Journal
    vault: Vault
    clock: Clock
    desk: CallbackDesk


class CallbackChanges:
    """What the routes do to callbacks. All raise `StoreDown` where nothing could be stored."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def by_id(self, callback_id: str) -> Callback:
        """The callback, secrets included.

        Raises:
            Rejected: 404, there is none.
        """
        async with self._ground.database.read() as conn:
            return await callbacks.by_id(conn, self._ground.vault, callback_id)

    async def create(self, project_id: str, body: NewCallback, by: str) -> Callback:
        """Store a callback, which is told of what happens from now on.

        Raises:
            Rejected: 409, there are too many; 422, a field is wrong.
        """
        new = self.drawn_up(project_id, body)
        refuse(await self.faults_of(new))
        event = setting_changed("callback.created", label(new), by, self._ground.clock.now())
        # From now on there is the project, whatever becomes of the callback.
        project = "" if new.project_id == "*" else new.project_id
        await self._ground.journal.append(
            [replace(event, project=project)],
            lambda conn: callbacks.add(conn, self._ground.vault, new),
        )
        self._ground.desk.changed()
        return await self.by_id(new.id)

    async def change(self, callback_id: str, body: CallbackChange, by: str) -> Callback:
        """Replace what is sent of a callback.

        Raises:
            Rejected: 404, there is none; 409, somebody changed it meanwhile; 422, a field is
                wrong.
        """
        before = await self.by_id(callback_id)
        after = self._changed(before, body)
        if "channels" in body.model_fields_set or "condition" in body.model_fields_set:
            refuse(await self.faults_of(after))
        return await self._store(before, after, "callback.changed", by)

    async def enable(self, callback_id: str, by: str, *, is_enabled: bool) -> Callback:
        """Switch a callback on or off; nothing is done where it is so already.

        Raises:
            Rejected: 404, there is none; 409, somebody changed it meanwhile.
        """
        before = await self.by_id(callback_id)
        if before.enabled == is_enabled:
            return before
        what = "callback.enabled" if is_enabled else "callback.disabled"
        return await self._store(before, replace(before, enabled=is_enabled), what, by)

    async def remove(self, callback_id: str, by: str) -> None:
        """Forget a callback with its secrets.

        Raises:
            Rejected: 404, there is none.
        """
        before = await self.by_id(callback_id)
        event = setting_changed("callback.removed", label(before), by, self._ground.clock.now())
        await self._ground.journal.append([event], lambda conn: callbacks.remove(conn, callback_id))
        self._ground.desk.changed()

    async def _store(self, before: Callback, after: Callback, what: str, by: str) -> Callback:
        now, vault = self._ground.clock.now(), self._ground.vault
        wanted = replace(after, updated_at=now)
        event = setting_changed(what, label(after), by, now)
        is_moved = after.project_id not in (before.project_id, "*")
        project = after.project_id if is_moved else ""
        await self._ground.journal.append(
            [replace(event, project=project)],
            lambda conn: callbacks.change(conn, vault, before, wanted),
        )
        self._ground.desk.changed()
        return await self.by_id(before.id)

    # --- out of what was sent

    def drawn_up(
        self, project_id: str, body: NewCallback, like: Callback | None = None
    ) -> Callback:
        """A callback as it was sent, not checked yet; kept secrets are those of `like`."""
        now = self._ground.clock.now()
        return Callback(
            id=new_event_id(),
            project_id=project_id,
            name=body.name,
            enabled=body.enabled,
            channels=self.channels_of(body.channels, like),
            events=tuple(body.events),
            condition=body.condition,
            language=body.language,
            quiet_hours=None if body.quiet_hours is None else body.quiet_hours.as_model(),
            grouping=None if body.grouping is None else body.grouping.as_model(),
            created_at=now,
            updated_at=now,
        )

    def _changed(self, before: Callback, body: CallbackChange) -> Callback:
        sent = body.model_fields_set
        wanted: dict[str, Any] = {
            name: value
            for name in ("project_id", "name", "enabled", "language")
            if (value := getattr(body, name)) is not None
        }
        if body.events is not None:
            wanted["events"] = tuple(body.events)
        if body.channels is not None:
            wanted["channels"] = self.channels_of(body.channels, before)
        if "condition" in sent:
            wanted["condition"] = body.condition or ""
        for name in ("quiet_hours", "grouping"):
            if name in sent:
                said = getattr(body, name)
                wanted[name] = said and said.as_model()
        return replace(before, **wanted)

    def channels_of(
        self, sent: Sequence[NewChannel], like: Callback | None
    ) -> tuple[CallbackChannel, ...]:
        """Channels as they were sent, with the secrets of those of `like` that they are.

        A channel is told by its id; without one, by its place and its type.
        """
        stored = {one.id: one for one in like.channels} if like else {}
        named = {one.id for one in sent}
        found = []
        for at, one in enumerate(sent):
            kind = kind_called(self._ground.desk, one.type)
            before = stored.get(one.id)
            if before is None and like is not None and not one.id and at < len(like.channels):
                placed = like.channels[at]
                before = placed if placed.type == kind and placed.id not in named else None
            found.append(self._channel(one, kind, before))
        return tuple(found)

    def drawn_up_channel(
        self,
        name: str,
        config: Mapping[str, Any],
        template_id: str | None,
        like: Callback | None,
        like_id: str,
    ) -> CallbackChannel:
        """A channel that is not stored, with the kept secrets of one that is.

        Raises:
            Rejected: 422, `like` has no channel of that id.
        """
        stored = None
        if like is not None:
            stored = next((one for one in like.channels if one.id == like_id), None)
            if stored is None:
                raise bad_field("channel_id", "expected a channel of this callback")
        kind = kind_called(self._ground.desk, name)
        sent = NewChannel(type=kind, config=dict(config), template_id=template_id)
        return replace(self._channel(sent, kind, stored), id="")

    def _channel(
        self, sent: NewChannel, kind: str, before: CallbackChannel | None
    ) -> CallbackChannel:
        kept: Mapping[str, Any] = before.config if before and before.type == kind else {}
        is_known = self._ground.desk.channel_type(kind) is not None
        config = self._ground.desk.unmask(kind, sent.config, kept) if is_known else sent.config
        channel_id = before.id if before else new_event_id()
        return CallbackChannel(channel_id, kind, sent.enabled, config, sent.template_id)

    # --- checks

    async def faults_of(self, one: Callback) -> list[FieldFault]:
        """What is wrong with a callback as it is drawn up; a field is a path into what was sent."""
        faults = told_twice(one.channels)
        for at, channel in enumerate(one.channels):
            found = await self.channel_faults(channel)
            faults += [FieldFault(f"channels.{at}.{each.field}", each.message) for each in found]
        if one.condition and (wrong := self._ground.desk.check_condition(one.condition)):
            faults.append(FieldFault("condition", wrong))
        return faults

    async def channel_faults(self, channel: CallbackChannel) -> list[FieldFault]:
        """What is wrong with a channel."""
        if self._ground.desk.channel_type(channel.type) is None:
            return [FieldFault("type", one_of_the_kinds(self._ground.desk))]
        found = await self._ground.desk.check_config(channel.type, channel.config)
        return [
            FieldFault(".".join(filter(None, ("config", one.field))), one.message) for one in found
        ]


def told_twice(channels: Sequence[CallbackChannel]) -> list[FieldFault]:
    """What is wrong with a channel whose id another has: only one of them would be sent to."""
    ids = [one.id for one in channels]
    return [
        FieldFault(f"channels.{at}.id", "expected each channel once")
        for at, one in enumerate(ids)
        if one in ids[:at]
    ]


def label(one: Callback) -> str:
    """What people know a callback by."""
    return one.name or f"{one.project_id}: {', '.join(each.type for each in one.channels)}"
