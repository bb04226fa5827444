"""Clients of the JSON protocol at /ws as its guide writes them: Python, Node, browser, React."""

import ast
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page

from tests.system.browser import page_with
from tests.system.conftest import Launch
from tests.system.node import bundled, document, running
from tests.system.reading import Json, sample
from tests.system.rollout import post, rollout, seqs_of
from tests.system.server import Server, free_port
from tests.system.sockets import check_quiet

GUIDE_HOST = "localhost:8000"
# What the guide's class calls and leaves to its reader to write.
HANDLERS = """
for (const name of ['handleStatusUpdate', 'handleServiceEvent', 'handleAlert', 'handlePong']) {
  WebSocketManager.prototype[name] = (data) => console.log(name, data);
}
globalThis.commands = { ping: () => wsManager.send({
  type: 'ping', data: { client_time: new Date().toISOString() } }) };
"""
# The guide's class prints only the type of what it does not know.
UNKNOWN = "unknown type"


@pytest.fixture(autouse=True)
def quiet(server: Server) -> Generator[None, None, None]:
    """No test may be a surprise to the server."""
    yield
    check_quiet(server)


async def test_the_guides_python_client_gets_what_is_posted(server: Server) -> None:
    async with python_client(server) as lines:
        greeting = await line_of(lines, "connection_status")
        assert greeting["data"]["status"] == "connected"
        receipts = await post(server.port, rollout("w-1", "w-1-1", steps=2, lines=5))

        seqs: list[int] = []
        while seqs != seqs_of(receipts):
            event = await line_of(lines, "posco_event")
            if event["data"]["deployment_id"] == "w-1-1":
                seqs.append(event["seq"])
                assert seqs == seqs_of(receipts)[: len(seqs)]


async def test_the_guides_class_works_in_node(server: Server) -> None:
    async with running("document.mjs", manager(server)) as script:
        await script.until("log", args=["open"])
        await script.until("log", args=[UNKNOWN, "connection_status"])
        await post(server.port, [sample("step_started", project="w-2", deployment_id="w-2-1")])
        await script.until("log", args=[UNKNOWN, "posco_event"])
        script.command(run="ping")
        [told] = await script.until("log", first="handlePong")

        check_pong(told["args"][1])
        assert not script.of("error")


async def test_the_guides_class_comes_back_after_a_restart(launch: Launch) -> None:
    server = launch()
    async with running("document.mjs", manager(server)) as script:
        await script.until("log", args=[UNKNOWN, "connection_status"])
        await asyncio.to_thread(server.stop)
        [closed] = await script.until("log", first="closed")
        assert closed["args"][1] == 4001
        await asyncio.to_thread(server.start)

        await script.until("log", 2, args=[UNKNOWN, "connection_status"])


async def test_the_guides_plain_socket_works_in_node(server: Server) -> None:
    rest = """
    globalThis.handleWebSocketMessage = (message) => console.log('message', message.type);
    globalThis.connectWebSocket = () => {};
    """
    argument = document_at(server, "plain-socket.js", rest)
    async with running("document.mjs", argument) as script:
        await script.until("log", args=["open"])
        await script.until("log", args=["message", "connection_status"])


async def test_the_guides_class_and_heartbeat_work_in_a_browser(launch: Launch) -> None:
    port = free_port()
    server = launch({"TOCSIN_AUTH__ALLOWED_ORIGINS": f"http://127.0.0.1:{port}"})
    # The heartbeat of the guide comes each 30 s; a test's comes sooner.
    place = {GUIDE_HOST: f"localhost:{server.port}"}
    heartbeat = document("heartbeat.js", {"30000": "300"})
    code = document("socket-manager.js", place) + HANDLERS + heartbeat
    async with page_with(code, port) as page:
        await page_told(page, UNKNOWN, "connection_status")
        await post(server.port, [sample("step_started", project="w-3", deployment_id="w-3-1")])
        await page_told(page, UNKNOWN, "posco_event")
        [pong] = await page_told(page, "handlePong")

        check_pong(pong)


async def test_a_page_of_another_origin_is_not_let_in(server: Server) -> None:
    code = document("socket-manager.js", {GUIDE_HOST: f"localhost:{server.port}"}) + HANDLERS
    async with page_with(code, free_port()) as page:
        assert await page_told(page, "closed") == [1006]
        assert not await page.evaluate(f"told.some((one) => one.args[0] === '{UNKNOWN}')")


async def test_the_guides_react_hook_renders_what_comes(launch: Launch) -> None:
    port = free_port()
    server = launch({"TOCSIN_AUTH__ALLOWED_ORIGINS": f"http://127.0.0.1:{port}"})
    address = f"localhost:{server.port}"
    code = document("dashboard.jsx", {GUIDE_HOST: address})
    async with page_with(await bundled(code + rendering(address)), port) as page:
        await page.wait_for_function("root.textContent.startsWith('connected')")
        await page_told(page, "last", "connection_status")
        await post(server.port, [sample("step_started", project="w-4", deployment_id="w-4-1")])
        await page_told(page, "last", "posco_event")
        await page.get_by_text("send a ping").click()
        await page_told(page, "last", "pong")
        await page.get_by_text("restart posco_news").click()
        await page.get_by_text("send a restart").click()

        # A viewer may not restart anything, and is told so.
        await page_told(page, "last", "error")
        await page.evaluate("leave()")
        await page.wait_for_function("root.textContent === ''")


@asynccontextmanager
async def python_client(server: Server) -> AsyncIterator[asyncio.StreamReader]:
    """The guide's Python client in a process of its own, and what it prints."""
    code = document("client.py.txt", {GUIDE_HOST: f"localhost:{server.port}"})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-c", code), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_of(lines: asyncio.StreamReader, kind: str) -> Json:
    """The next message of a type that the guide's Python client prints, as Python writes dicts."""
    async with asyncio.timeout(20):
        while True:
            line = (await lines.readuntil(b"\n")).decode().removeprefix("received: ")
            message: Json = ast.literal_eval(line)
            if message["type"] == kind:
                return message


def document_at(server: Server, file: str, append: str) -> Json:
    """An argument for document.mjs."""
    replace = [[GUIDE_HOST, f"localhost:{server.port}"]]
    return {"file": file, "replace": replace, "append": append}


def manager(server: Server) -> Json:
    return document_at(server, "socket-manager.js", HANDLERS)


def rendering(address: str) -> str:
    """Shows the guide's dashboard, and beside it what its hook gives."""
    return """
    import { createRoot } from 'react-dom/client';

    function Hook() {
      const { lastMessage, sendMessage } = useWebSocket('ws://ADDRESS/ws');
      useEffect(() => {
        if (lastMessage) console.log('last', lastMessage.type);
      }, [lastMessage]);
      const ping = { type: 'ping', data: { client_time: new Date().toISOString() } };
      return (
        <div>
          <button onClick={() => sendMessage(ping)}>send a ping</button>
          <button onClick={() => sendMessage(RESTART)}>send a restart</button>
        </div>
      );
    }

    const RESTART = {
      type: 'service_control', data: { service_id: 'posco_news', action: 'restart' } };
    const root = createRoot(document.getElementById('root'));
    root.render(<><Dashboard /><Hook /></>);
    window.leave = () => root.unmount();
    """.replace("ADDRESS", address)


async def page_told(page: Page, *words: str) -> list[Any]:
    """What a page printed after these words, once it did."""
    found = (
        f"""told.find((one) => {json.dumps(words)}.every((word, at) => one.args[at] === word))"""
    )
    await page.wait_for_function(found)
    told: Json = await page.evaluate(found)
    return list(told["args"][len(words) :])


def check_pong(pong: Json) -> None:
    assert {"client_time", "server_time", "latency_ms"} <= set(pong)
    # Both are of this machine.
    assert 0 <= pong["latency_ms"] < 5000
