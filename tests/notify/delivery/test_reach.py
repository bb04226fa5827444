"""How channels reach the world: recorded whatever comes of it, and with nothing secret in it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.appending import database_in
from tests.notify.working import HERE
from tocsin.edge.outbound import Outbound
from tocsin.errors import GiveUp, Reason, TryLater
from tocsin.model.masks import MASK
from tocsin.notify.channel import Token
from tocsin.notify.delivery.reach import MAX_ANSWER_BYTES, Line
from tocsin.notify.delivery.tokens import Tokens
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import START, HandClock
from tocsin.testing.outside import Outside, Reply, outside

PUBLIC = "https://api.platform.example"


class World:
    """An outside world, and lines to it."""

    def __init__(self, world: Outside, http: Outbound, tokens: Tokens) -> None:
        self.outside = world
        self.http = http
        self.tokens = tokens

    def line(self, **changed: Any) -> Line:
        made: dict[str, Any] = {
            "secrets": ("canary-1234",),
            "public_url": PUBLIC,
            "base_url": self.outside.url,
            "timeout_s": 5.0,
        }
        return Line(self.http, self.tokens, HandClock(), **made | changed)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    vault = Vault([SecretKey.new()])
    async with outside() as world, database_in(tmp_path) as database:
        http = Outbound(HERE)
        yield World(world, http, Tokens(database, vault, HandClock()))
        await http.close()


def request_of(line: Line) -> Any:
    return orjson.loads(line.shown().request)


async def test_a_call_is_made_as_it_is_said_and_recorded_without_secrets(world: World) -> None:
    world.outside.answer("/a", Reply.of({"said": "canary-1234"}, 201), method="POST")
    line = world.line()

    answer = await line.call(
        "POST", f"{world.outside.url}/a?k=canary-1234", json={"text": "好 canary-1234"}
    )

    (asked,) = world.outside.asked
    assert asked.body == '{"text":"好 canary-1234"}'.encode()
    assert asked.headers["content-type"] == "application/json; charset=utf-8"
    assert (answer.status, orjson.loads(answer.body)) == (201, {"said": "canary-1234"})
    assert request_of(line) == {
        "method": "POST",
        "url": f"{world.outside.url}/a?k={MASK}",
        "headers": {"Content-Type": "application/json; charset=utf-8"},
        "body": {"text": f"好 {MASK}"},
    }
    assert line.shown().status == 201
    assert line.now() == START


async def test_a_content_type_that_is_given_is_the_only_one(world: World) -> None:
    world.outside.answer("/a", Reply.of({}), method="POST")
    line = world.line()

    own = {"content-type": "application/vnd.x+json"}
    await line.call("POST", f"{world.outside.url}/a", json={}, headers=own)

    assert world.outside.asked[0].headers["content-type"] == "application/vnd.x+json"
    assert request_of(line)["headers"] == own


async def test_a_platforms_own_address_can_be_another_and_is_recorded_as_it_was_called(
    world: World,
) -> None:
    world.outside.answer("/bot1/send", Reply.of({}))
    line = world.line()

    await line.call("GET", f"{PUBLIC}/bot1/send?x=1")

    assert world.outside.asked[0].path == "/bot1/send"
    assert world.outside.asked[0].query["x"] == "1"
    assert request_of(line)["url"] == f"{world.outside.url}/bot1/send?x=1"


async def test_an_address_that_only_begins_like_the_platforms_goes_nowhere_else(
    world: World,
) -> None:
    line = world.line(public_url="http://127.0.0.1:1")

    with pytest.raises(TryLater):
        await line.call("GET", "http://127.0.0.1:12/a")

    assert world.outside.asked == []


async def test_what_nobody_answered_is_recorded_too(world: World) -> None:
    line = world.line()

    with pytest.raises(TryLater) as told:
        await line.call("POST", "http://127.0.0.1:1/canary-1234", body=b"canary-1234")

    assert told.value.reason is Reason.UNREACHABLE
    assert request_of(line)["url"] == f"http://127.0.0.1:1/{MASK}"
    assert (line.shown().status, line.shown().response) == (None, "")
    assert "canary" not in f"{line.shown()}"


async def test_a_call_that_takes_too_long_is_tried_later(world: World) -> None:
    never = asyncio.Event()
    world.outside.answer("/a", Reply(after=never))
    line = world.line(timeout_s=0.05)

    with pytest.raises(TryLater) as told:
        await line.call("GET", f"{world.outside.url}/a")
    never.set()

    assert told.value.reason is Reason.TIMED_OUT


async def test_an_address_inside_is_not_called(world: World) -> None:
    line = world.line()

    with pytest.raises(GiveUp) as told:
        await line.call("GET", "http://169.254.169.254/latest/meta-data/")

    assert told.value.reason is Reason.ADDRESS_REFUSED
    assert request_of(line)["method"] == "GET"


async def test_a_redirect_to_the_inside_is_an_answer(world: World) -> None:
    to = {"Location": "http://169.254.169.254/latest/meta-data/"}
    world.outside.answer("/a", Reply(status=302, headers=to))

    answer = await world.line().call("GET", f"{world.outside.url}/a")

    assert answer.status == 302
    assert len(world.outside.asked) == 1


async def test_of_an_endless_answer_the_begin_is_read(world: World) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000

    world.outside.answer("/a", Reply(chunks=chunks))

    answer = await world.line().call("GET", f"{world.outside.url}/a")

    assert len(answer.body) == MAX_ANSWER_BYTES


async def test_tokens_and_what_a_channel_hides_are_masked_in_all_calls(world: World) -> None:
    world.outside.answer("/token", Reply.of({"token": "t-canary-fetched"}))
    world.outside.answer("/send", Reply.of({"sign": "canary-signature"}))
    line = world.line()

    async def fetch() -> Token:
        answer = await line.call("GET", f"{world.outside.url}/token")
        return Token(orjson.loads(answer.body)["token"], 7200)

    token = await line.token("a", fetch)
    line.hide("canary-signature")
    line.hide("")
    await line.call("GET", f"{world.outside.url}/send", headers={"Authorization": token})

    assert token == "t-canary-fetched"
    assert world.outside.asked[1].headers["authorization"] == token
    assert "canary" not in f"{line.shown()}"
    assert len(request_of(line)) == 2
    assert line.without_secrets("canary-signature is wrong") == f"{MASK} is wrong"


def test_an_error_tells_no_part_of_a_secret_that_was_cut(world: World) -> None:
    line = world.line(secrets=("a-secret-that-is-long",))

    assert line.without_secrets("There is no a-secret-tha. Ask them.") == (
        f"There is no {MASK}. Ask them."
    )


async def test_a_new_secret_for_an_account_is_another_credential(world: World) -> None:
    fetched = []

    async def fetch() -> Token:
        fetched.append(1)
        return Token(f"token-{len(fetched)}", 7200)

    first = await world.line().token("account", fetch)
    again = await world.line().token("account", fetch)
    other = await world.line(secrets=("another-secret",)).token("account", fetch)

    assert (first, again, other) == ("token-1", "token-1", "token-2")


async def test_what_a_channel_hides_does_not_change_its_credential(world: World) -> None:
    async def fetch() -> Token:
        return Token("token-1", 7200)

    async def not_again() -> Token:
        raise AssertionError("it was fetched once more")

    await world.line().token("account", fetch)
    line = world.line()
    line.hide("a signature")

    assert await line.token("account", not_again) == "token-1"


async def test_what_went_by_a_socket_is_recorded_as_a_call(world: World) -> None:
    line = world.line()
    port = int(world.outside.url.rpartition(":")[2])

    opened = await line.connect("127.0.0.1", port)
    opened.close()
    line.record(
        "MAIL",
        "smtp://127.0.0.1:25",
        headers={"To": "a@b.example"},
        body=b'{"text":"canary-1234"}',
        status=250,
        answer=b"queued canary-1234",
    )

    assert request_of(line)["body"] == {"text": MASK}
    assert (line.shown().status, line.shown().response) == (250, f"queued {MASK}")
