"""The dialect: one text frame for an event that the client wants, nothing for others."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from tests.journal import at
from tests.live.ws.described import check_told
from tocsin.live.ws.dialect import Journaled, WsDialect, dialects_of
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
DEPLOYMENT = Entry(EVENT, standing_of("shop", "1", Deployment()))
SENT = replace(EVENT, source="tocsin", type="delivery.sent", subject="d-1", data={"status": 200})
DELIVERY = Entry(SENT)


def read(frame: bytes | None) -> Any:
    """The message in a frame of its own."""
    assert frame is not None
    assert frame[:2] == b"\x81\x7e"
    assert int.from_bytes(frame[2:4], "big") == len(frame) - 4
    message = orjson.loads(frame[4:])
    check_told(message)
    return message


@pytest.mark.parametrize("kind", ["posco_event", "deployment_event"])
def test_an_event_of_a_deployment_is_one_text_frame(kind: DeploymentType) -> None:
    message = read(WsDialect(Journaled(kind), "epoch").frame(DEPLOYMENT))

    assert message["type"] == kind
    assert (message["seq"], message["epoch"], message["broadcast_id"]) == (7, "epoch", "e-1")
    assert message["timestamp"] == "2026-01-01T00:00:01.000Z"
    assert message["data"]["occurred_at"] == "2026-01-01T00:00:00.000Z"
    assert message["data"]["message"] == "a line"


def test_what_became_of_a_delivery_has_a_seq_too() -> None:
    message = read(WsDialect(Journaled(None), "epoch").frame(DELIVERY))

    assert (message["type"], message["seq"], message["epoch"]) == ("webhook_event", 7, "epoch")
    assert message["broadcast_id"] == "e-1"
    assert message["data"]["webhook_id"] == "d-1"
    assert message["data"]["response_code"] == 200


@pytest.mark.parametrize(
    ("shown", "entry"),
    [
        (Journaled(), Entry(EVENT)),
        (Journaled(None), DEPLOYMENT),
        (Journaled("posco_event", has_webhooks=False), DELIVERY),
        (Journaled(), Entry(replace(SENT, source="generic"))),
    ],
)
def test_what_a_client_does_not_want_is_not_shown(shown: Journaled, entry: Entry) -> None:
    assert WsDialect(shown, "epoch").frame(entry) is None


def test_there_is_one_for_each_choice_which_asks_only_for_what_it_shows() -> None:
    found = dialects_of("epoch")

    assert len(found) == 6
    for shown, dialect in found.items():
        assert (dialect.label, dialect.shows_standing) == ("ws", shown.deployments is not None)
