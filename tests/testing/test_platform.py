"""A fake keeps what came, fails when it is told to, and is found by its file."""

import asyncio

import aiohttp
import pytest

from tests.testing.platforms.calling import clock_at, post
from tocsin.testing.platform import COMMON_FAULTS, find_platforms, platform

TEXT = {"msg_type": "text", "content": {"text": "a"}}
KINDS = ("custom", "dingtalk", "discord", "email", "feishu", "slack", "teams", "telegram")


def test_every_platform_is_found_by_its_file() -> None:
    assert tuple(find_platforms()) == (*KINDS, "wechat", "wecom")


@pytest.mark.parametrize("kind", find_platforms())
async def test_every_platform_tells_a_configuration_that_leads_to_it(kind: str) -> None:
    async with platform(kind) as fake:
        configs = fake.configs

        assert fake.config == next(iter(configs.values()))
        assert configs.keys() >= fake.fake.BY_BASE_URL
        for name in configs.keys() - fake.fake.BY_BASE_URL:
            assert "127.0.0.1" in str(configs[name])


@pytest.mark.parametrize("kind", find_platforms())
async def test_every_fault_that_is_told_can_be_met(kind: str) -> None:
    async with platform(kind) as fake:
        for fault in (*COMMON_FAULTS, *fake.fake.FAULTS):
            fake.always(fault)
        with pytest.raises(ValueError, match="no fault 'rain'"):
            fake.script("rain")


async def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no platform 'pigeon', only custom"):
        async with platform("pigeon"):
            pass
    with pytest.raises(TypeError):
        async with platform("feishu", colour="red"):
            pass


async def test_a_script_is_met_in_its_order_and_then_what_stands() -> None:
    async with platform("feishu") as fake:
        fake.script("busy", None, "html_429", "html_502")
        fake.always("code:19022")

        told = [await post(fake.config["webhook_url"], TEXT) for _ in range(5)]

    statuses = [one.status for one in told]
    assert statuses == [200, 200, 429, 502, 200]
    assert [told[place].json["code"] for place in (0, 1, 4)] == [11232, 0, 19022]
    assert told[2].headers["Content-Type"] == "text/html"
    assert (len(fake.taken), len(fake.requests)) == (1, 5)


async def test_a_cut_one_has_taken_the_message() -> None:
    async with platform("feishu") as fake:
        fake.script("cut")

        with pytest.raises(aiohttp.ClientError):
            await post(fake.config["webhook_url"], TEXT)

    assert len(fake.taken) == 1


async def test_a_slow_one_answers_when_its_clock_says() -> None:
    clock = clock_at(0)
    async with platform("feishu", clock) as fake:
        fake.script("slow")
        calling = asyncio.create_task(post(fake.config["webhook_url"], TEXT))
        async with asyncio.timeout(5):
            while not clock.sleepers:  # noqa: ASYNC110 - nothing tells that it is asleep
                await asyncio.sleep(0)
        taken_before = len(fake.taken)
        clock.move(60)
        told = await calling

    assert (taken_before, told.json["code"]) == (1, 0)


async def test_what_happens_is_told_in_a_line() -> None:
    news: list[str] = []
    async with platform("feishu") as fake:
        fake.on_news(news.append)
        await post(fake.config["webhook_url"], TEXT)
        await post(fake.config["webhook_url"] + "x", TEXT)

    assert news[0] == "taken: a"
    assert news[1].startswith('answered 200: {"code":19001')


async def test_a_taken_port_is_an_error_of_the_system() -> None:
    async with platform("custom") as fake:
        port = int(fake.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            async with platform("custom", port=port):
                pass
