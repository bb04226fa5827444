"""The newest events: all of them in order, as many as there is room for, and it is known which."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from tests.appending import Ground, event, ground_in
from tocsin.live import recent as module
from tocsin.live.offset import Offset
from tocsin.live.recent import Encoded, Recent, message_of
from tocsin.store.beside import change


@asynccontextmanager
async def recent_in(folder: Path) -> AsyncIterator[tuple[Ground, Recent]]:
    async with ground_in(folder) as ground:
        recent = Recent(ground.database, ground.bell, ground.epoch, 0)
        with recent.followed():
            yield ground, recent


def seqs_of(found: Sequence[Encoded] | None) -> list[int] | None:
    return None if found is None else [one.event.seq for one in found]


async def test_it_has_what_was_appended_since(tmp_path: Path) -> None:
    async with recent_in(tmp_path) as (ground, recent):
        await ground.append(*(event(f"t{n}") for n in range(5)))
        await recent.step()

    assert recent.newest == 5
    assert recent.floor == 0
    assert [seqs_of(recent.after(seq)) for seq in (0, 3, 5, 9)] == [[1, 2, 3, 4, 5], [4, 5], [], []]


async def test_it_begins_where_it_is_told_to(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        await ground.append(event(), event())
        recent = Recent(ground.database, ground.bell, ground.epoch, 2)
        await ground.append(event())
        with recent.followed():
            await recent.step()

    assert seqs_of(recent.after(2)) == [3]
    assert recent.after(1) is None


async def test_what_comes_while_nobody_is_connected_is_passed_over(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        recent = Recent(ground.database, ground.bell, ground.epoch, 0)
        await ground.append(event(), event())
        await recent.step()
        with recent.followed():
            await ground.append(event())
            await recent.step()

    assert recent.after(1) is None
    assert seqs_of(recent.after(2)) == [3]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
async def test_it_reads_page_after_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    async with recent_in(tmp_path) as (ground, recent):
        await ground.append(*(event() for _ in range(count)))
        await recent.step()

    assert seqs_of(recent.after(0)) == list(range(1, count + 1))


async def test_the_oldest_go_when_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_EVENTS", 3)
    async with recent_in(tmp_path) as (ground, recent):
        await ground.append(*(event() for _ in range(5)))
        await recent.step()

    assert recent.floor == 2
    assert seqs_of(recent.after(2)) == [3, 4, 5]
    assert recent.after(1) is None


async def test_the_oldest_go_when_they_are_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 5_000)
    async with recent_in(tmp_path) as (ground, recent):
        await ground.append(*(event(data="x" * 2_000) for _ in range(4)))
        await recent.step()
        two = seqs_of(recent.after(recent.floor))
        await ground.append(event(data="x" * 9_000))
        await recent.step()

    assert two == [3, 4]
    assert (recent.floor, recent.newest) == (5, 5)
    assert recent.after(5) == []


async def test_its_bell_rings_once_the_events_can_be_had(tmp_path: Path) -> None:
    async with recent_in(tmp_path) as (ground, recent):

        async def wait() -> list[int] | None:
            await recent.bell.wait(0, 5)
            return seqs_of(recent.after(0))

        waiting, step = asyncio.create_task(wait()), asyncio.create_task(recent.step())
        await ground.append(event())
        await step

        assert await waiting == [1]


async def test_what_another_process_wrote_is_found_without_a_bell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    async with recent_in(tmp_path) as (_, recent), ground_in(tmp_path) as other:
        await change(other.database, [event()], lambda _conn: None)
        await recent.step()

    assert seqs_of(recent.after(0)) == [1]


async def test_an_event_is_encoded_as_a_message_of_the_stream(tmp_path: Path) -> None:
    async with recent_in(tmp_path) as (ground, recent):
        await ground.append(event("step_started", id="e-1", data={"text": "a\nb", "ä": 1}))
        await recent.step()
        (one,) = recent.after(0) or ()

    number, kind, data, *rest = one.message.split(b"\n")
    assert number == f"id: {ground.epoch}:1".encode()
    assert kind == b"event: step_started"
    told = orjson.loads(data.removeprefix(b"data: "))
    assert (told["seq"], told["id"], told["data"]) == (1, "e-1", {"text": "a\nb", "ä": 1})
    assert rest == [b"", b""]


@pytest.mark.parametrize("kind", ["a\nb", "a\r\ndata: x\n\nid: 9", " a ", "a\u2028b", "a\x0bb"])
def test_a_type_cannot_break_out_of_its_line(kind: str) -> None:
    message = message_of(Offset("e", 1), kind, {})

    assert len(message.splitlines()) == 4
    assert message.endswith(b"data: {}\n\n")
    assert message.count(b"\n\n") == 1
