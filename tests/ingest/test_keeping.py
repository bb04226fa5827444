"""What came is written every few seconds, and of refusals the journal has one event a minute."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.appending import rows
from tests.call import Answer
from tests.ingest.receiving import REMOTE, Receiving, receiving_in
from tocsin.errors import StoreDown
from tocsin.ingest import keeping as module
from tocsin.ingest.keeping import TELL_EVERY_S, WRITE_EVERY_S, CallKeeping
from tocsin.model.inbound_call import Counts, KeptCall, SetUpKey
from tocsin.model.masks import MASK
from tocsin.store import inbound_calls

SECRET = "the secret of deployments"
DEPLOYMENT: SetUpKey = ("deployment", "")
PATH = "/hooks/deployment"
GOOD = b'{"type": "test", "token": "abc"}'


@dataclass(frozen=True)
class Kept:
    """Receivers whose calls are kept."""

    receiving: Receiving
    keeping: CallKeeping

    async def post(self, path: str, body: bytes, *, peer: str = REMOTE, **more: Any) -> Answer:
        """Call a moment after the call before."""
        self.receiving.clock.move(0.001)
        headers = more.pop("headers", {})
        return await self.receiving.post(path, body, headers, peer=peer, **more)

    async def calls(self, set_up: SetUpKey = DEPLOYMENT) -> Sequence[KeptCall]:
        """Those that are written, oldest first, with their requests."""
        async with self.receiving.ground.database.read() as conn:
            found = await inbound_calls.page(conn, set_up, None, 50)
            whole = [await inbound_calls.one(conn, set_up, one.id) for one in reversed(found)]
        return [one for one in whole if one is not None]

    async def counts(self) -> dict[SetUpKey, Counts]:
        async with self.receiving.ground.database.read() as conn:
            return dict(await inbound_calls.counted(conn))

    async def pass_by(self, seconds: float = WRITE_EVERY_S) -> None:
        step = asyncio.create_task(self.keeping.step())
        while not self.receiving.clock.sleepers:  # noqa: ASYNC110 - nothing tells that it is asleep
            await asyncio.sleep(0)
        self.receiving.clock.move(seconds)
        await step

    async def told(self) -> list[Any]:
        found = await rows(
            self.receiving.ground.database,
            "SELECT data FROM events WHERE type = 'source.rejected' ORDER BY seq",
        )
        return [orjson.loads(row["data"]) for row in found]


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncGenerator[Kept, None]:
    async with receiving_in(tmp_path, secrets={"deployment": SECRET}) as receiving:
        ground = receiving.ground
        yield Kept(
            receiving,
            CallKeeping(
                receiving.call_log,
                receiving.set_ups,
                ground.database,
                ground.journal,
                receiving.clock,
                "i-1",
            ),
        )


async def test_a_call_is_kept_with_what_became_of_it(kept: Kept) -> None:
    shown = {"x-webhook-token": SECRET, "content-type": "application/json"}
    answer = await kept.post(PATH, GOOD, headers=shown)
    await kept.post(PATH, GOOD, headers={"x-webhook-token": "wrong one"})
    await kept.post(PATH + "/ci", b"[", headers=shown, query=f"token={SECRET}")
    await kept.pass_by()

    good, refused, broken = await kept.calls()
    assert (good.outcome, good.status, good.reason, good.address) == ("stored", 200, None, REMOTE)
    assert good.events[0].event_id == answer.json["event_id"]
    assert good.size_bytes == len(GOOD)
    assert good.instance == "i-1"
    assert good.request is not None
    assert good.request.headers["x-webhook-token"] == MASK
    assert orjson.loads(good.request.body or "") == {"type": "test", "token": MASK}
    assert (refused.outcome, refused.status, refused.reason) == ("rejected", 401, "not_signed_in")
    assert (broken.status, broken.reason, broken.events) == (400, "unreadable", [])
    assert broken.request is not None
    assert (broken.request.path, broken.request.query) == (PATH + "/ci", {"token": MASK})
    assert "wrong one" not in str([good, refused, broken])
    assert await kept.counts() == {
        DEPLOYMENT: Counts(1, 2, good.at, broken.at, "unreadable"),
    }


async def test_what_is_refused_before_its_body_was_read_is_kept_without(kept: Kept) -> None:
    await kept.post(PATH, GOOD, headers={"content-encoding": "gzip"})
    await kept.post(PATH, GOOD, headers={"content-length": "99999999999999999999999"})
    await kept.post(PATH, GOOD, method="PUT")
    await kept.pass_by()

    calls = await kept.calls()

    assert [one.status for one in calls] == [415, 413, 405]
    assert calls[1].size_bytes == 2**63 - 1
    assert all(one.request is not None and one.request.body == "" for one in calls)
    assert [one.request and one.request.method for one in calls] == ["POST", "POST", "PUT"]


async def test_nothing_is_written_when_nothing_came(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(inbound_calls, "record")

    await kept.pass_by()


async def test_what_could_not_be_written_is_written_the_next_time(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_all: object) -> None:
        raise StoreDown("The disk is full.")

    await kept.receiving.post(PATH, GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(inbound_calls, "record", fails)
        for _ in range(2):
            with pytest.raises(StoreDown):
                await kept.pass_by()
            await kept.receiving.post(PATH, b"[")
    await kept.pass_by()

    assert len(await kept.calls()) == 3
    assert (await kept.counts())[DEPLOYMENT].rejected == 3


async def test_what_waits_for_the_store_is_bounded(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_all: object) -> None:
        raise StoreDown("The disk is full.")

    monkeypatch.setattr(module, "MAX_WAITING_CALLS", 3)
    with monkeypatch.context() as patch:
        patch.setattr(inbound_calls, "record", fails)
        for _ in range(3):
            for _ in range(3):
                await kept.receiving.post(PATH, GOOD)
            with pytest.raises(StoreDown):
                await kept.keeping.write()
    await kept.keeping.write()

    assert len(await kept.calls()) == 3
    assert (await kept.counts())[DEPLOYMENT].rejected == 9


async def test_a_removed_set_up_leaves_nothing_behind(kept: Kept) -> None:
    await kept.receiving.post(PATH, GOOD)
    kept.receiving.set_ups.all = {}

    await kept.pass_by()

    assert await kept.counts() == {}
    assert await kept.calls() == []


async def test_beyond_the_time_for_masking_calls_are_kept_without_their_bodies(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_MASKING_S", 0)
    await kept.receiving.post(PATH, GOOD)

    await kept.pass_by()

    (call,) = await kept.calls()
    assert call.request is not None
    assert (call.request.body, call.request.is_cut) == ("", True)


async def test_refusals_of_a_minute_are_one_event(kept: Kept) -> None:
    for number in range(5):
        await kept.receiving.post(PATH, GOOD, peer=f"203.0.113.{number}")
        await kept.pass_by()
    await kept.receiving.post("/hooks/github", b"{")
    before = await kept.told()
    await kept.pass_by(TELL_EVERY_S)
    after = await kept.told()
    await kept.pass_by(TELL_EVERY_S)

    assert before == []
    assert after == [
        {
            "name": "deployment",
            "count": 5,
            "reasons": {"not_signed_in": 5},
            "address": "203.0.113.4",
        }
    ]
    assert [one["name"] for one in await kept.told()] == ["deployment", "github"]


async def test_what_is_taken_makes_no_such_event(kept: Kept) -> None:
    await kept.receiving.post(PATH, GOOD, {"x-webhook-token": SECRET})
    await kept.pass_by()
    await kept.pass_by(TELL_EVERY_S)

    assert await kept.told() == []
