"""The form in which `/ws` gives stored events: one JSON message each, under one of two names."""

from tocsin.edge.frames import text_frame
from tocsin.live.offset import Offset
from tocsin.live.ws.deployments import deployment_event
from tocsin.live.ws.encoding import encode
from tocsin.live.ws.server_messages import DeploymentType
from tocsin.model.entry import Entry

LABEL = "ws"


class WsDialect:
    """Events of deployments as messages of the type `kind`; others are not shown."""

    label = LABEL
    shows_standing = True

    def __init__(self, kind: DeploymentType, epoch: str) -> None:
        self._kind = kind
        self._epoch = epoch

    def frame(self, entry: Entry) -> bytes | None:
        """A text frame, which may stand among others in one write."""
        if entry.standing is None:
            return None
        event = entry.event
        payload = encode(
            self._kind,
            deployment_event(entry, entry.standing),
            event.received_at,
            broadcast_id=event.id,
            offset=Offset(self._epoch, event.seq),
        )
        return text_frame(payload)
