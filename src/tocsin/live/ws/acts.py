"""What each message of a client has Tocsin do.

Who may send it is decided here, its form elsewhere. A function that gives work back has it
awaited; what the client sends meanwhile waits, so that it is answered in order.
"""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.errors import Rejected, StoreDown
from tocsin.live.closing import CloseCode
from tocsin.live.hub import Hub
from tocsin.live.offset import Offset
from tocsin.live.recoveries import Recoveries
from tocsin.live.ws.client_messages import (
    Auth,
    ClientInfo,
    Ping,
    PongSaid,
    SendWebhook,
    ServiceControl,
    Subscribe,
    Unsubscribe,
)
from tocsin.live.ws.connection import Connection
from tocsin.live.ws.dialect import LABEL
from tocsin.live.ws.reading import Said
from tocsin.live.ws.server_messages import (
    Authenticated,
    ErrorCode,
    Pong,
    Subscribed,
    WebhookEvent,
)
from tocsin.live.ws.subscription import MAX_NAMED, Subscription, TooManyNamed
from tocsin.model.times import parse_instant, rfc3339

log = structlog.get_logger(__name__)

Work = Coroutine[Any, Any, None]


class Acts:
    """All of them; `take` finds the one for a message."""

    def __init__(self, hub: Hub, callers: Callers, recoveries: Recoveries, clock: Clock) -> None:
        self._hub = hub
        self._callers = callers
        self._recoveries = recoveries
        self._clock = clock
        self._by_shape: Mapping[type[Any], Callable[..., Work | None]] = {
            ClientInfo: self.client_info,
            Subscribe: self.subscribe,
            Unsubscribe: self.unsubscribe,
            ServiceControl: self.service_control,
            SendWebhook: self.send_webhook,
            Ping: self.ping,
            PongSaid: self.pong,
            Auth: self.auth,
        }

    def take(self, connection: Connection, said: Said) -> Work | None:
        """Do what `said` asks for."""
        return self._by_shape[type(said.data)](connection, said, said.data)

    def client_info(self, connection: Connection, _said: Said, data: ClientInfo) -> None:
        log.info(
            "client_info",
            client_id=data.client_id,
            client_type=data.client_type,
            address=connection.address,
        )
        if data.client_id is not None:
            connection.rename(data.client_id)

    def subscribe(self, connection: Connection, said: Said, data: Subscribe) -> Work | None:
        try:
            after = connection.subscription.subscribe(data)
        except TooManyNamed:
            told = f"At most {MAX_NAMED} projects and deployments can be named in all."
            connection.refuse(said, ErrorCode.INVALID_MESSAGE_FORMAT, told)
            return None
        if data.since is not None:
            offset = Offset(data.since.epoch, data.since.seq)
            return self._resume(connection, said, after, offset)
        connection.subscribe(after)
        self._answer(connection, said, after, None, connection.position)
        return None

    def unsubscribe(self, connection: Connection, said: Said, data: Unsubscribe) -> None:
        after = connection.subscription.unsubscribe(data)
        connection.subscribe(after)
        self._answer(connection, said, after, None, connection.position)

    async def _resume(
        self, connection: Connection, said: Said, after: Subscription, offset: Offset
    ) -> None:
        try:
            recovered = await self._hub.can_resume(after.selection, offset)
        except StoreDown:
            told = "The journal cannot be read now; try again."
            connection.refuse(said, ErrorCode.INTERNAL_SERVER_ERROR, told)
            return
        self._recoveries.count(LABEL, recovered=recovered)
        if connection.is_closing:
            return
        if recovered:
            _note(connection, said, after)
            answer = self._subscribed(after, recovered, offset.seq)
            connection.resume(after, offset.seq, "subscribed", answer, said)
        else:
            connection.subscribe(after, anew=True)
            self._answer(connection, said, after, recovered, connection.position)

    def _answer(
        self,
        connection: Connection,
        said: Said,
        after: Subscription,
        recovered: bool | None,
        seq: int,
    ) -> None:
        _note(connection, said, after)
        kind = f"{said.type}d"
        connection.say(kind, self._subscribed(after, recovered, seq), said.request_id)

    def _subscribed(self, after: Subscription, recovered: bool | None, seq: int) -> Subscribed:
        return Subscribed(
            event_types=after.in_order(),
            filters=after.filters,
            all_deployments=after.names_all_deployments,
            projects=tuple(sorted(after.projects or ())),
            deployment_ids=tuple(sorted(after.deployment_ids or ())),
            recovered=recovered,
            epoch=self._hub.epoch,
            seq=seq,
        )

    def service_control(self, connection: Connection, said: Said, data: ServiceControl) -> None:
        if data.action != "status" and not connection.caller.may_operate:
            told = "Only operators may control services."
            connection.refuse(said, ErrorCode.PERMISSION_DENIED, told)
        else:
            told = f"There is no service {data.service_id}."
            connection.refuse(said, ErrorCode.SERVICE_NOT_FOUND, told)

    def send_webhook(self, connection: Connection, said: Said, data: SendWebhook) -> None:
        if not connection.caller.may_operate:
            told = "Only operators may send webhooks."
            connection.refuse(said, ErrorCode.PERMISSION_DENIED, told)
            return
        event = WebhookEvent(
            webhook_id="",
            event_type="failed",
            webhook_type=data.webhook_type,
            url=_host_of(data.url or ""),
            status="failed",
            message="Nothing was sent: no destination is set up.",
            sent_at=rfc3339(self._clock.now()) or "",
        )
        connection.say("webhook_event", event, said.request_id)

    def ping(self, connection: Connection, said: Said, data: Ping) -> None:
        now = self._clock.now()
        at = parse_instant(data.client_time)
        # The client's clock may be ahead of ours.
        latency_ms = None if at is None else max(0, round((now - at).total_seconds() * 1_000))
        pong = Pong(data.client_time, rfc3339(now) or "", latency_ms)
        connection.say("pong", pong, said.request_id)

    def pong(self, _connection: Connection, _said: Said, _data: PongSaid) -> None:
        """A sign of life, like any other message."""

    async def auth(self, connection: Connection, said: Said, data: Auth) -> None:
        again = partial(self._callers.identify_token, connection.scope, data.token)
        try:
            caller = await again()
        except Rejected as error:
            connection.refuse(said, ErrorCode.AUTHENTICATION_REQUIRED, error.message)
            connection.close(CloseCode.NOT_SIGNED_IN)
            return
        except StoreDown:
            told = "Tokens cannot be looked up now; try again."
            connection.refuse(said, ErrorCode.INTERNAL_SERVER_ERROR, told)
            return
        if connection.is_closing:
            return
        if not caller.may_read:
            told = "This token's role may not read events."
            connection.refuse(said, ErrorCode.PERMISSION_DENIED, told)
            connection.close(CloseCode.NOT_ALLOWED)
            return
        connection.say(
            "authenticated", Authenticated(caller.role.word, caller.name), said.request_id
        )
        connection.sign_in(caller, again)


def _note(connection: Connection, said: Said, after: Subscription) -> None:
    types = list(after.in_order())
    client_id = connection.client_id
    told = {"types": types, "client_id": client_id, "address": connection.address}
    if said.type == "subscribe":
        log.info("subscribe", **told)
    else:
        log.info("unsubscribe", **told)


def _host_of(url: str) -> str:
    """A webhook's address without its path, which is its secret."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}/…" if parts.scheme and host else ""
