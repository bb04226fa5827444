"""The JavaScript client against a real server: nothing lost, nothing twice, and told in time."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.client.live.speaking import speaking
from tests.cutting import cut_line_to
from tests.system.breaking import BREAKS, post, post_and_break
from tests.system.browser import page_with
from tests.system.conftest import Launch
from tests.system.node import NODE, Script, bundled, running
from tests.system.server import Server, free_port
from tests.system.sockets import created

PACKAGE = Path(__file__).parent.parent.parent / "clients" / "js"


async def test_its_own_tests_pass() -> None:
    files = sorted((PACKAGE / "test").glob("*.test.ts"))
    assert files
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        "--test",
        *map(str, files),
        cwd=PACKAGE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()

    assert process.returncode == 0, told.decode()


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((PACKAGE / "package-lock.json").read_text("utf-8"))

    assert lock["packages"]
    assert "://" not in json.dumps(lock)


async def test_it_gets_what_is_posted_as_it_asked(server: Server) -> None:
    async with client(server.port, subscribe={"projects": ["js-1"]}) as script:
        await script.until("link", kind="opened")
        await post(server.port, "js-1-not", 1)
        seqs = await post(server.port, "js-1", 5)

        assert await events(script, 5) == seqs
        script.command(run="unsubscribe", args=[{"projects": ["js-1"]}])
        script.command(run="subscribe", args=[{"projects": ["js-1-too"]}])
        await script.until("message", type="subscribed", count=2)
        await post(server.port, "js-1", 1)
        seqs += await post(server.port, "js-1-too", 1)
        assert await events(script, 6) == seqs
        script.command(run="ping")
        await script.until("message", type="pong")
        script.command(run="getConnectionStatus")
        [told] = await script.until("result", run="getConnectionStatus")
        assert told["result"]["latencyMs"] is not None


async def test_nothing_is_lost_or_doubled_on_a_line_that_breaks(server: Server) -> None:
    async with (
        cut_line_to(server.port) as line,
        client(line.port, subscribe={"projects": ["js-2"]}, **IN_A_RUSH) as script,
    ):
        await script.until("link", kind="opened")
        until_got = partial(events, script)
        seqs = await post_and_break(server.port, line, "js-2", seed=5, until_got=until_got)

        assert await events(script, len(seqs)) == seqs
    backs = script.of("link", kind="back")
    assert len(backs) >= BREAKS
    assert all(one["recovered"] for one in backs)


@pytest.mark.parametrize("way", ["kill", "stop"])
async def test_it_goes_on_after_a_restart(way: str, launch: Launch) -> None:
    server = launch()
    async with client(server.port, **IN_A_RUSH) as script:
        await script.until("link", kind="opened")
        seqs = await post(server.port, "js-3", 20)
        await events(script, 10)
        await asyncio.to_thread(getattr(server, way))
        [lost] = await script.until("link", kind="lost")
        await asyncio.to_thread(server.start)
        seqs += await post(server.port, "js-3", 20)

        assert await events(script, 40) == seqs
    assert lost["code"] == (4001 if way == "stop" else 1006)
    [back] = script.of("link", kind="back")
    assert back["recovered"] is True


async def test_another_journal_is_told(launch: Launch, tmp_path: Path) -> None:
    server = launch()
    async with client(server.port, **IN_A_RUSH) as script:
        await script.until("link", kind="opened")
        await post(server.port, "js-4", 5)
        await events(script, 5)
        await asyncio.to_thread(server.stop)
        server.data_dir = tmp_path / "other"
        await asyncio.to_thread(server.start)
        [back] = await script.until("link", kind="back")

        assert (back["recovered"], back["missed"]) == (False, None)
        seqs = await post(server.port, "js-4", 3)
        assert (await events(script, 8))[5:] == seqs


async def test_who_is_not_let_in_does_not_come_back(launch: Launch) -> None:
    server = launch({"TOCSIN_AUTH__LOCAL_ROLE": "none", "TOCSIN_LIVE__AUTH_TIMEOUT_S": "4"})
    token = await asyncio.to_thread(created, server, "viewer")
    async with (
        client(server.port, token=token) as good,
        client(server.port, token="x" * 43, **IN_A_RUSH) as wrong,
        client(server.port, **IN_A_RUSH) as nobody,
    ):
        await good.until("link", kind="opened")
        assert not good.of("message", type="error")
        for script in (wrong, nobody):
            [closed] = await script.until("link", kind="closed")
            assert (closed["code"], closed["why"]) == (4501, "refused")
            await script.until("message", type="error")
            assert not script.of("link", kind="lost")
        assert not good.of("link", kind="lost")


async def test_a_line_that_fell_silent_is_left(server: Server) -> None:
    quick = {"pingInterval": 200, "pingLimit": 3000, "openLimit": 3000, **IN_A_RUSH}
    async with cut_line_to(server.port) as line, client(line.port, **quick) as script:
        await script.until("link", kind="opened")
        line.stall()
        [lost] = await script.until("link", kind="lost")
        [seq] = await post(server.port, "js-5", 1)
        line.restore()
        await script.until("link", kind="back", recovered=True)

        [event] = await script.until("message", type="posco_event", seq=seq)
        assert event["data"]["project"] == "js-5"
    assert lost["reason"] == "silent for too long"


async def test_rubbish_is_told_and_left_out() -> None:
    async with speaking() as fake, client(fake.port) as script:
        await script.until("link", kind="opened")
        await fake.say_raw("{broken", b"\x00\xff", "[]", '{"type": "of_tomorrow", "data": {}}')
        await fake.happen()

        assert await events(script, 1) == [1]
    reasons = [one["reason"] for one in script.of("rubbish")]
    assert reasons == ["not JSON", "not text", "not an object"]
    assert script.of("message", type="of_tomorrow")


async def test_in_a_browser_it_comes_back_with_the_network(launch: Launch) -> None:
    page_port = free_port()
    server = launch({"TOCSIN_AUTH__ALLOWED_ORIGINS": f"http://127.0.0.1:{page_port}"})
    code = await bundled(IN_A_PAGE.replace("PORT", str(server.port)))
    async with page_with(code, page_port) as page:
        await page.wait_for_function("manager.getConnectionStatus().isConnected")
        seqs = await post(server.port, "js-6", 2)
        await asyncio.to_thread(server.kill)
        await page.wait_for_function("manager.getConnectionStatus().state === 'waiting'")
        await asyncio.to_thread(server.start)
        seqs += await post(server.port, "js-6", 2)
        assert await page.evaluate("manager.getConnectionStatus().state") == "waiting"
        await page.evaluate("dispatchEvent(new Event('online'))")

        await page.wait_for_function("seqs.length >= 4")
        assert await page.evaluate("seqs") == seqs


# By itself it does not come back, so that what brings it back is seen.
IN_A_PAGE = """
import { WebSocketManager } from '../../clients/js/src/index.ts';
class Waiting extends WebSocketManager {
  handleReconnect() {}
}
globalThis.seqs = [];
globalThis.manager = new Waiting('ws://127.0.0.1:PORT/ws', { subscribe: ['posco_event'] });
manager.on('posco_event', (_data, message) => seqs.push(message.seq));
"""

# So that no test waits for pauses; the pauses have their own tests.
IN_A_RUSH = {"reconnectInterval": 100}


@asynccontextmanager
async def client(port: int, **options: Any) -> AsyncIterator[Script]:
    told = {"url": f"ws://127.0.0.1:{port}/ws", "options": options}
    async with running("../system/tocsin_client.mjs", told) as script:
        yield script


async def events(script: Script, count: int, limit_s: float = 30) -> list[int]:
    """The numbers of the events that came, once there are so many."""
    found = await script.until("message", count, limit_s, type="posco_event")
    return [one["seq"] for one in found]
