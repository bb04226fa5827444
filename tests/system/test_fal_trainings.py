"""FAL's trainings over HTTP, with a stand-in for FAL: from the call to the file on the disk."""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.fal import LORA, Fal, fal
from tests.postgres import DatabaseFactory
from tests.s3 import s3_server
from tests.system.conftest import Launch
from tests.system.mutation import Mutations
from tests.system.server import Server
from tocsin.testing.outside import Reply

STATUS = "/api/v1/avatar/status_update"
# What a proxy says of a call from elsewhere; nobody here is a trusted proxy unless it is said.
ELSEWHERE = {"X-Forwarded-For": "203.0.113.9"}
DOCUMENTED = b'{"status": "completed", "request_id": "test-123"}'
SECRET = "the secret of the webhook"
JSON = {"Content-Type": "application/json"}

BODIES, SOAK_BODIES = 2_000, 10_000


@pytest.fixture
async def maker() -> AsyncIterator[Fal]:
    async with fal() as made:
        yield made


class Client:
    """Calls one server."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self.server = server
        self._session = session

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        async with self._session.post(
            f"{self.server.url}{path}", data=body, headers=headers
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str, **headers: str) -> Any:
        url = f"{self.server.url}{path}"
        async with self._session.get(url, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def bytes_of(self, path: str) -> tuple[int, bytes]:
        async with self._session.get(f"{self.server.url}{path}", headers=ELSEWHERE) as answer:
            return answer.status, await answer.read()

    async def training(self, training_id: str = "r-1") -> Any:
        return await self.get(f"/api/v1/trainings/{training_id}")

    async def until(
        self, is_so: Callable[[Any], bool], training_id: str = "r-1", limit_s: float = 30
    ) -> Any:
        """The training, once it is so."""
        async with asyncio.timeout(limit_s):
            while not is_so(  # noqa: ASYNC110 - it is another process
                training := await self.training(training_id)
            ):
                await asyncio.sleep(0.05)
        return training


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def is_stored(training: Any) -> bool:
    return bool(training["files"]) and all(one["state"] == "stored" for one in training["files"])


async def test_a_signed_call_ends_a_training_and_its_file_comes(
    launch: Launch, maker: Fal, session: ClientSession
) -> None:
    client = Client(launch(maker.settings), session)
    body = maker.end()

    status, answer = await client.post(
        f"{STATUS}?training_type=portrait", body, {**maker.signed(body), **ELSEWHERE}
    )
    training = await client.until(is_stored)

    assert (status, answer["status"], answer["request_id"]) == (200, "received", "r-1")
    (file,) = training["files"]
    assert (file["bytes"], file["sha256"]) == (len(LORA), hashlib.sha256(LORA).hexdigest())
    assert await client.bytes_of(file["download_url"]) == (200, LORA)
    assert (await client.bytes_of(file["download_url"][:-3] + "000"))[0] == 403
    assert (training["status"], training["training_type"]) == ("completed", "portrait")


async def test_a_file_comes_into_the_bucket_that_the_plain_names_tell(
    launch: Launch, maker: Fal, session: ClientSession
) -> None:
    with s3_server("avatars") as endpoint:
        bucket = {
            "ENVIRONMENT": "production",
            "MINIO_ENDPOINT": endpoint,
            "MINIO_ACCESS_KEY": "someone",
            "MINIO_SECRET_KEY": "anything",
            "MINIO_BUCKET_NAME": "avatars",
            "MINIO_SECURE": "false",
        }
        client = Client(launch({**maker.settings, **bucket}), session)
        body = maker.end()

        await client.post(STATUS, body, maker.signed(body))
        training = await client.until(is_stored)

        assert await client.bytes_of(training["files"][0]["download_url"]) == (200, LORA)
        assert not (client.server.data_dir / "files").exists()


async def test_forged_stale_doubled_and_late_calls_do_no_harm(
    launch: Launch, maker: Fal, session: ClientSession
) -> None:
    client = Client(launch(maker.settings), session)
    body = maker.end()
    _, first = await client.post(STATUS, body, {**maker.signed(body), **ELSEWHERE})
    before = await client.until(is_stored)

    failed = json.dumps({"request_id": "r-1", "status": "ERROR", "error": "forged"}).encode()
    hour_ago = time.time() - 3_600
    forged = [
        maker.signed(failed, key=Ed25519PrivateKey.generate()),
        {**maker.signed(failed), "X-Fal-Webhook-Timestamp": str(int(hour_ago))},
        maker.signed(failed, at=hour_ago),
        {**maker.signed(body)},
        {**JSON, "Authorization": "Bearer tsn_forged"},
        dict(JSON),
    ]
    refused = [(await client.post(STATUS, failed, {**one, **ELSEWHERE}))[0] for one in forged]
    between = await client.training()
    _, again = await client.post(
        STATUS, body, {**maker.signed(body, at=time.time() - 60), **ELSEWHERE}
    )
    late_status, _ = await client.post(STATUS, failed, {**maker.signed(failed), **ELSEWHERE})
    after = await client.training()

    assert refused == [401] * len(forged)
    assert (again["event_id"], again["seq"]) == (first["event_id"], first["seq"])
    assert without_address(between) == without_address(before)
    assert late_status == 200
    assert without_address(after, "events") == without_address(before, "events")
    assert [one["type"] for one in after["events"]] == ["training.completed", "training.progressed"]
    # However many calls were signed by nobody, FAL is asked for its keys once a minute.
    assert len(maker.world.calls_of("/jwks")) == 1


def without_address(training: Any, *names: str) -> Any:
    """The training without what each reading gives anew, and without `names`."""
    files = [
        {name: value for name, value in file.items() if name not in ("download_url", "expires_at")}
        for file in training["files"]
    ]
    return {
        **{name: value for name, value in training.items() if name not in names},
        "files": files,
    }


async def test_the_documented_call_passes_in_development_only(
    launch: Launch, session: ClientSession
) -> None:
    behind_proxy = {
        "TOCSIN_HTTP__TRUSTED_PROXIES": "127.0.0.0/8",
        "TOCSIN_SOURCES__FAL__UNSIGNED_NETWORKS": "172.16.0.0/12",
    }
    production = {"ENVIRONMENT": "production", "TOCSIN_HTTP__TRUSTED_PROXIES": "127.0.0.0/8"}
    development = Client(launch(behind_proxy), session)
    open_ = Client(launch({**production}), session)
    guarded = Client(launch({**production, "FAL_WEBHOOK_SECRET": SECRET}), session)
    by_nginx = {**JSON, "X-Forwarded-For": "172.18.0.1"}
    shown = {**by_nginx, "X-Webhook-Secret": SECRET}

    async def status(client: Client, headers: Mapping[str, str]) -> int:
        return (await client.post(STATUS, DOCUMENTED, headers))[0]

    assert await status(development, JSON) == 200
    assert await status(development, by_nginx) == 200
    assert await status(development, {**JSON, **ELSEWHERE}) == 401
    for client in (open_, guarded):
        assert await status(client, JSON) == 401
        assert await status(client, by_nginx) == 401
    assert await status(guarded, shown) == 200
    assert await status(guarded, {**shown, "X-Webhook-Secret": "another"}) == 401


async def test_the_answer_does_not_wait_for_the_file(
    launch: Launch, maker: Fal, session: ClientSession
) -> None:
    client = Client(launch(maker.settings), session)
    go = asyncio.Event()
    maker.world.answer("/slow", Reply(body=LORA, after=go))

    status, _ = await client.post(STATUS, maker.end(path="/slow"), JSON)
    waiting = await client.training()
    go.set()

    assert status == 200
    assert [one["state"] for one in waiting["files"]] == ["waiting"]
    assert is_stored(await client.until(is_stored))


async def test_a_file_that_was_on_its_way_when_the_server_was_killed_comes_all_the_same(
    launch: Launch, maker: Fal, session: ClientSession
) -> None:
    server = launch(maker.settings)
    client = Client(server, session)
    stuck = asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield LORA[:1000]
        await stuck.wait()

    maker.world.answer("/lora", Reply(chunks=half), Reply(body=LORA))
    await client.post(STATUS, maker.end(), JSON)
    async with asyncio.timeout(20):
        while not maker.world.calls_of("/lora"):  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.02)

    server.kill()
    stuck.set()
    await asyncio.to_thread(server.start)
    training = await client.until(is_stored, limit_s=60)

    assert await client.bytes_of(training["files"][0]["download_url"]) == (200, LORA)
    kept = [path for path in (server.data_dir / "files").rglob("*") if path.is_file()]
    assert [path.stat().st_size for path in kept] == [len(LORA)]


async def test_a_silent_training_is_asked_after_until_its_end_is_known(
    launch: Launch, maker: Fal, session: ClientSession
) -> None:
    settings = {
        **maker.settings,
        "TOCSIN_SOURCES__FAL__API_KEY": "the key",
        "TOCSIN_AUTH__LOCAL_ROLE": "operator",
        "TOCSIN_WATCH__POLL_S": "0.1",
        "TOCSIN_WATCH__TRAINING_ASK_AFTER_S": "0.2",
        "TOCSIN_WATCH__TRAINING_ASK_EVERY_S": "0.1",
    }
    place = "/fal-ai/trainer/requests/r-1"
    maker.world.answer(
        f"{place}/status",
        Reply(status=503),
        Reply.of({"status": "IN_QUEUE", "queue_position": 2}),
        Reply.of({"status": "IN_PROGRESS", "logs": [{"message": "step 300/1000"}]}),
        Reply.of({"status": "COMPLETED"}),
    )
    maker.world.answer(place, Reply.of(maker.result()))
    client = Client(launch(settings), session)

    new = {"request_id": "r-1", "endpoint": "fal-ai/trainer", "training_type": "portrait"}
    status, _ = await client.post("/api/v1/trainings", json.dumps(new).encode(), JSON)
    training = await client.until(is_stored)

    assert status == 201
    assert (training["status"], training["progress"]) == ("completed", 100)
    assert [one["status"] for one in training["events"]] == [
        None,
        "training",
        "training",
        "completed",
    ]
    asked = maker.world.calls_of(f"{place}/status")
    assert {one.headers["authorization"] for one in asked} == {"Key the key"}
    assert "the key" not in client.server.log()


@pytest.fixture
def postgres_address(empty_postgres: DatabaseFactory) -> str:
    """An empty database; made here, as it cannot be while a loop runs."""
    return empty_postgres()


async def test_of_two_instances_one_asks_and_either_takes_calls(
    launch: Launch, maker: Fal, session: ClientSession, postgres_address: str
) -> None:
    shared = {
        **maker.settings,
        "TOCSIN_DATABASE_URL": postgres_address,
        "TOCSIN_SECRET_KEY": "k" * 40,
        "TOCSIN_SOURCES__FAL__API_KEY": "the key",
        "TOCSIN_AUTH__LOCAL_ROLE": "operator",
        "TOCSIN_WATCH__POLL_S": "0.1",
        "TOCSIN_WATCH__TRAINING_ASK_AFTER_S": "0.2",
        "TOCSIN_WATCH__TRAINING_ASK_EVERY_S": "2",
    }
    clients = [
        Client(launch({**shared, "TOCSIN_INSTANCE_ID": name}), session) for name in ("one", "two")
    ]
    place = "/fal-ai/trainer/requests/asked/status"
    maker.world.answer(place, Reply.of({"status": "IN_PROGRESS", "logs": ["10%"]}))
    new = {"request_id": "asked", "endpoint": "fal-ai/trainer"}
    began_s = time.monotonic()
    await clients[0].post("/api/v1/trainings", json.dumps(new).encode(), JSON)

    for number in range(6):
        body = maker.end(f"r-{number}")
        status, _ = await clients[number % 2].post(
            STATUS, body, {**maker.signed(body), **ELSEWHERE}
        )
        assert status == 200
    for number in range(6):
        await clients[(number + 1) % 2].until(is_stored, f"r-{number}")
    await clients[1].until(lambda training: training["progress"] == 10, "asked")
    lasted_s = time.monotonic() - began_s

    asked = len(maker.world.calls_of(place))
    assert 1 <= asked <= lasted_s / 2 + 1
    # Each instance has keys of its own; each file came once.
    assert len(maker.world.calls_of("/jwks")) == 2
    assert len(maker.world.calls_of("/lora")) == 6


async def test_random_bodies_give_no_5xx(
    launch: Launch, session: ClientSession, is_soak: bool
) -> None:
    """Broken and mutated ones, and JSON in which the fields that matter hold anything."""
    client = Client(launch(), session)
    chance = random.Random(random.getrandbits(64))  # noqa: S311 - no secret
    mutations = Mutations(chance)
    statuses: set[int] = set()

    async def pour(count: int) -> None:
        for _ in range(count):
            body = mutations.body() if chance.random() < 0.3 else fields(chance)
            query = chance.choice(["", "?training_type=portrait", "?training_type=style", "?x=%ff"])
            status, _ = await client.post(STATUS + query, body, JSON)
            assert status in (200, 400, 413, 415, 422), (body, query)
            statuses.add(status)

    count = SOAK_BODIES if is_soak else BODIES
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(pour(count // 4))

    assert {200, 400, 422} <= statuses
    listed = await client.get("/api/v1/trainings?limit=1000")
    for one in chance.sample(listed["items"], min(50, len(listed["items"]))):
        assert (await client.training(quoted(one["id"])))["id"] == one["id"]
    assert "Traceback" not in client.server.log()


def quoted(training_id: str) -> str:
    return "".join(f"%{byte:02X}" for byte in training_id.encode())


def fields(chance: random.Random) -> bytes:
    """A call in which each field may hold anything."""
    anything: list[Any] = [
        None,
        "",
        "OK",
        "ERROR",
        "IN_PROGRESS",
        "r-1",
        "r/2?#",
        "лора",
        "\x00",
        "\ud800",
        "x" * 300,
        7,
        -1,
        1e300,
        10**30,
        True,
        [],
        {},
        [[1]],
        {"url": "https://v3.fal.media/l"},
        {"diffusers_lora_file": {"url": "https://v3.fal.media/l", "file_name": "\x00/../"}},
        {"detail": [{"msg": "bad"}, 7]},
        {"finetune_id": "f"},
    ]
    names = (
        "request_id",
        "finetune_id",
        "id",
        "status",
        "training_type",
        "payload",
        "payload_error",
        "error",
        "progress",
        "queue_position",
    )
    said = {name: chance.choice(anything) for name in chance.sample(names, chance.randrange(1, 8))}
    if chance.random() < 0.5:
        said["request_id"] = f"r-{chance.randrange(50)}"
    return json.dumps(said).encode()
