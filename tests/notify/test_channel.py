"""What a channel may have, and that none of them lets a secret out.

Each is sent by against a world that sends back all that it was told, in several forms.
"""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from tests.appending import database_in
from tests.notify.deliveries import callback
from tests.notify.reaching import drawing
from tests.notify.working import HERE, line_to
from tocsin.edge.outbound import Outbound
from tocsin.errors import Reason
from tocsin.model.delivery import Outcome
from tocsin.model.masks import MASK
from tocsin.notify.channel import ALIASES, Extras, extras_of, find_channels
from tocsin.notify.delivery.attempt import Tried, tried
from tocsin.notify.delivery.reach import Line
from tocsin.notify.delivery.tokens import Tokens
from tocsin.notify.known import Target, make_target
from tocsin.notify.options import secret_fields
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import HandClock

# Of each channel that speaks HTTP its options, with a canary in each secret; {url} is the world's.
CANARY = "canary-0123456789"
CONFIGS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "custom": (
        "custom",
        {
            "url": f"{{url}}/hooks/{CANARY}-a?token={CANARY}-b",
            "headers": {"Authorization": f"Bearer {CANARY}-c", "X-Key": f"{CANARY}-d"},
            "sign_secret": f"{CANARY}-e",
            "previous_sign_secret": f"{CANARY}-f",
        },
    ),
    "dingtalk": (
        "dingtalk",
        {
            "webhook_url": f"{{url}}/robot/send?access_token={CANARY}-a",
            "sign_secret": f"SEC{CANARY}-b",
        },
    ),
    "discord": ("discord", {"webhook_url": f"{{url}}/api/webhooks/123456/{CANARY}-a"}),
    "feishu by address": (
        "feishu",
        {"webhook_url": f"{{url}}/open-apis/bot/v2/hook/{CANARY}-a", "sign_secret": f"{CANARY}-b"},
    ),
    "feishu by application": (
        "feishu",
        {"app_id": "cli_1", "app_secret": f"{CANARY}-a", "receive_id": "oc_1"},
    ),
    "slack by address": ("slack", {"webhook_url": f"{{url}}/services/T0/B0/{CANARY}-a"}),
    "slack by bot": ("slack", {"bot_token": f"xoxb-{CANARY}-a", "channel": "C1"}),
    "teams": (
        "teams",
        {"webhook_url": f"{{url}}/workflows/{CANARY}-a/run?api-version=1&sig={CANARY}-b"},
    ),
    "telegram": ("telegram", {"bot_token": f"123456:{CANARY}-a", "chat_id": "-1"}),
    "wechat": ("wechat", {"corp_id": "ww1", "agent_id": 1, "secret": f"{CANARY}-a"}),
    "wecom by address": (
        "wecom",
        {"webhook_url": f"{{url}}/cgi-bin/webhook/send?key={CANARY}-a"},
    ),
    "wecom by key": ("wecom", {"key": f"{CANARY}-a"}),
}
# It goes by mail, and has no address.
NO_HTTP = {"email"}
# What platforms call what they give; the token itself is a secret too.
TOKEN = {
    "code": 0,
    "errcode": 0,
    "ok": True,
    "tenant_access_token": f"{CANARY}-token",
    "access_token": f"{CANARY}-token",
    "expire": 7200,
    "expires_in": 7200,
}
TRACES = ("canary-", base64.b64encode(b"canary-01").decode(), "0123456789")


class World:
    """Gives access tokens, and sends everything else back, under `status`."""

    def __init__(self, http: Outbound, tokens: Tokens) -> None:
        self.url = ""
        self.status = 200
        self._http = http
        self._tokens = tokens

    async def handle(self, request: web.Request) -> web.Response:
        if "token" in request.path:
            return web.json_response(TOKEN)
        told = {"url": str(request.url), "headers": {**request.headers}}
        sent = (await request.read()).decode(errors="replace")
        said = f"{told} {sent} {json.dumps(told)}"
        names = ("msg", "errmsg", "message", "description", "error")
        answer = {"code": 5, "errcode": 5, **dict.fromkeys(names, said)}
        return web.json_response(answer, status=self.status)

    def target(self, name: str) -> Target:
        kind, config = CONFIGS[name]
        made = callback((kind, _filled(config, self.url)))
        return make_target(made, made.channels[0])

    def line(self, target: Target) -> Line:
        base_url = self.url if target.extras.PUBLIC_URL else ""
        return line_to(target, self._http, self._tokens, HandClock(), base_url=base_url)

    async def tried(self, name: str) -> Tried:
        return await tried(self.target(name), drawing(), self.line)


def _filled(value: Any, url: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(one, url) for name, one in value.items()}
    return value.replace("{url}", url) if isinstance(value, str) else value


@asynccontextmanager
async def _served(world: World) -> AsyncIterator[World]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", world.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        world.url = f"http://{host}:{port}"
        yield world
    finally:
        await runner.cleanup()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with database_in(tmp_path) as database:
        http, tokens = Outbound(HERE), Tokens(database, Vault([SecretKey.new()]), HandClock())
        async with _served(World(http, tokens)) as world:
            yield world
        await http.close()


def shows_a_secret(text: str) -> bool:
    return any(trace in text for trace in TRACES)


def test_every_channel_and_every_secret_of_it_is_among_those_that_are_tried() -> None:
    given: dict[str, set[str]] = {}
    for kind, config in CONFIGS.values():
        given.setdefault(kind, set()).update(config)

    assert set(given) | NO_HTTP == set(find_channels())
    for kind, names in given.items():
        assert secret_fields(find_channels()[kind].Options) <= names, kind


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_no_secret_stays_in_what_is_recorded_of_who_sends_it_all_back(
    status: int, name: str, world: World
) -> None:
    world.status = status

    found = await world.tried(name)

    assert MASK in found.shown().response
    assert not shows_a_secret(f"{found.shown()} {found.error} {found.note}")


@pytest.mark.parametrize("name", CONFIGS)
async def test_no_secret_stays_in_what_is_recorded_of_who_is_not_there(
    name: str, world: World
) -> None:
    world.url = "http://127.0.0.1:1"

    found = await world.tried(name)

    assert (found.outcome, found.reason) == (Outcome.LATER, Reason.UNREACHABLE)
    assert not shows_a_secret(f"{found.shown()} {found.error}")


def test_a_channel_has_no_member_that_nobody_looks_for() -> None:
    """A name that is mistyped would be passed over without a word."""
    known = {one.name for one in fields(Extras)}
    for channel in find_channels().values():
        found = extras_of(channel)
        given = {name for name in known if hasattr(channel, name)}
        assert all(getattr(found, name) == getattr(channel, name) for name in given)


def test_every_other_name_is_of_a_channel_and_of_no_two() -> None:
    assert set(ALIASES.values()) <= set(find_channels())
    assert not set(ALIASES) & set(find_channels())


@pytest.mark.parametrize("name", CONFIGS)
def test_what_may_be_shown_of_a_destination_has_no_secret(name: str) -> None:
    kind, config = CONFIGS[name]
    made = callback((kind, _filled(config, "https://hooks.example.com")))

    target = make_target(made, made.channels[0])

    assert not shows_a_secret(f"{target.label} {target.destination} {target!r}")


@pytest.mark.parametrize("name", CONFIGS)
def test_another_secret_of_a_robot_is_another_destination(name: str) -> None:
    kind, config = CONFIGS[name]
    made = callback((kind, _filled(config, "https://hooks.example.com")))
    other = orjson.loads(orjson.dumps(made.channels[0].config).replace(b"-a", b"-z"))
    changed = replace(made.channels[0], config=other)

    one, two = make_target(made, made.channels[0]), make_target(made, changed)

    # Of an application the messages are counted together, whatever its secret is.
    is_account = name in ("wechat", "feishu by application")
    assert (one.destination == two.destination) is is_account
