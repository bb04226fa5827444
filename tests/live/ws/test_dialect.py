"""The dialect: one text frame for an event of a deployment, nothing for others."""

from datetime import timedelta

import orjson
import pytest

from tests.journal import at
from tests.live.ws.described import check_told
from tocsin.live.ws.dialect import WsDialect
from tocsin.live.ws.server_messages import DeploymentType
from tocsin.model.deployment import Deployment
from tocsin.model.entry import Entry
from tocsin.model.event import Event
from tocsin.model.standing import standing_of

EVENT = Event(
    *(7, "e-1", "deployment", "log_entry", "shop", "1", at(0), at(0) + timedelta(seconds=1)),
    {"message": "a line"},
    None,
    None,
)


@pytest.mark.parametrize("kind", ["posco_event", "deployment_event"])
def test_an_event_of_a_deployment_is_one_text_frame(kind: DeploymentType) -> None:
    frame = WsDialect(kind, "epoch").frame(Entry(EVENT, standing_of("shop", "1", Deployment())))

    assert frame is not None
    assert frame[:2] == b"\x81\x7e"
    assert int.from_bytes(frame[2:4], "big") == len(frame) - 4
    message = orjson.loads(frame[4:])
    check_told(message)
    assert message["type"] == kind
    assert (message["seq"], message["epoch"], message["broadcast_id"]) == (7, "epoch", "e-1")
    assert message["timestamp"] == "2026-01-01T00:00:01.000Z"
    assert message["data"]["occurred_at"] == "2026-01-01T00:00:00.000Z"
    assert message["data"]["message"] == "a line"


def test_what_is_about_no_deployment_is_not_shown() -> None:
    assert WsDialect("posco_event", "epoch").frame(Entry(EVENT)) is None


def test_it_needs_to_know_where_a_deployment_stands() -> None:
    dialect = WsDialect("posco_event", "epoch")

    assert (dialect.label, dialect.shows_standing) == ("ws", True)
