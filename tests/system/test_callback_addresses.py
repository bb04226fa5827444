"""Callbacks call nobody inside: not when they are saved, nor when they are sent, nor ever again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import TypeAdapter

from tests.system.names import Names
from tests.system.release import People, people_at, to_import
from tests.system.server import Server
from tocsin.notify.channel import extras_of, find_channels

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC = "93.184.216.34"
HISTORY = "/callbacks/history"
# Of these nobody names the address: the settings do.
OF_THE_SETTINGS = {"telegram", "wechat"}
INSIDE = (
    *("127.0.0.1", "127.1", "0", "0.0.0.0", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1"),  # noqa: S104 - asked for, not listened on
    *("169.254.169.254", "168.63.129.16", "224.0.0.1", "255.255.255.255", "198.18.0.1"),
    *("2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "3232235521"),
    *("localhost", "localhost.", "LOCALHOST", "127.0.0.1."),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:a00:1]"),
    *("[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]"),
    *("[64:ff9b:1::a00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fd00::1]"),
    *("[fec0::1]", "[ff02::1]", "[::1%25lo]", "127\u30020\u30020\u30021"),
    *("\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "\uff11\uff12\uff17.\uff10.\uff10.\uff11"),
    *("inside.test", "also-inside.test", "mapped.test", "nat64.test"),
)
ADDRESSES = (
    *(f"https://{host}/a" for host in INSIDE),
    *("https://127.0.0.1:8443/a", "https://[::1]:8443/a", "https://10.0.0.1:22/"),
    *(f"http://{PUBLIC}/a", f"ftp://{PUBLIC}/a", f"gopher://{PUBLIC}:70/_", "file:///etc/passwd"),
    *("unix:///var/run/docker.sock", "//127.0.0.1/a", "javascript:alert(1)", "https:///a"),
    *(f"https://user:word@{PUBLIC}/a", f"https://{PUBLIC}@127.0.0.1/a", "https://a@inside.test/"),
    *(f"https://127.0.0.1\\@{PUBLIC}/a", f"https://{PUBLIC}:99999/a", f"https://{PUBLIC}:-1/a"),
    *("https://127.0.0.1\t/a", "https://127.0.0.1\r\n.test/a", " https://127.0.0.1/a", "https://["),
    *("https://127.0.0.1#.outside.test/a", "https://127.0.0.1?.outside.test/a"),
)
NAMES = {
    "outside.test": [PUBLIC],
    "inside.test": ["127.0.0.1"],
    "also-inside.test": [PUBLIC, "10.0.0.1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::7f00:1"],
}
TURNS = (["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["::1"])


@dataclass
class Trap:
    """Counts who connects, whatever they want; redirects who asks for `/turn`."""

    to: str = ""
    connected: int = 0
    taken: list[str] = field(default_factory=list)
    port: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.taken.append(request.path)
        if request.path.startswith("/turn"):
            status = int(request.path.removeprefix("/turn"))
            return web.Response(status=status, headers={"Location": self.to})
        return web.Response(text="ok")


@asynccontextmanager
async def trap(host: str) -> AsyncIterator[Trap]:
    """One that is there."""
    made = Trap()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    assert runner.server is not None
    protocol = runner.server

    def counted() -> asyncio.BaseProtocol:
        made.connected += 1
        return protocol()

    server = await asyncio.get_running_loop().create_server(counted, host, 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await runner.cleanup()


def channel_at(kind: str, host: str, port: int = 443) -> dict[str, Any]:
    """A channel that leads to that host, in each way in which one may be named."""
    example = dict(extras_of(find_channels()[kind]).EXAMPLE)
    if kind == "email":
        return {"type": kind, "config": {**example, "host": host.strip("[]"), "port": port}}
    (name,) = (name for name, value in example.items() if str(value).startswith("https://"))
    behind = example[name].removeprefix("https://").partition("/")[2]
    return {"type": kind, "config": {**example, name: f"https://{host}:{port}/{behind}"}}


def with_address(channel: Mapping[str, Any], address: str) -> dict[str, Any]:
    config = {
        name: address if str(value).startswith("https://") else value
        for name, value in channel["config"].items()
    }
    return {**channel, "config": config}


LED = sorted(set(find_channels()) - OF_THE_SETTINGS)


@dataclass
class House:
    """A server that may call nobody inside, with what it had when it still might."""

    server: Server
    people: People
    names: Names
    trap: Trap
    callback: str
    made_before: list[dict[str, Any]]

    async def rows(self, **query: str) -> list[dict[str, Any]]:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        found: list[dict[str, Any]] = (
            await self.people.data("GET", f"{HISTORY}?page_size=100&{asked}")
        )["items"]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("addresses")
    names = Names(folder)
    may = {"TOCSIN_NOTIFY__ALLOWED_NETWORKS": '["127.0.0.1/32"]'}
    settings = {**names.settings, **may, "TOCSIN_AUTH__LOCAL_ROLE": "admin"}
    # Not forked: its resolver is put in its place at the start of the interpreter.
    server = Server(folder, settings, is_forked=False)
    try:
        async with trap("127.0.0.1") as here, trap("127.0.0.2") as there:
            names.lead(NAMES)
            await asyncio.to_thread(server.start)
            async with people_at(server) as people:
                made, callback = await while_it_might(people, here, there)
                await asyncio.to_thread(server.stop)
                here.connected = 0
                del server.settings["TOCSIN_NOTIFY__ALLOWED_NETWORKS"]
                await asyncio.to_thread(server.start)
                yield House(server, people, names, here, callback, made)
            assert (here.connected, there.connected) == (0, 0)
    finally:
        server.clean_up()


async def while_it_might(
    people: People, here: Trap, there: Trap
) -> tuple[list[dict[str, Any]], str]:
    """It may call one address of this machine, and follows nobody from there."""
    base = f"http://inside.test:{here.port}"
    quick = {"retry_count": 100, "retry_interval": 1}
    channels = [
        {"type": "custom", "config": {"url": f"{base}/fine"}},
        *(
            {"type": "custom", "config": {"url": f"{base}/turn{status}", **quick}}
            for status in (301, 302, 303, 307, 308)
        ),
    ]
    wish = {"channels": channels, "events": ["before"]}
    callback = (await people.data("POST", "/projects/*/callbacks", wish))["id"]
    for to in (f"http://127.0.0.2:{there.port}/a", f"http://127.0.0.1:{here.port}/followed"):
        here.to = to
        tested = await people.data("POST", f"/callbacks/{callback}/test")
        statuses = [one["status"] for one in tested["results"]]
        assert statuses == [200, 301, 302, 303, 307, 308], tested
    await people.data("POST", "/events", {"event_type": "before"})
    made = await people.until(
        f"{HISTORY}?kind=event",
        lambda rows: len(rows) == len(channels) and all(row["attempts"] for row in rows),
    )
    assert {one["status"] for one in made} == {"success", "pending"}
    assert "/fine" in here.taken
    assert not [path for path in here.taken if path not in {"/fine", *map(path_of, channels)}]
    return made, callback


def path_of(channel: Mapping[str, Any]) -> str:
    return "/" + str(channel["config"]["url"]).rpartition("/")[2]


async def test_every_channel_of_which_people_name_the_address_is_tried() -> None:
    named = {
        kind
        for kind, channel in find_channels().items()
        if extras_of(channel).addresses(
            TypeAdapter(channel.Options).validate_python(extras_of(channel).EXAMPLE)
        )
    }

    assert named == set(LED)


async def test_where_it_might_call_before_nothing_is_called_any_more(house: House) -> None:
    """Neither what waits, nor what is sent again, nor a test."""
    people, own = house.people, f"{HISTORY}?config_id={house.callback}"
    sent = next(one for one in house.made_before if one["status"] == "success")
    await people.until(
        f"{own}&kind=event&status=failed",
        lambda rows: len(rows) == len(house.made_before) - 1,
    )
    wish = {"action": "retry", "ids": [house.callback]}
    for path, body in (
        (f"{HISTORY}/{sent['id']}/retry", None),
        (f"{HISTORY}/replay", {"config_id": house.callback, "status": "success"}),
        ("/callbacks/batch", wish),
    ):
        await people.data("POST", path, body, role="operator")
        await people.until(f"{own}&status=pending", lambda rows: not rows)
    tested = await people.data("POST", f"/callbacks/{house.callback}/test", role="operator")
    rows = (await people.data("GET", f"{own}&kind=event&status=failed&page_size=100"))["items"]

    assert len(rows) == len(house.made_before) + 1
    assert {one["reason"] for one in (*rows, *tested["results"])} == {"address_refused"}
    assert house.trap.connected == 0


@pytest.mark.parametrize("kind", LED)
async def test_an_address_that_leads_inside_is_refused_when_it_is_saved(
    house: House, kind: str
) -> None:
    taken = {}
    for host in INSIDE:
        channel = channel_at(kind, host)
        told = await house.people.ask("POST", "/projects/q/callbacks", {"channels": [channel]})
        if told.status != 422 or "channels.0.config" not in told.text:
            taken[host] = told.text

    assert taken == {}


@pytest.mark.long
async def test_no_such_address_is_taken_whichever_way_it_comes(house: House) -> None:
    people, good = house.people, channel_at("custom", "outside.test")
    made = await people.data("POST", "/projects/q/callbacks", {"channels": [good]})
    taken = {}
    for address in ADDRESSES:
        channel = with_address(good, address)
        channels = {"channels": [channel]}
        imported = to_import({"project_id": "q", **channels})
        answers = [
            await people.ask("POST", "/projects/q/callbacks", channels),
            await people.ask("PUT", f"/callbacks/{made['id']}", channels),
            await people.ask("POST", "/callbacks/test-direct", channel, role="operator"),
            await people.ask("POST", "/callbacks/import", imported),
        ]
        if any(one.status != 422 or "config" not in one.text for one in answers):
            taken[address] = [one.text for one in answers]

    assert taken == {}
    assert house.trap.connected == 0


async def test_a_name_that_leads_inside_by_the_time_it_is_called_is_not(house: House) -> None:
    """Rebinding: public when it is saved, inside when it is sent."""
    people, names = house.people, house.names
    channels = [channel_at(kind, "turns.test", house.trap.port) for kind in LED]
    names.lead({**NAMES, "turns.test": [PUBLIC]})
    wish = {"channels": channels, "events": ["turned"]}
    made = await people.data("POST", "/projects/*/callbacks", wish)
    tested = []
    for leads in TURNS:
        names.lead({**NAMES, "turns.test": leads})
        path = f"/callbacks/{made['id']}/test"
        tested += (await people.data("POST", path, role="operator"))["results"]
    batch = {"action": "test", "ids": [made["id"]]}
    (done,) = (await people.data("POST", "/callbacks/batch", batch, role="operator"))["results"]
    await people.data("POST", "/events", {"event_type": "turned"}, role="sender")
    rows = await people.until(
        f"{HISTORY}?event_type=turned&page_size=100",
        lambda rows: len(rows) == len(LED) and all(row["status"] == "failed" for row in rows),
    )

    assert not any(one["ok"] for one in tested)
    told = (*tested, *done["data"]["results"], *rows)
    assert {one["reason"] for one in told} == {"address_refused"}
    assert {one["channel_type"] for one in rows} == set(LED)
    assert house.trap.connected == 0
