"""Stored events as Socket.IO clients get them."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.engineio.packet import Encoding, decode
from tocsin.live.offset import Offset
from tocsin.live.payloads import SocketIoDialect, envelope_of, payload_of
from tocsin.live.socketio.packet import Decoder, Packet
from tocsin.model.entry import Entry
from tocsin.model.event import Event

AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def entry(
    data: Any, kind: str = "step_completed", source: str = "deployment", seq: int = 7
) -> Entry:
    return Entry(
        Event(seq, "e-1", source, kind, "shop", "run-1", AT, AT, data, None, None),
    )


def dialect(
    *, encoding: Encoding = "websocket", has_offset: bool = False, namespace: str = "/"
) -> SocketIoDialect:
    return SocketIoDialect("journal", namespace, encoding, has_offset=has_offset)


def packet_in(message: str) -> Packet:
    packet = Decoder().add(str(decode(message).data))
    assert packet is not None
    return packet


def frame_text(frame: bytes) -> str:
    """What is in one unmasked text frame of less than 64 KiB."""
    assert frame[0] == 0x81
    short = frame[1]
    assert short <= 126
    length, begin = (short, 2) if short < 126 else (int.from_bytes(frame[2:4]), 4)
    assert len(frame) == begin + length
    return frame[begin:].decode()


def test_an_event_has_the_fields_that_the_guides_pages_read() -> None:
    said = {"step_name": "build", "step_status": "failed", "duration": 3}

    assert envelope_of(entry(said)) == {
        "type": "step_completed",
        "payload": {"stepName": "build", "stepStatus": "failed", "status": "failed", "duration": 3},
        "timestamp": "2026-01-02T03:04:05.678Z",
        "projectId": "shop",
        "deploymentId": "run-1",
        "seq": 7,
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"commit_hash": "a1"}, {"commitHash": "a1"}),
        ({"start_time": 1, "end_time": 2}, {"startTime": 1, "endTime": 2}),
        ({"workflow_id": "9", "workflow_name": "ci"}, {"workflowId": "9", "workflowName": "ci"}),
        (
            {"metrics": {"total_duration": 9, "steps_count": 3, "my_own": 1}},
            {"metrics": {"totalDuration": 9, "stepsCount": 3, "my_own": 1}},
        ),
        ({"metrics": [{"steps_count": 1}]}, {"metrics": [{"steps_count": 1}]}),
        # What the guide does not know stays as it was sent, at any depth.
        ({"my_field": {"step_name": "x"}}, {"my_field": {"step_name": "x"}}),
        # The sender's own status counts.
        (
            {"step_status": "failed", "status": "retrying"},
            {"stepStatus": "failed", "status": "retrying"},
        ),
        ({}, {}),
    ],
)
def test_known_names_are_camel_case_and_unknown_ones_stay(said: Any, shown: Any) -> None:
    assert payload_of(entry(said)) == shown


@pytest.mark.parametrize(
    ("kind", "source", "said"),
    [
        ("my_own_type", "deployment", {"step_name": "build"}),
        ("step_completed", "generic", {"step_name": "build"}),
        ("deployment.stalled", "tocsin", {"deployment_id": "run-1"}),
        ("step_completed", "deployment", ["step_name"]),
        ("step_completed", "deployment", None),
    ],
)
def test_what_is_not_of_the_guide_stays_as_it_was_sent(kind: str, source: str, said: Any) -> None:
    assert payload_of(entry(said, kind, source)) == said


def test_making_a_payload_leaves_the_entry_as_it_is() -> None:
    # All dialects read the same entry.
    one = entry({"step_name": "build", "metrics": {"steps_count": 1}})

    first, second = payload_of(one), payload_of(one)

    assert first == second
    assert one.data == {"step_name": "build", "metrics": {"steps_count": 1}}


@pytest.mark.parametrize("namespace", ["/", "/project-dashboard/ws"])
@pytest.mark.parametrize("has_offset", [True, False])
def test_a_frame_is_the_event_in_its_namespace_and_on_its_transport(
    namespace: str, has_offset: bool
) -> None:
    one = entry({"message": "ü" * 100})
    on_socket = dialect(namespace=namespace, has_offset=has_offset)
    by_polling = dialect(encoding="polling", namespace=namespace, has_offset=has_offset)
    expected: list[Any] = ["event", envelope_of(one)]
    if has_offset:
        expected.append("journal:7")

    polled = by_polling.frame(one)
    assert polled.endswith(b"\x1e")
    for text in (frame_text(on_socket.frame(one)), polled[:-1].decode()):
        packet = packet_in(text)
        assert packet.namespace == namespace
        assert packet.data == expected


def test_an_answer_to_one_client_has_an_offset_only_when_it_is_given_one() -> None:
    speaks = dialect(has_offset=True)

    plain = packet_in(frame_text(speaks.packet("heartbeat:ack", {})))
    marked = packet_in(frame_text(speaks.packet("snapshot", {}, Offset("journal", 3))))

    assert plain.data == ["heartbeat:ack", {}]
    assert marked.data == ["snapshot", {}, "journal:3"]


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.integers(-9, 9) | st.text(max_size=5)), max_size=5
    )
)
def test_frames_that_are_joined_come_apart_again(said: list[Any]) -> None:
    speaks = dialect(encoding="polling")
    entries = [entry(one, seq=seq) for seq, one in enumerate(said, 1)]

    joined = b"".join(speaks.frame(one) for one in entries)

    parts = joined.split(b"\x1e")
    assert parts.pop() == b""
    assert [packet_in(part.decode()).data[1] for part in parts] == [
        orjson.loads(orjson.dumps(envelope_of(one))) for one in entries
    ]
