"""The client knows what the server says."""

from dataclasses import fields

import pytest

from tocsin.client.live.messages import TYPES, Message, Offset
from tocsin.live.ws.server_messages import SERVER_MESSAGES

# Told in another form by the client, and why.
TOLD_OTHERWISE = {"epoch": "position", "seq": "position"}
LEFT_IN_DATA = {
    ("pong", "client_time"): "a text or a number; latency is what one asks for",
    ("error", "timestamp"): "the message's own says the same",
}


def test_every_type_of_message_is_known() -> None:
    assert set(TYPES) == set(SERVER_MESSAGES)


@pytest.mark.parametrize("kind", sorted(SERVER_MESSAGES))
def test_every_field_of_a_message_is_known(kind: str) -> None:
    known = {one.name for one in fields(TYPES[kind])}

    said = {
        TOLD_OTHERWISE.get(one.name, one.name)
        for one in fields(SERVER_MESSAGES[kind][0])
        if (kind, one.name) not in LEFT_IN_DATA
    }

    assert said <= known
    assert known <= said | {one.name for one in fields(Message)}


def test_an_offset_is_written_as_it_is_asked_for() -> None:
    assert str(Offset("e", 7)) == "e:7"
