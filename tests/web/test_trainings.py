"""Trainings over HTTP: registered once, listed, and shown with what was told of them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tests.call import Answer, called
from tests.journal import AUTH, HTTP, REMOTE, Told, told_in
from tests.trainings import LORA, ended, said
from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.model.event import new_event_id
from tocsin.model.signed_address import Signer
from tocsin.model.tokens import Token, digest_of, new_token
from tocsin.store import tokens as tokens_store
from tocsin.store import training_files
from tocsin.store.access import StoredCredentials
from tocsin.testing.clock import HandClock
from tocsin.web import trainings
from tocsin.web.api import build_api
from tocsin.web.training_shapes import TrainingDetail, TrainingsPage

NEW = {"request_id": "r-1", "endpoint": "fal-ai/trainer", "training_type": "portrait"}


@dataclass(frozen=True)
class Api:
    app: FastAPI
    told: Told
    clock: HandClock
    tokens: dict[Role, dict[str, str]] = field(default_factory=dict)

    async def get(self, target: str, **more: Any) -> Answer:
        return await called(self.app, "GET", f"/api/v1/trainings{target}", **more)

    async def register(self, body: Any, role: Role | None = Role.SENDER, **more: Any) -> Answer:
        token = {} if role is None else await self.token(role)
        headers = {"content-type": "application/json", **token}
        raw = body if isinstance(body, bytes) else as_bytes(body)
        return await called(self.app, "POST", "/api/v1/trainings", raw, headers=headers, **more)

    async def token(self, role: Role) -> dict[str, str]:
        """The header of a token of that role, the same each time."""
        if role not in self.tokens:
            text = new_token()
            token = Token(new_event_id(), role.word, role, self.clock.now(), "me")
            digest = digest_of(text)
            await self.told.database.write(lambda conn: tokens_store.add(conn, token, digest))
            self.tokens[role] = {"authorization": f"Bearer {text}"}
        return self.tokens[role]


def as_bytes(body: Any) -> bytes:

    return json.dumps(body).encode()


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    clock = HandClock()
    async with told_in(tmp_path) as told:
        callers = Callers(StoredCredentials(told.database, clock), AUTH, HTTP)
        router = trainings.router(
            database=told.database,
            journal=told.journal,
            callers=callers,
            clock=clock,
            signer=Signer((b"k" * 32,), timedelta(minutes=15)),
        )
        yield Api(build_api(routers=[router], version="1", extra_paths={}), told, clock)


async def test_a_training_is_registered_once(api: Api) -> None:
    first = await api.register({**NEW, "meta": {"project": "ava", "user": 7}})
    again = await api.register({"request_id": "r-1", "endpoint": "other/trainer"})

    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json
    TrainingDetail.model_validate(first.json)
    shown = first.json
    assert (shown["status"], shown["endpoint"], shown["meta"]["user"]) == (
        "training",
        "fal-ai/trainer",
        7,
    )
    assert [one["type"] for one in shown["events"]] == ["training.registered"]


async def test_one_that_fal_has_told_of_takes_its_registration(api: Api) -> None:
    await api.told.append([ended()])

    answer = await api.register(NEW)

    assert answer.status == 200
    assert (answer.json["status"], answer.json["endpoint"]) == ("completed", "fal-ai/trainer")
    assert answer.json["registered_at"] is not None


@pytest.mark.parametrize(
    ("role", "status"),
    [(None, 403), (Role.SENDER, 201), (Role.OPERATOR, 201), (Role.ADMIN, 201)],
)
async def test_who_may_register(role: Role | None, status: int, api: Api) -> None:
    assert (await api.register(NEW, role)).status == status


async def test_a_stranger_may_neither_register_nor_read(api: Api) -> None:
    sender = await api.token(Role.SENDER)

    assert (await api.register(NEW, None, peer=REMOTE)).status == 401
    assert (await api.get("", peer=REMOTE)).status == 401
    assert (await api.get("", peer=REMOTE, headers=sender)).status == 403


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"request_id": ""}, "request_id"),
        ({"request_id": "x" * 201}, "request_id"),
        ({"request_id": "a\x00b"}, "request_id"),
        ({"request_id": " a"}, "request_id"),
        ({"request_id": None}, "request_id"),
        ({"endpoint": "https://elsewhere.example/x"}, "endpoint"),
        ({"endpoint": "a/../b"}, "endpoint"),
        ({"endpoint": "alone"}, "endpoint"),
        ({"training_type": "landscape"}, "training_type"),
        ({"meta": []}, "meta"),
        ({"meta": {"a": "x" * 20_000}}, "meta"),
        ({"meta": {"a": "\x00"}}, "meta"),
        ({"meta": {"a": 10**30}}, "meta"),
        ({"meta": {"a": "\ud800"}}, "meta"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_a_wrong_field_is_named(changed: Any, field: str, api: Api) -> None:
    answer = await api.register({**NEW, **changed})

    assert answer.status == 422, answer.body
    assert answer.json["errors"][0]["field"] == field


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000])
async def test_what_is_no_object_is_400(body: bytes, api: Api) -> None:
    assert (await api.register(body)).status == 400


async def test_the_list_is_filtered_and_paged(api: Api) -> None:
    await api.register(NEW)
    await api.told.append([said("r-2"), ended("r-3")])

    all_of_them = await api.get("?limit=2&status=&training_type=&q=")
    rest = await api.get(f"?limit=2&cursor={all_of_them.json['next_cursor']}")
    under_way = await api.get("?status=training&training_type=portrait&q=R-")

    TrainingsPage.model_validate(all_of_them.json)
    assert [one["id"] for one in all_of_them.json["items"]] == ["r-3", "r-2"]
    assert [one["id"] for one in rest.json["items"]] == ["r-1"]
    assert rest.json["next_cursor"] is None
    assert [one["id"] for one in under_way.json["items"]] == ["r-1"]


@pytest.mark.parametrize("query", ["status=done", "training_type=x", "colour=red", "cursor=abc"])
async def test_a_query_that_cannot_be_meant_is_422(query: str, api: Api) -> None:
    assert (await api.get(f"?{query}")).status == 422


async def test_a_training_shows_its_files_and_its_story(api: Api) -> None:
    await api.told.append([said("a/b", progress=5), ended("a/b", 60, LORA, f"{LORA}?2")])
    file = await api.told.database.write(
        lambda conn: training_files.take(
            conn, "me", api.clock.now() + timedelta(hours=1), timedelta(seconds=30)
        )
    )
    assert file is not None
    await api.told.database.write(
        lambda conn: training_files.mark_stored(conn, file.id, "me", 7, "ab")
    )

    as_sent = await api.get("/a/b")
    answer = await api.get("/a%2Fb")

    assert as_sent.json == answer.json
    TrainingDetail.model_validate(answer.json)
    assert [one["status"] for one in answer.json["events"]] == ["training", "completed"]
    stored, waiting = answer.json["files"]
    assert stored["download_url"].startswith(f"/api/v1/files/{file.id}?expires=")
    assert (stored["bytes"], stored["sha256"], stored["state"]) == (7, "ab", "stored")
    assert stored["expires_at"] == "2026-01-01T00:15:00.000Z"
    assert (waiting["state"], waiting["download_url"]) == ("waiting", None)


async def test_one_that_is_not_known_is_404(api: Api) -> None:
    answer = await api.get("/nobody")

    assert (answer.status, answer.json["reason"]) == (404, "not_found")


@pytest.mark.parametrize("place", ["test_webhook", "status_update"])
async def test_anybody_is_told_that_calls_arrive(place: str, api: Api) -> None:
    answer = await called(api.app, "GET", f"/api/v1/avatar/{place}", peer=REMOTE)

    assert (answer.status, answer.json["status"]) == (200, "ok")
