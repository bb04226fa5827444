"""The entrance of `/ws`: who may connect, and what is made for each who does."""

from collections.abc import Callable
from functools import partial

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.edge.calls import Scope, query_of
from tocsin.edge.websocket import Socket
from tocsin.errors import Reason, Rejected
from tocsin.live.admission import Admission
from tocsin.live.hub import Hub
from tocsin.live.pulse import Pulse
from tocsin.live.recoveries import Recoveries
from tocsin.live.revoked import Revocations
from tocsin.live.ws.acts import Acts
from tocsin.live.ws.broadcasts import Broadcasts
from tocsin.live.ws.client_count import ClientCount, client_key
from tocsin.live.ws.client_messages import MAX_NAME_CHARS
from tocsin.live.ws.connection import Connection
from tocsin.live.ws.dialect import dialects_of
from tocsin.live.ws.metrics import WsMetrics
from tocsin.live.ws.shared import Shared
from tocsin.model.access import Caller, Role
from tocsin.settings.schema import LiveSettings

# Under /project-dashboard `/ws` is Socket.IO's, so the screens ask for the one under /api.
PATHS = frozenset({"/ws", "/ws/", "/api/v1/ws", "/project-dashboard/api/v1/ws"})


class WsEndpoint:
    """Takes sockets at `PATHS`; `broadcasts` is the entrance for who has something to say there."""

    def __init__(
        self,
        *,
        hub: Hub,
        callers: Callers,
        admission: Admission,
        pulse: Pulse,
        recoveries: Recoveries,
        revocations: Revocations,
        broadcasts: Broadcasts,
        metrics: WsMetrics,
        clock: Clock,
        settings: LiveSettings,
        instance: str,
        version: str,
    ) -> None:
        self.max_message_bytes = settings.max_message_bytes
        self._callers = callers
        self._admission = admission
        self._clients = ClientCount(settings.max_connections_per_client)
        self._shared = Shared(
            hub=hub,
            callers=callers,
            admission=admission,
            pulse=pulse,
            recoveries=recoveries,
            revocations=revocations,
            broadcasts=broadcasts,
            clients=self._clients,
            metrics=metrics,
            clock=clock,
            settings=settings,
            dialects=dialects_of(hub.epoch),
            instance=instance,
            version=version,
            started_s=clock.monotonic(),
        )
        self._act = Acts(hub, callers, recoveries, clock).take

    def takes(self, path: str) -> bool:
        """Whether a socket of this address belongs here."""
        return path in PATHS

    async def open(self, scope: Scope) -> Callable[[Socket], Connection]:
        """What makes the connection, once the socket is open.

        Credentials that are not good are told on the socket: a browser's page learns nothing of
        an answer in HTTP, and would come back for ever.

        Raises:
            Rejected: 403 for a page of another origin, 503 when there is no room.
            StoreDown: nobody can tell who it is.
        """
        self._callers.check_origin(scope)
        refused = ""
        try:
            caller = await self._callers.identify(scope, takes_query_token=True)
        except Rejected as error:
            if error.status != 401:
                raise
            refused = error.message
            address = self._callers.address_of(scope)
            caller = Caller(Role.NOBODY, "", "nobody", address, is_local=False)
        client_id = query_of(scope).get("client_id", "").strip()[:MAX_NAME_CHARS] or None
        if not self._clients.has_room(client_key(caller.key, client_id, caller.address)):
            message = "This client has too many connections; close one, or say another client_id."
            raise self._admission.refusal("client", Reason.TOO_MANY_CONNECTIONS, message)
        self._admission.check()
        return partial(self._make, caller, client_id, refused)

    def _make(
        self, caller: Caller, client_id: str | None, refused: str, socket: Socket
    ) -> Connection:
        connection = Connection(self._shared, self._act, caller, client_id, socket)
        connection.begin(refused)
        return connection
