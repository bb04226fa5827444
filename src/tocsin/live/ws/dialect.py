"""The form in which `/ws` gives stored events: one JSON message each, under the type it has there.

Deployments come as `posco_event` or `deployment_event`, deliveries as `webhook_event`.
"""

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

from tocsin.edge.frames import text_frame
from tocsin.live.offset import Offset
from tocsin.live.ws.deployments import deployment_event
from tocsin.live.ws.encoding import encode
from tocsin.live.ws.server_messages import DeploymentEvent, DeploymentType, WebhookEvent
from tocsin.live.ws.webhooks import DELIVERIES, webhook_event
from tocsin.model.entry import Entry

LABEL = "ws"


class Journaled(NamedTuple):
    """What a client gets of the journal: deployments under which name, and whether deliveries."""

    deployments: DeploymentType | None = "posco_event"
    has_webhooks: bool = True


class WsDialect:
    """What `shown` names, as messages; other events are not shown."""

    label = LABEL

    def __init__(self, shown: Journaled, epoch: str) -> None:
        self.shows_standing = shown.deployments is not None
        self._shown = shown
        self._epoch = epoch

    def frame(self, entry: Entry) -> bytes | None:
        """A text frame, which may stand among others in one write."""
        deployments = self._shown.deployments
        if deployments is not None and entry.standing is not None:
            return self._frame(deployments, deployment_event(entry, entry.standing), entry)
        if self._shown.has_webhooks and DELIVERIES.matches(entry.event):
            return self._frame("webhook_event", webhook_event(entry), entry)
        return None

    def _frame(self, kind: str, data: DeploymentEvent | WebhookEvent, entry: Entry) -> bytes:
        event = entry.event
        offset = Offset(self._epoch, event.seq)
        return text_frame(
            encode(kind, data, event.received_at, broadcast_id=event.id, offset=offset)
        )


def dialects_of(epoch: str) -> Mapping[Journaled, WsDialect]:
    """The dialect of each choice that a client has."""
    names: tuple[DeploymentType | None, ...] = ("posco_event", "deployment_event", None)
    choices = [Journaled(*one) for one in product(names, (True, False))]
    return {one: WsDialect(one, epoch) for one in choices}
