"""The callbacks as they are known: read when they change, and usable or left out one by one."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from tests.notify.deliveries import after, callback
from tests.notify.working import Working, target_of
from tocsin.errors import ConfigError
from tocsin.model.callback import Callback, CallbackChannel
from tocsin.notify import known as module
from tocsin.notify.known import (
    SHARDS,
    Known,
    destination_id,
    is_for,
    lone_target,
    shard_of,
)
from tocsin.store import callbacks
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import START

URL = {"url": "https://hooks.example.com/canary-0123456789", "rate_per_minute": 5}


async def change(at_work: Working, before: Callback, after_: Callback) -> None:
    await at_work.ground.database.write(
        lambda conn: callbacks.change(conn, at_work.vault, before, after_)
    )


def test_a_target_is_made_of_a_channels_options() -> None:
    target = target_of("webhook", **URL)

    assert target.type == "custom"
    assert target.limits.rates[0].count == 5
    assert target.label == "hooks.example.com"
    assert target.shard == shard_of(target.destination)
    assert target.secrets == ("canary-0123456789",)
    assert "canary" not in repr(target)


def test_a_destination_is_named_by_its_credential_and_gives_nothing_of_it_away() -> None:
    one, same = target_of("custom", **URL), target_of("generic", url=URL["url"], timeout=3)
    other = target_of("custom", url="https://hooks.example.com/other")

    assert one.destination == same.destination
    assert one.destination != other.destination
    assert destination_id("custom", "a") != destination_id("slack", "a")
    assert "canary" not in one.destination
    assert 0 <= one.shard < SHARDS


def test_what_is_counted_together_is_in_one_shard() -> None:
    chats = [target_of("telegram", bot_token="1:canary", chat_id=f"-{at}") for at in range(40)]
    other = target_of("telegram", bot_token="2:canary", chat_id="-1")

    assert len({one.destination for one in chats}) == 40
    assert len({one.account for one in chats}) == 1
    assert len({one.shard for one in chats}) == 1
    assert other.account != chats[0].account
    assert "canary" not in repr(other.account)


@pytest.mark.parametrize(
    ("kind", "config", "rates"),
    [
        ("telegram", {"bot_token": "1:a", "chat_id": "1"}, [(25, 1.0)]),
        ("discord", {"webhook_url": "https://discord.com/api/webhooks/1/a"}, [(45, 1.0)]),
        ("slack", {"bot_token": "xoxb-1", "channel": "C1"}, [(200, 60.0)]),
        ("slack", {"webhook_url": "https://hooks.slack.com/services/T/B/c"}, []),
        (
            "feishu",
            {"app_id": "cli_1", "app_secret": "s", "receive_id": "oc_1"},
            [(45, 1.0), (900, 60.0)],
        ),
        ("feishu", {"webhook_url": "https://open.feishu.cn/open-apis/bot/v2/hook/a"}, []),
        ("wechat", {"corp_id": "ww1", "agent_id": 1, "secret": "s"}, []),
        ("custom", URL, []),
    ],
)
def test_some_belong_to_an_account(
    kind: str, config: dict[str, Any], rates: list[tuple[int, float]]
) -> None:
    account = target_of(kind, **config).account

    found = () if account is None else account.rates
    assert [(one.count, one.per_s) for one in found] == rates


@pytest.mark.parametrize(
    ("kind", "config", "error"),
    [
        ("custom", {}, ValidationError),
        ("custom", {"url": "ftp://a.example"}, ValueError),
        ("pigeon", {}, LookupError),
    ],
)
def test_what_cannot_be_used_is_no_target(
    kind: str, config: dict[str, Any], error: type[Exception]
) -> None:
    row = CallbackChannel("ch-1", kind, enabled=True, config=config)

    with pytest.raises(error):
        lone_target(row, START)


def test_a_channel_by_itself_is_of_a_callback_that_nobody_stored() -> None:
    row = CallbackChannel("", "custom", enabled=True, config=URL)

    target = lone_target(row, START, callback_id="c", project_id="shop", language="ko")

    assert (target.callback.id, target.callback.project_id) == ("c", "shop")
    assert target.callback.language == "ko"


async def test_what_is_stored_is_known_by_shard_and_by_id(at_work: Working) -> None:
    known = at_work.tools.known
    target = await at_work.add(callback(("custom", URL)))

    assert known.has_any
    assert list(known.of_shard(target.shard)) == [target]
    assert not any(known.of_shard(one) for one in range(SHARDS) if one != target.shard)
    assert known.target("c-1", "ch-1") == target
    assert known.target("c-1", "ch-2") is None


@pytest.mark.parametrize("what", ["callback", "channel"])
async def test_what_is_disabled_is_known_but_leads_nowhere(what: str, at_work: Working) -> None:
    made = callback(("custom", URL), enabled=what != "callback")
    if what == "channel":
        made = replace(made, channels=(replace(made.channels[0], enabled=False),))

    target = await at_work.add(made)

    assert not at_work.tools.known.of_shard(target.shard)
    assert not at_work.tools.known.has_any


async def test_one_that_cannot_be_used_keeps_no_other_from_its_work(
    at_work: Working, capsys: pytest.CaptureFixture[str]
) -> None:
    await at_work.add(
        callback(
            ("custom", URL),
            ("pigeon", {"token": "canary"}),
            ("custom", {"url": "ftp://canary.example"}),
            ("slack", {"bot_token": ["canary"]}),
        )
    )

    assert at_work.tools.known.target("c-1", "ch-2") is None
    assert at_work.tools.known.target("c-1", "ch-3") is None
    assert "canary" not in capsys.readouterr().out


async def test_a_change_is_noticed_wherever_it_was_made(at_work: Working) -> None:
    target, heard = await at_work.add(callback(("custom", URL))), []
    known = at_work.tools.known
    known.listen(lambda: heard.append(known.version))
    version = known.version
    await known.look()
    assert known.version == version

    before = target.callback
    await change(at_work, before, replace(before, enabled=False, updated_at=after(1)))
    await known.look()

    assert not known.has_any
    assert heard == [version + 1]
    assert callbacks.mark_of(known.marks)[0] == 1


async def test_one_that_is_removed_is_known_no_more(at_work: Working) -> None:
    await at_work.add(callback(("custom", URL)))
    await at_work.ground.database.write(lambda conn: callbacks.remove(conn, "c-1"))
    await at_work.tools.known.look()

    assert at_work.tools.known.target("c-1", "ch-1") is None


async def test_who_is_woken_looks_at_once(
    at_work: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 3600.0)
    other = Known(at_work.ground.database, at_work.vault)
    stepping = asyncio.ensure_future(other.step())
    await at_work.add(callback(("custom", URL)))
    other.wake()
    await stepping

    assert other.has_any


async def test_what_is_sealed_with_another_key_stops_the_start(at_work: Working) -> None:
    await at_work.add(callback(("custom", URL)))

    with pytest.raises(ConfigError):
        await Known(at_work.ground.database, Vault([SecretKey.new()])).load()


def test_a_callback_is_about_its_project_or_about_all() -> None:
    assert is_for(callback(project="shop"), "shop")
    assert not is_for(callback(project="shop"), "other")
    assert is_for(callback(project="*"), "other")
