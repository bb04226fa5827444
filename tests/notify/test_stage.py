"""The stage as a whole: what it keeps going, whom it listens to, and where platforms are."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from tests.appending import Ground as OpenJournal
from tests.appending import event, ground_in, settings_with
from tests.bus.waiting import until
from tests.notify.deliveries import callback
from tocsin.model.audit import setting_changed
from tocsin.notify.known import SHARDS
from tocsin.notify.stage import Ground, Notify, base_urls
from tocsin.settings import is_run
from tocsin.settings.schema import STAGES
from tocsin.store import callbacks
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import START, HandClock

VAULT = Vault([SecretKey.new()])
RESUMED = "destination.resumed"


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[OpenJournal]:
    async with ground_in(tmp_path) as found:
        yield found


@pytest.fixture
async def stage(journal: OpenJournal) -> AsyncIterator[Notify]:
    ground = Ground(
        database=journal.database,
        journal=journal.journal,
        vault=VAULT,
        clock=HandClock(),
        settings=settings_with().notify,
        registry=CollectorRegistry(),
        owner="i-1 run",
    )
    notify = Notify(ground, 0)
    yield notify
    await notify.http.close()


def test_platforms_are_where_the_settings_say() -> None:
    found = base_urls(settings_with(NOTIFY__WECHAT__BASE_URL="http://127.0.0.1:9").notify)

    assert found["wechat"] == "http://127.0.0.1:9"
    assert found["feishu"] == "https://open.feishu.cn"
    assert found["custom"] == ""


def test_a_platform_without_an_address_is_at_its_own() -> None:
    found = base_urls(settings_with(NOTIFY__WECHAT__BASE_URL="").notify)

    assert found["wechat"] == "https://qyapi.weixin.qq.com"


async def test_its_loops_are_the_stage_s_and_callbacks_are_known_everywhere(
    stage: Notify,
) -> None:
    names = [name for name, _ in stage.loops]

    assert len(names) == SHARDS + 3
    assert all(is_run(name, ("notify",)) for name in names)
    others = tuple(one for one in STAGES if one != "notify")
    assert [name for name in names if is_run(name, others)] == ["notify.known"]


async def test_a_change_by_anybody_is_known_at_once(stage: Notify, journal: OpenJournal) -> None:
    journal.listeners.append(stage.told)
    loops = dict(stage.loops)
    looking = asyncio.ensure_future(loops["notify.known"]())
    new = callback(("custom", {"url": "https://example.org/hook"}))
    told = setting_changed("callback.created", new.id, "ann", START)
    await journal.journal.append([told], also=lambda conn: callbacks.add(conn, VAULT, new))
    await looking

    assert stage.desk.destination("custom", {"url": "https://example.org/hook"}) is not None
    await until(lambda: stage.known.has_any)


@pytest.mark.parametrize("source", ["tocsin", "cloudevents"])
async def test_what_somebody_else_calls_alike_wakes_nobody(
    stage: Notify, journal: OpenJournal, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(stage.known, "wake", lambda: woken.append("known"))
    monkeypatch.setattr(stage, "_wake", lambda: woken.append("shards"))
    journal.listeners.append(stage.told)

    # By the first one deliveries are begun anew as well.
    await journal.append(event("setting.changed", source=source))
    await journal.append(event(RESUMED, source=source))

    assert woken == (["known", "shards", "shards"] if source == "tocsin" else [])


async def test_who_leaves_begins_nothing_more(stage: Notify) -> None:
    loops = dict(stage.loops)
    spread = asyncio.ensure_future(loops["notify.spread"]())
    await stage.leave()
    spread.cancel()

    assert await asyncio.gather(spread, return_exceptions=True)
