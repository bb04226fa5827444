"""A session by itself: its heartbeat by the clock, its transports, its one end."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.engineio.handshake import EngineOptions
from tocsin.live.engineio.packet import Encoding, Packet, PacketType, ProtocolError
from tocsin.live.engineio.session import Session


class Wire:
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.write = self.sent.append
        self.is_paused = False

    def unsent_bytes(self) -> int:
        return sum(map(len, self.sent))

    def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))


class Ear:
    """A listener that notes."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def message(self, message: str | bytes) -> None:
        self.told.append(("message", message))

    def paused(self) -> None:
        self.told.append(("paused",))

    def resumed(self) -> None:
        self.told.append(("resumed",))

    def encoding_changed(self, before: Encoding) -> None:
        self.told.append(("encoding_changed", before))

    def closed(self, reason: str) -> None:
        self.told.append(("closed", reason))


def session(
    wire: Wire, ear: Ear, *, interval_s: float = 25, timeout_s: float = 20, now: float = 0
) -> Session:
    options = EngineOptions(("/",), ping_interval_s=interval_s, ping_timeout_s=timeout_s)
    made = Session("sid", {}, options, lambda _: ear.told.append(("ended",)), now)
    made.open_on(wire, "websocket")
    made.listen(ear)
    return made


PING = b"\x81\x012"
PONG = Packet(PacketType.PONG)


@pytest.mark.parametrize("timeout_s", [20, 60])
def test_pings_go_out_each_interval_to_who_answers(timeout_s: float) -> None:
    wire, ear = Wire(), Ear()
    one = session(wire, ear, timeout_s=timeout_s)
    pinged_at = []
    now: float | None = 25
    while now is not None and now < 200:
        before = len(wire.sent)
        again_at = one.beat(now)
        if len(wire.sent) > before:
            pinged_at.append(now)
            one.take([PONG])
        now = again_at

    assert pinged_at == [25, 50, 75, 100, 125, 150, 175]
    assert wire.sent == [PING] * 7
    assert not ear.told


def test_who_does_not_answer_is_ended_after_the_time_out() -> None:
    wire, ear = Wire(), Ear()
    one = session(wire, ear)

    assert one.beat(25) == 45
    assert not one.is_overdue(44.9)
    assert one.is_overdue(45)
    assert one.beat(45) is None
    assert wire.closed == [(4009, "ping timeout")]
    assert ear.told == [("ended",), ("closed", "ping timeout")]
    assert one.beat(70) is None


def test_any_packet_is_life() -> None:
    one = session(Wire(), Ear())
    one.beat(25)
    one.take([Packet(PacketType.MESSAGE, "x")])

    assert not one.is_overdue(1000)
    assert one.beat(45) == 50


def test_a_loop_that_was_held_up_is_not_taken_for_silence() -> None:
    one = session(Wire(), Ear())

    # The ping was due at 25 and goes out at 44: the answer still has its 20 s.
    assert one.beat(44) == 64
    assert not one.is_overdue(63)


@given(
    interval_s=st.floats(0.1, 60),
    timeout_s=st.floats(0.1, 60),
    late_s=st.lists(st.floats(0, 0.02), min_size=40, max_size=40),
    answers=st.integers(0, 20),
)
def test_an_end_comes_a_time_out_after_the_last_answer_and_never_before(
    interval_s: float, timeout_s: float, late_s: list[float], answers: int
) -> None:
    """Whoever answers `answers` pings is ended by the one after, however late the timer is."""
    wire, ear = Wire(), Ear()
    one = session(wire, ear, interval_s=interval_s, timeout_s=timeout_s)
    pings, pinged_at, again_at, now = 0, 0.0, interval_s, 0.0
    for late in late_s * 20:
        now = again_at + late
        before = len(wire.sent)
        told = one.beat(now)
        if len(wire.sent) > before:
            # A client counts from ping to ping: it gives up after interval and time-out.
            assert now - pinged_at <= interval_s + timeout_s + 1e-6
            pings, pinged_at = pings + 1, now
            if pings <= answers:
                one.take([PONG])
        if told is None:
            break
        assert told > again_at
        again_at = told

    assert pings == answers + 1
    assert ("closed", "ping timeout") in ear.told
    assert timeout_s * 0.75 - 0.1 <= now - pinged_at <= timeout_s + 0.05


@pytest.mark.parametrize("kind", [PacketType.OPEN, PacketType.PING, PacketType.UPGRADE])
def test_packets_that_no_client_sends_are_an_error(kind: PacketType) -> None:
    with pytest.raises(ProtocolError):
        session(Wire(), Ear()).take([Packet(kind)])


def test_nothing_is_handed_on_after_the_end() -> None:
    wire, ear = Wire(), Ear()
    one = session(wire, ear)
    one.take([Packet(PacketType.CLOSE), Packet(PacketType.MESSAGE, "late")])
    one.end("again")
    one.send("late")
    one.paused()
    one.resumed()

    assert ear.told == [("ended",), ("closed", "transport close")]
    assert wire.closed == [(1000, "transport close")]
    assert not wire.sent
    assert not one.is_open
    assert one.unsent_bytes() == 0


async def test_a_close_of_ours_is_told_soon_and_once() -> None:
    wire, ear = Wire(), Ear()
    one = session(wire, ear)
    one.close(4008, "too slow")
    one.send("late")
    before = list(ear.told)
    await asyncio.sleep(0)
    one.end("transport close")

    assert not before
    assert not wire.sent
    assert wire.closed == [(4008, "too slow")]
    assert ear.told == [("ended",), ("closed", "too slow")]


def test_an_upgrade_brings_what_waits_over_in_order() -> None:
    polling, websocket, ear = Wire(), Wire(), Ear()
    one = session(polling, ear)
    one.open_on(polling, "polling")
    one.send("1")
    one.send(b"\2")
    polling.is_paused = True
    one.upgrade(websocket, lambda: b"".join(polling.sent))
    one.send("3")

    assert b"".join(websocket.sent) == b"\x81\x0241\x82\x01\2\x81\x0243"
    assert ear.told == [("encoding_changed", "polling"), ("resumed",)]
    assert one.encoding == "websocket"
