"""Trying callbacks out, one or many at once: a result for each channel, a result for each id."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from fastapi import Body, Request

from tocsin.edge.answers import status_of
from tocsin.errors import Reason, Rejected, StoreDown
from tocsin.model.access import Caller, Role
from tocsin.model.callback import Callback, CallbackChannel
from tocsin.model.callback_desk import ReplayWish
from tocsin.model.delivery import DeliveryState
from tocsin.store import delivery_history
from tocsin.store.database import Database
from tocsin.web.callbacks.changes import CallbackChanges
from tocsin.web.callbacks.desk import CallbackDesk
from tocsin.web.callbacks.faults import bad_field, refuse
from tocsin.web.callbacks.fields import CallbackId
from tocsin.web.callbacks.kinds import kind_called
from tocsin.web.callbacks.trial_shapes import (
    BatchResult,
    BatchShape,
    BatchWish,
    ChannelTrials,
    CountShape,
    DirectTrial,
    TrialWish,
)
from tocsin.web.callers import caller_of, require
from tocsin.web.release_envelope import Answer, code_of
from tocsin.web.release_routes import ReleaseRoutes

_OPERATORS = ("test", "retry")

Do = Callable[[str, Caller], Awaitable[ChannelTrials | CountShape | None]]


def add_to(
    routes: ReleaseRoutes, *, database: Database, desk: CallbackDesk, changes: CallbackChanges
) -> None:
    """The routes that try callbacks out, and the one for many at once."""
    part = _Trials(database, desk, changes)
    operators = routes.operators
    operators.post("/callbacks/{callback_id:uuid}/test", summary="Try a callback out")(part.test)
    operators.post("/callbacks/test-direct", summary="Try options out that are not stored")(
        part.test_direct
    )
    operators.post("/callbacks/batch", summary="Do one thing to many callbacks")(part.batch)


class _Trials:
    def __init__(self, database: Database, desk: CallbackDesk, changes: CallbackChanges) -> None:
        self._database = database
        self._desk = desk
        self._changes = changes

    async def test(
        self,
        callback_id: CallbackId,
        request: Request,
        body: Annotated[TrialWish | None, Body()] = None,
    ) -> Answer[ChannelTrials]:
        """Send a test message by the callback's channels, and wait for what comes of it."""
        found = await self._changes.by_id(str(callback_id))
        channels = self._wanted(found, body or TrialWish())
        return Answer(data=await self._tested(found, channels, caller_of(request)))

    async def test_direct(self, body: DirectTrial, request: Request) -> Answer[ChannelTrials]:
        """Send a test message by options that are not stored."""
        caller = caller_of(request)
        stored = None
        if body.callback_id:
            # Who may choose the address could have a kept secret sent to themselves.
            require(caller, Role.ADMIN)
            stored = await self._changes.by_id(body.callback_id)
        channel = self._changes.drawn_up_channel(
            body.type, body.config, body.template_id, stored, body.channel_id
        )
        refuse(await self._changes.channel_faults(channel))
        tests = await self._desk.test(
            "",
            stored.project_id if stored else "",
            [channel],
            language=body.language,
            event_type=body.event_type,
            by=caller.name,
        )
        return Answer(data=ChannelTrials.of(tests))

    async def batch(self, body: BatchWish, request: Request) -> Answer[BatchShape]:
        """Do one thing to each; what fails leaves the others as they are."""
        caller = caller_of(request)
        if body.action not in _OPERATORS:
            require(caller, Role.ADMIN)
        do: Do = {
            "enable": self._enable,
            "disable": self._disable,
            "test": self._test_one,
            "delete": self._remove,
            "retry": self._retry,
        }[body.action]
        results = [await _result(do, one, caller) for one in dict.fromkeys(body.ids)]
        return Answer(data=BatchShape(ok=all(one.ok for one in results), results=results))

    async def _enable(self, callback_id: str, caller: Caller) -> None:
        await self._changes.enable(callback_id, caller.name, is_enabled=True)

    async def _disable(self, callback_id: str, caller: Caller) -> None:
        await self._changes.enable(callback_id, caller.name, is_enabled=False)

    async def _remove(self, callback_id: str, caller: Caller) -> None:
        await self._changes.remove(callback_id, caller.name)

    async def _test_one(self, callback_id: str, caller: Caller) -> ChannelTrials:
        found = await self._changes.by_id(callback_id)
        return await self._tested(found, self._wanted(found, TrialWish()), caller)

    async def _retry(self, one: str, caller: Caller) -> CountShape:
        async with self._database.read() as conn:
            is_delivery = await delivery_history.exists(conn, one)
        if is_delivery:
            await self._desk.retry(one, caller.name)
            return CountShape(count=1)
        await self._changes.by_id(one)
        wish = ReplayWish(config_id=one, state=DeliveryState.FAILED)
        return CountShape(count=await self._desk.replay(wish, caller.name))

    async def _tested(
        self, one: Callback, channels: Sequence[CallbackChannel], caller: Caller
    ) -> ChannelTrials:
        return ChannelTrials.of(
            await self._desk.test(
                one.id,
                one.project_id,
                channels,
                language=one.language,
                event_type="",
                by=caller.name,
            )
        )

    def _wanted(self, one: Callback, wish: TrialWish) -> list[CallbackChannel]:
        kind = kind_called(self._desk, wish.channel_type)
        if wish.channel_id or kind:
            found = [
                channel
                for channel in one.channels
                if wish.channel_id in ("", channel.id) and kind in ("", channel.type)
            ]
            if not found:
                field = "channel_id" if wish.channel_id else "channel_type"
                raise bad_field(field, "expected a channel of this callback")
            return found
        enabled = [channel for channel in one.channels if channel.enabled]
        if not enabled:
            message = "No channel of this callback is enabled; name the one to be tried."
            raise Rejected(409, Reason.CONFLICT, message)
        return enabled


async def _result(do: Do, one: str, caller: Caller) -> BatchResult:
    try:
        data = await do(one, caller)
    except (Rejected, StoreDown) as error:
        code = code_of(status_of(error))
        return BatchResult(id=one, ok=False, code=code, msg=error.message, data=None)
    is_ok = not isinstance(data, ChannelTrials) or data.ok
    return BatchResult(id=one, ok=is_ok, code=0, msg="ok", data=data)
