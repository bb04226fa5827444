"""What is secret of a callback shows up nowhere, whoever asks, and whatever became of it.

A canary stands in every secret of every channel. Real events go out by all of them: first the
platforms take them, then they refuse, and tell in their answers all that they heard.
"""

import asyncio
import secrets
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.system.canaries import (
    CANARY,
    channels_of,
    echo,
    fakes,
    heard,
    settings_of,
    told_in,
    written,
)
from tests.system.receivers import echoing_mail_server
from tests.system.release import FORWARDED, People, people_at, to_import
from tests.system.server import Server
from tocsin.notify.channel import find_channels
from tocsin.notify.options import secret_fields
from tocsin.testing.platform import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

READERS = ("viewer", "operator", "admin")
HISTORY = "/callbacks/history"
EVENT: Mapping[str, Any] = {
    "project": {"id": "p", "name": "Shop"},
    "task": {"id": "t", "type": "deploy"},
    "deployment": {"total_count": 2, "hosts": ["h1"]},
}


class House:
    """A server whose callbacks lead to fake platforms, and all that could be seen of it."""

    def __init__(self, server: Server, people: People, opened: Mapping[str, Running]) -> None:
        self.server = server
        self.people = people
        self.opened = opened
        self.channels = channels_of(opened)
        self.frames: dict[str, str] = {}
        self.results: list[dict[str, Any]] = []
        self.events = 0
        self.said_by_mail = ""

    async def tell(self, event_type: str) -> str:
        """An event comes in."""
        said = {**EVENT, "event_type": event_type, "task": {"id": f"t-{self.events}"}}
        self.events += 1
        await self.people.data("POST", "/events", said, role="sender")
        return f"{HISTORY}?page_size=100&kind=event&event_type={event_type}"

    async def test(self, callback_id: str, role: str = "operator") -> list[bool]:
        """Try all channels; whether each of them arrived."""
        said = await self.people.data("POST", f"/callbacks/{callback_id}/test", role=role)
        self.results += said["results"]
        return [one["ok"] for one in said["results"]]

    def refuse(self, monkeypatch: pytest.MonkeyPatch, style: str) -> None:
        """From now on each platform refuses, and tells what it heard."""
        for one in self.opened.values():
            monkeypatch.setattr(one.fake, "take", lambda call: echo(call, style))


@asynccontextmanager
async def listening(house: House) -> AsyncIterator[None]:
    """A stream and a socket that hear all there is."""
    shown = {**FORWARDED, "Authorization": f"Bearer {house.people.tokens['viewer']}"}
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(house.server.url, headers=shown, timeout=timeout) as session,
        session.get("/api/v1/events/stream") as stream,
        session.ws_connect("/ws") as socket,
    ):

        async def read() -> None:
            async for part in stream.content.iter_any():
                house.frames["stream"] = house.frames.get("stream", "") + part.decode()

        async def hear() -> None:
            async for message in socket:
                house.frames["socket"] = house.frames.get("socket", "") + str(message.data)

        tasks = [asyncio.create_task(read()), asyncio.create_task(hear())]
        try:
            yield
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Everything has happened there already."""
    folder = tmp_path_factory.mktemp("canaries")
    async with fakes(find_channels()) as opened, echoing_mail_server() as mail_port:
        server = Server(folder, {**settings_of(opened), "TOCSIN_LOGS__LEVEL": "debug"})
        try:
            await asyncio.to_thread(server.start)
            async with people_at(server) as people:
                made = House(server, people, opened)
                with pytest.MonkeyPatch.context() as monkeypatch:
                    # The access tokens that platforms give out are secrets too.
                    token = f"{CANARY}0token"
                    monkeypatch.setattr(secrets, "token_urlsafe", lambda _bytes: token)
                    async with listening(made):
                        await live_through(made, monkeypatch, mail_port)
                await look_around(made)
                yield made
        finally:
            server.clean_up()


async def live_through(house: House, monkeypatch: pytest.MonkeyPatch, mail_port: int) -> None:
    """Good days and bad ones."""
    people = house.people
    wish = {"name": "all", "events": ["good", "bad"], "channels": house.channels}
    made = await people.data("POST", "/projects/p/callbacks", wish)
    count, one = len(house.channels), f"/callbacks/{made['id']}"

    await people.until(
        await house.tell("good"),
        lambda rows: [row["status"] for row in rows] == ["success"] * count,
    )
    assert await house.test(made["id"]) == [True] * count

    mail = next(each["config"] for each in house.channels if each["type"] == "email")
    sad = {"type": "email", "config": {**mail, "port": mail_port}}
    (said,) = (await people.data("POST", "/callbacks/test-direct", sad))["results"]
    house.said_by_mail = said["response"]
    house.refuse(monkeypatch, "json")
    await people.until(
        await house.tell("bad"),
        lambda rows: len(rows) == count and all(row["attempts"] for row in rows),
    )
    for style in ("text", "json"):
        house.refuse(monkeypatch, style)
        is_ok = await house.test(made["id"])
        assert not any(
            ok for ok, each in zip(is_ok, house.channels, strict=True) if each["type"] != "email"
        )

    # A masked secret that is sent back keeps the stored one.
    shown = await people.data("GET", one)
    await people.data("PUT", one, {"channels": shown["channels"]})
    for each in house.channels:
        await people.data("POST", "/callbacks/test-direct", each, role="operator")
        drawn = {"channel_type": each["type"], "config": each["config"]}
        await people.data("POST", "/callbacks/template/preview", drawn, role="viewer")
    for action in ("test", "retry", "disable", "enable"):
        await people.data("POST", "/callbacks/batch", {"action": action, "ids": [made["id"]]})
    await people.data("POST", f"{HISTORY}/replay", {"event_type": ["bad"]}, role="operator")
    export = await people.data("POST", "/callbacks/export", {"passphrase": "correct horse"})
    for conflict in ("skip", "copy"):
        how = {"passphrase": "correct horse", "on_conflict": conflict, "dry_run": True}
        await people.data("POST", "/callbacks/import", {**export, **how})


async def look_around(house: House) -> None:
    """All that can be asked, as everybody who may."""
    people = house.people
    (callback,) = (await people.data("GET", "/callbacks"))["items"]
    template = await people.data("POST", "/templates", {"name": "t", "body": "{{task_id}}"})
    rows = (await people.data("GET", f"{HISTORY}?page_size=100"))["items"]
    ids = {
        "project_id": "p",
        "task_id": "t-0",
        "callback_id": callback["id"],
        "template_id": template["id"],
    }
    reads = [route for route in await people.routes() if route.method == "GET"]
    for at, role in enumerate(READERS):
        for route in reads:
            # Each delivery is looked at by one of them.
            several = rows[at :: len(READERS)] if "delivery_id" in route.names else rows[:1]
            for row in several:
                told = await people.ask(
                    "GET", route.at({**ids, "delivery_id": row["id"]}), role=role
                )
                assert told.status == 200, (str(route), told.text)
        for path in (
            *("/callbacks/stats?format=csv", "/callbacks/history?page_size=100"),
            *("/metrics", "/api/v1/settings", "/api/v1/system", "/api/v1/projects"),
            *("/api/v1/events?limit=1000", "/health"),
        ):
            await people.ask("GET", path, role=role)


def leaks(places: Mapping[str, bytes | str]) -> dict[str, list[str]]:
    return {place: found for place, data in places.items() if (found := told_in(data))}


async def test_each_secret_of_each_channel_is_a_canary(house: House) -> None:
    for kind, channel in find_channels().items():
        given = [one["config"] for one in house.channels if one["type"] == kind]
        secret = {name for one in given for name in one if told_in(repr(one[name]))}

        assert secret == secret_fields(channel.Options), kind


async def test_a_canary_is_found_in_whatever_form_it_is_written() -> None:
    for form in written(f"a{CANARY}b"):
        assert told_in(f"{{{form}}}"), form
    assert told_in(f"cut in the midst: {CANARY[:17]}")
    assert not told_in("a canary that sings")


async def test_the_platforms_told_what_they_had_heard(house: House) -> None:
    """Else there would be nothing to be hidden in what follows."""
    assert "AUTH PLAIN" in house.said_by_mail
    assert "••••" in house.said_by_mail
    seen = {one.kind for one in house.opened.values() for call in one.requests if heard(call)}

    assert seen == set(find_channels()) - {"email"}
    refused = [one for one in house.results if not one["ok"]]
    assert {one["channel_type"] for one in refused} == seen
    assert {one["channel_type"] for one in refused if "••••" in one["response"]} == seen


async def test_no_answer_tells_a_secret(house: House) -> None:
    assert not leaks(house.people.answers)


async def test_a_request_as_curl_can_be_read_by_a_shell(house: House) -> None:
    for one in house.results:
        words = shlex.split(one["curl"])

        assert one["channel_type"] == "email" or words[0] == "curl", one["curl"]


async def test_no_live_client_is_told_a_secret(house: House) -> None:
    assert {"delivery.sent", "delivery.failed"} <= set(house.frames["stream"].split('"'))
    assert "webhook_event" in house.frames["socket"]
    assert not leaks(house.frames)


async def test_the_log_tells_no_secret(house: House) -> None:
    log = house.server.log()

    assert "delivery_failed" in log
    assert not told_in(log)


async def test_no_file_and_no_backup_tells_a_secret(house: House) -> None:
    server = house.server
    backup = server.folder / "backup.db"
    told = await asyncio.to_thread(
        server.run, "backup", str(backup), "--data-dir", str(server.data_dir)
    )
    files = [one for one in (*server.data_dir.rglob("*"), backup) if one.is_file()]

    assert told.returncode == 0, told.stderr
    assert {"tocsin.db", "tocsin.db-wal", "backup.db"} <= {one.name for one in files}
    assert not leaks({one.name: one.read_bytes() for one in files})


async def test_nobody_finds_a_secret_by_looking_for_it(house: House) -> None:
    for path in (HISTORY, "/callbacks", "/templates"):
        assert (await house.people.data("GET", f"{path}?q={CANARY[:9]}"))["total"] == 0


async def test_an_error_tells_nothing_of_what_was_given(house: House) -> None:
    people, wrong = house.people, {"a": [f"{CANARY}0wrong"]}
    before = set(people.answers)
    for each in house.channels:
        for name in secret_fields(find_channels()[each["type"]].Options):
            config = {**each["config"], name: wrong, "of": "nothing"}
            said = {"type": each["type"], "config": config}
            bodies = {
                "/projects/p/callbacks": {"channels": [said]},
                "/callbacks/test-direct": said,
                "/callbacks/import": to_import({"project_id": "p", "channels": [said]}),
            }
            for path, body in bodies.items():
                told = await people.ask("POST", path, body)

                assert told.status == 422, told.text
    new = {name: text for name, text in people.answers.items() if name not in before}

    assert len(new) > 3 * len(house.channels)
    assert not leaks(new)
    assert not told_in(house.server.log())
