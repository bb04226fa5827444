"""What is secret of a callback shows up nowhere, whoever asks, and whatever became of it."""

from collections.abc import AsyncIterator, Generator, Mapping
from typing import Any

import aiohttp
import pytest

from tests.system.conftest import Launch
from tests.system.server import Server
from tocsin.notify.channel import extras_of, find_channels
from tocsin.notify.options import secret_fields

API = "/api/v1/release"
CANARY = "c4n4ry0f0the0mine"
# Nobody listens there, so that each try fails.
AWAY = "http://127.0.0.1:9"


def config_of(kind: str) -> dict[str, Any]:
    """Options with a canary in each secret that may stand beside the others."""
    channel = find_channels()[kind]
    config = dict(extras_of(channel).EXAMPLE)
    names = sorted(secret_fields(channel.Options) & {*config, *BESIDE.get(kind, {})})
    for name in names:
        config[name] = f"{CANARY}-{kind}-{name}"
    return {**config, **BESIDE.get(kind, {})}


PATH = f"{CANARY}0in0the0path"
BESIDE: Mapping[str, Mapping[str, Any]] = {
    "custom": {"url": f"{AWAY}/{PATH}", "headers": {"Authorization": f"Bearer {CANARY}-header"}},
    "dingtalk": {"webhook_url": f"{AWAY}/robot?access_token={PATH}", "sign_secret": f"SEC{CANARY}"},
    "discord": {"webhook_url": f"{AWAY}/api/webhooks/1/{PATH}"},
    "email": {"host": "127.0.0.1", "port": 9, "username": "a", "password": f"{CANARY}-password"},
    "feishu": {
        "webhook_url": f"{AWAY}/open-apis/bot/v2/hook/{PATH}",
        "sign_secret": f"{CANARY}-sign",
        "app_id": "cli_1",
        "app_secret": f"{CANARY}-app",
    },
    "slack": {"webhook_url": f"{AWAY}/services/T0/B0/{PATH}"},
    "teams": {"webhook_url": f"{AWAY}/workflows/1?sig={PATH}"},
    "wecom": {"webhook_url": f"{AWAY}/cgi-bin/webhook/send?key={PATH}"},
}


@pytest.fixture
async def asked(launch: Launch) -> AsyncIterator[tuple[Server, aiohttp.ClientSession]]:
    settings = {
        "TOCSIN_AUTH__LOCAL_ROLE": "admin",
        "TOCSIN_NOTIFY__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
        "TOCSIN_NOTIFY__WECHAT__BASE_URL": AWAY,
        "TOCSIN_NOTIFY__TELEGRAM__BASE_URL": AWAY,
    }
    server = launch(settings)
    async with aiohttp.ClientSession(server.url) as session:
        yield server, session


async def said(session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    """The data of an answer, which tells no secret."""
    async with session.request(method, f"{API}{path}", json=body) as response:
        text = await response.text()
        assert CANARY not in text, f"{method} {path}: {text}"
        assert response.status == 200, text
        return (await response.json())["data"]


async def test_no_answer_no_log_and_no_file_tells_a_secret(
    asked: tuple[Server, aiohttp.ClientSession],
) -> None:
    server, session = asked
    channels = [{"type": kind, "config": config_of(kind)} for kind in find_channels()]
    made = await said(session, "POST", "/projects/p/callbacks", {"channels": channels})
    one = f"/callbacks/{made['id']}"
    tested = await said(session, "POST", f"{one}/test")
    assert len(tested["results"]) == len(channels)
    assert not any(result["ok"] for result in tested["results"])
    # A masked secret that is sent back keeps the stored one.
    await said(session, "PUT", one, {"channels": made["channels"]})
    for channel in channels:
        await said(session, "POST", "/callbacks/test-direct", channel)
        wish = {"channel_type": channel["type"], "config": channel["config"]}
        await said(session, "POST", "/callbacks/template/preview", wish)
    for path in (
        *("/callbacks", one, f"{one}/history", "/callbacks/history", "/callbacks/export"),
        *("/callbacks/stats", "/callbacks/destinations", "/callbacks/channels"),
        "/projects/p/callbacks",
    ):
        await said(session, "GET", path)
    for row in (await said(session, "GET", "/callbacks/history?page_size=100"))["items"]:
        await said(session, "GET", f"/callbacks/history/{row['id']}")
    for path in ("/metrics", "/api/v1/events"):
        async with session.get(path) as response:
            assert CANARY not in await response.text(), path
    assert CANARY not in server.log()
    for file in server.data_dir.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file


async def test_an_error_tells_nothing_of_what_was_given(
    asked: tuple[Server, aiohttp.ClientSession],
) -> None:
    server, session = asked
    for kind in find_channels():
        for name in secret_fields(find_channels()[kind].Options):
            wrong = {**config_of(kind), name: {"a": [f"{CANARY}-wrong"]}, "of": "nothing"}
            body = {"channels": [{"type": kind, "config": wrong}]}
            async with session.post(f"{API}/projects/p/callbacks", json=body) as response:
                assert response.status == 422
                assert CANARY not in await response.text()

    assert CANARY not in server.log()


@pytest.mark.parametrize(
    "address",
    [
        *(
            "https://127.1/a",
            "https://2130706433/a",
            "https://0x7f000001/a",
            "https://0177.0.0.1/a",
        ),
        *("https://[::ffff:10.0.0.1]/a", "https://[64:ff9b::a00:1]/a", "https://[::1]/a"),
        *("https://169.254.169.254/a", "https://user:word@example.org/a", "https://[fe80::1]/a"),
        *("ftp://example.org/a", "file:///etc/passwd", "https:///a", "https://0/a"),
        "https://localhost/a",
    ],
)
async def test_an_address_that_leads_inside_is_refused_when_it_is_saved(
    shared: aiohttp.ClientSession, address: str
) -> None:
    body = {"channels": [{"type": "custom", "config": {"url": address}}]}
    async with shared.post(f"{API}/projects/p/callbacks", json=body) as response:
        told = await response.json()

    assert response.status == 422, told
    assert told["errors"][0]["field"].startswith("channels.0.config"), told


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server, None, None]:
    """One that may call nobody who is not public."""
    server = Server(tmp_path_factory.mktemp("strict"), {"TOCSIN_AUTH__LOCAL_ROLE": "admin"})
    try:
        yield server.start()
    finally:
        server.clean_up()


@pytest.fixture
async def shared(strict: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(strict.url) as session:
        yield session
