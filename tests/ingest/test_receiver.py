"""From the call to the commit to the answer: nothing is answered well that is not stored."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest
from pydantic import SecretStr

from tests.appending import rows
from tests.ingest.receiving import NEIGHBOUR, REMOTE, Receiving, receiving_in
from tests.ingest.samples import RECEIVED_AT
from tocsin.edge.calls import Message
from tocsin.errors import StoreDown
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.entrance import make_entrance
from tocsin.ingest.rate import RateLimit
from tocsin.ingest.set_ups import SetUp
from tocsin.ingest.source import InboundCall, Source, Verdict, find_sources
from tocsin.ingest.sources import deployment
from tocsin.ingest.trial import try_out
from tocsin.model.access import Role
from tocsin.model.event import NewEvent
from tocsin.model.times import from_us
from tocsin.testing.clock import START

DEPLOYMENT = "/api/webhooks/deployment"
EVENTS = "/api/v1/events"
MESSAGE: dict[str, Any] = {"type": "log_entry", "project": "shop", "deployment_id": "7"}
MESSAGE["message"] = "ready"
CLOUDEVENT = {"specversion": "1.0", "id": "1", "source": "/a", "type": "b"}
BATCH = {"content-type": "application/cloudevents-batch+json"}


@pytest.fixture
async def open_(tmp_path: Path) -> AsyncIterator[Receiving]:
    async with receiving_in(tmp_path) as receiving:
        yield receiving


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Receiving]:
    async with receiving_in(tmp_path, secrets={"deployment": "a secret"}) as receiving:
        yield receiving


# --- taken


async def test_what_is_answered_is_stored(open_: Receiving) -> None:
    answer = await open_.post(DEPLOYMENT, MESSAGE)

    stored = await rows(open_.ground.database, "SELECT * FROM events")
    assert answer.status == 200
    assert [(row["id"], row["seq"]) for row in stored] == [
        (answer.json["event_id"], answer.json["seq"])
    ]
    assert (answer.json["success"], answer.json["message"]) == (True, "log_entry stored")
    assert (stored[0]["source"], stored[0]["project"], stored[0]["subject"]) == (
        "deployment",
        "shop",
        "7",
    )


async def test_the_receiving_time_is_the_clocks(open_: Receiving) -> None:
    await open_.post(DEPLOYMENT, MESSAGE)

    (stored,) = await rows(open_.ground.database, "SELECT received_at FROM events")
    assert from_us(stored["received_at"]) == open_.clock.now() > START > RECEIVED_AT


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (DEPLOYMENT, ""),
        ("/hooks/deployment", ""),
        ("/hooks/deployment/", ""),
        ("/hooks/deployment/ci", "ci"),
        ("/hooks/deployment/ci/east", "ci/east"),
        ("/hooks/github/ci", "ci"),
    ],
)
def test_an_address_is_of_a_source_and_may_carry_a_name(
    path: str, name: str, open_: Receiving
) -> None:
    found = open_.set_ups.entrance_of(path)

    assert found is not None
    assert found[1] == name


@pytest.mark.parametrize(
    ("method", "path", "is_taken"),
    [
        ("POST", DEPLOYMENT, True),
        # Answered in the envelope of the address, so also what is refused.
        ("GET", DEPLOYMENT, True),
        ("POST", EVENTS, True),
        # Reading events is the API's part.
        ("GET", EVENTS, False),
        ("POST", "/hooks/github/ci", True),
        ("POST", "/hooks/unknown", False),
        ("POST", "/hooks/", False),
        ("POST", "/hooks", False),
        ("POST", DEPLOYMENT + "/", True),
        ("POST", DEPLOYMENT + "/ci", True),
        ("POST", "/hooks/deployment/" + 201 * "n", False),
        ("POST", "/api/v1/deployments", False),
    ],
)
def test_only_calls_of_receivers_are_taken(
    method: str, path: str, open_: Receiving, *, is_taken: bool
) -> None:
    assert open_.receiver.takes(method, path) == is_taken


async def test_where_no_receiver_is_is_answered_in_the_shape_of_webhooks(open_: Receiving) -> None:
    answer = await open_.post("/api/webhooks/nobody")

    assert answer.status == 404
    assert answer.json["success"] is False
    assert answer.json["errors"] == []


async def test_a_body_may_come_in_parts(open_: Receiving) -> None:
    parts = [
        {"type": "http.request", "body": b'{"type": "te', "more_body": True},
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": b'st"}', "more_body": False},
    ]

    answer = await open_.call(DEPLOYMENT, parts)

    assert answer is not None
    assert answer.status == 200


# --- once and only once


async def test_the_same_delivery_again_gives_the_first_answer(open_: Receiving) -> None:
    key = {"idempotency-key": "k-1"}

    first = await open_.post(DEPLOYMENT, MESSAGE, key)
    again = await open_.post(DEPLOYMENT, {**MESSAGE, "message": "other"}, key)
    other = await open_.post(DEPLOYMENT, MESSAGE, {"idempotency-key": "k-2"})

    assert first.json == again.json
    assert other.json["seq"] != first.json["seq"]
    assert len(await open_.stored()) == 2


async def test_equal_bodies_without_a_key_are_two(open_: Receiving) -> None:
    for _ in range(2):
        await open_.post(DEPLOYMENT, MESSAGE)

    assert len(await open_.stored()) == 2


async def test_a_key_holds_for_one_name_of_a_source(open_: Receiving) -> None:
    for path in ("/hooks/deployment/east", "/hooks/deployment/west", "/hooks/deployment/east"):
        await open_.post(path, MESSAGE, {"idempotency-key": "k-1"})

    assert len(await open_.stored()) == 2


# --- several events in one call


async def test_a_batch_is_answered_one_by_one_and_as_a_whole(open_: Receiving) -> None:
    two = [CLOUDEVENT, {**CLOUDEVENT, "id": "2"}]

    answer = await open_.post(EVENTS, str(two).replace("'", '"').encode(), BATCH)
    single = await open_.post(EVENTS, {**CLOUDEVENT, "id": "3"})
    nothing = await open_.post(EVENTS, b"[]", BATCH)

    assert [item["event_id"] for item in answer.json["items"]] == ["1", "2"]
    assert set(answer.json) == {"items"}
    assert single.json == {**single.json["items"][0], "items": single.json["items"]}
    assert (nothing.status, nothing.json) == (200, {"items": []})
    assert await open_.stored() == [1, 2, 3]


async def test_one_wrong_event_leaves_nothing_of_its_batch(open_: Receiving) -> None:
    two = [CLOUDEVENT, {**CLOUDEVENT, "id": ""}]

    answer = await open_.post(EVENTS, str(two).replace("'", '"').encode(), BATCH)

    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "1.id"
    assert await open_.stored() == []


# --- refused


async def test_a_refusal_names_the_field_in_the_envelope_of_its_address(open_: Receiving) -> None:
    hook = await open_.post(DEPLOYMENT, {**MESSAGE, "project": ["shop"]})
    api = await open_.post(EVENTS, {**CLOUDEVENT, "type": ""})

    assert hook.status == 400
    assert hook.json == {
        "success": False,
        "message": "project: expected text",
        "errors": [{"field": "project", "message": "expected text"}],
    }
    assert api.status == 422
    assert api.headers["content-type"] == "application/problem+json"
    assert api.json["errors"][0]["field"] == "type"
    assert await open_.stored() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_405_and_says_what_is_taken(method: str, open_: Receiving) -> None:
    answer = await open_.post(DEPLOYMENT, MESSAGE, method=method)

    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json["success"] is False


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 415), ("identity", 200), ("", 200)])
async def test_a_body_is_taken_as_it_is_only(encoding: str, status: int, open_: Receiving) -> None:
    answer = await open_.post(DEPLOYMENT, MESSAGE, {"content-encoding": encoding})

    assert answer.status == status


async def test_a_body_that_grows_over_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    part = {"type": "http.request", "body": b" " * 60, "more_body": True}
    async with receiving_in(tmp_path, limits=BodyLimits(max_body_bytes=100)) as receiving:
        # A third part would be asked for in vain.
        answer = await receiving.call(DEPLOYMENT, [part, part])
        announced = await receiving.call(DEPLOYMENT, [], {"content-length": "101"})

    assert answer is not None
    assert announced is not None
    assert (answer.status, announced.status) == (413, 413)


async def test_less_than_was_announced_is_refused(open_: Receiving) -> None:
    answer = await open_.post(DEPLOYMENT, b"{}", {"content-length": "50"})

    assert answer.status == 400
    assert await open_.stored() == []


async def test_a_caller_who_goes_away_is_not_answered_and_nothing_is_stored(
    open_: Receiving,
) -> None:
    whole = b'{"type": "test"}'
    gone: list[Message] = [
        {"type": "http.request", "body": whole, "more_body": True},
        {"type": "http.disconnect"},
    ]

    assert await open_.call(DEPLOYMENT, gone) is None
    assert await open_.call(DEPLOYMENT, gone[1:]) is None
    assert open_.counted("deployment", "disconnected") == 2
    assert await open_.stored() == []


async def test_calls_are_counted_by_what_became_of_them(open_: Receiving) -> None:
    await open_.post(DEPLOYMENT, MESSAGE)
    await open_.post(DEPLOYMENT, b"{")
    await open_.post(DEPLOYMENT, MESSAGE, peer=REMOTE)

    counted = {name: open_.counted("deployment", name) for name in ("stored", "unreadable")}
    assert counted == {"stored": 1, "unreadable": 1}
    assert open_.counted("deployment", "not_signed_in") == 1
    assert open_.registry.get_sample_value("tocsin_inbound_seconds_count") == 1


# --- the rate


async def test_too_many_calls_of_one_address_are_429(tmp_path: Path) -> None:
    async with receiving_in(tmp_path, rate=RateLimit(per_s=2)) as receiving:
        answers = [await receiving.post(DEPLOYMENT, MESSAGE) for _ in range(3)]
        neighbour = await receiving.post(DEPLOYMENT, MESSAGE, peer=NEIGHBOUR)
        receiving.clock.move(1)
        later = await receiving.post(DEPLOYMENT, MESSAGE)

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].json["success"] is False
    assert (neighbour.status, later.status) == (200, 200)


async def test_behind_a_trusted_proxy_the_budget_is_of_the_address_it_saw(tmp_path: Path) -> None:
    async with receiving_in(
        tmp_path, rate=RateLimit(per_s=1), secrets={"deployment": "a secret"}
    ) as receiving:
        statuses = [
            (
                await receiving.post(
                    DEPLOYMENT,
                    MESSAGE,
                    {"x-forwarded-for": seen, "x-webhook-token": "a secret"},
                    peer="10.0.0.1",
                )
            ).status
            for seen in (REMOTE, NEIGHBOUR, REMOTE)
        ]

    assert statuses == [200, 200, 429]


# --- who


@pytest.mark.parametrize("role", [role for role in Role if role])
async def test_a_token_of_any_role_may_send(role: Role, guarded: Receiving) -> None:
    token = await guarded.token(role)

    answer = await guarded.post(
        DEPLOYMENT, MESSAGE, {"authorization": f"Bearer {token}"}, peer=REMOTE
    )

    assert answer.status == 200


async def test_a_known_token_is_taken_again_without_asking(guarded: Receiving) -> None:
    shown = {"x-tocsin-token": await guarded.token(Role.SENDER)}

    answers = [await guarded.post(DEPLOYMENT, MESSAGE, shown) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]


async def test_a_token_may_stand_in_the_query(guarded: Receiving) -> None:
    token = await guarded.token(Role.SENDER)

    answer = await guarded.post(DEPLOYMENT, MESSAGE, peer=REMOTE, query=f"token={token}")

    assert answer.status == 200


async def test_an_invented_token_is_refused_on_this_machine_too(open_: Receiving) -> None:
    answer = await open_.post(DEPLOYMENT, MESSAGE, {"authorization": "Bearer invented"})

    assert answer.status == 401


async def test_an_unsigned_network_is_let_in_only_without_a_secret(
    open_: Receiving, tmp_path: Path
) -> None:
    taken = await open_.post(DEPLOYMENT, MESSAGE, peer=NEIGHBOUR)
    async with receiving_in(tmp_path / "..", secrets={"deployment": "a secret"}) as guarded:
        refused = await guarded.post(DEPLOYMENT, MESSAGE, peer=NEIGHBOUR)

    assert (taken.status, refused.status) == (200, 401)


async def test_a_page_of_another_origin_is_not_this_machine(open_: Receiving) -> None:
    answer = await open_.post(DEPLOYMENT, MESSAGE, {"origin": "https://evil.example"})

    assert answer.status == 401


# --- a store that cannot


async def test_a_store_that_cannot_is_503_and_says_when_to_come_back(tmp_path: Path) -> None:
    async with receiving_in(tmp_path) as receiving:
        await receiving.ground.database.close()

        answer = await receiving.post(DEPLOYMENT, MESSAGE)
        api = await receiving.post(EVENTS, CLOUDEVENT)

    assert (answer.status, api.status) == (503, 503)
    assert int(answer.headers["retry-after"]) >= 1
    assert int(api.headers["retry-after"]) >= 1
    assert answer.json["success"] is False
    async with receiving_in(tmp_path) as again:
        assert await again.stored() == []


# --- what a source may have beside the rest


class Keys:
    """Published keys that are there once they were asked for."""

    def __init__(self, *found: bytes) -> None:
        self.known: tuple[bytes, ...] = ()
        self.asked = 0
        self._found = found

    async def refresh(self) -> None:
        self.asked += 1
        self.known = self._found


@dataclass(frozen=True)
class Own:
    """Members of a made-up source, in place of those of the deployment source."""

    OVERLOAD_STATUS: int = 429

    def __getattr__(self, name: str) -> Any:
        return getattr(deployment, name)

    def verify(self, call: InboundCall, _options: Any, _secrets: tuple[str, ...]) -> Verdict:
        if "signature" not in call.headers:
            return Verdict.NOT_SIGNED
        is_known = call.headers["signature"].encode() in call.keys
        return Verdict.VERIFIED if is_known else Verdict.NEEDS_KEYS

    def read(self, call: InboundCall, options: Any) -> list[NewEvent]:
        return [] if call.body == b'"ignored"' else deployment.read(call, options)

    def answer_at_once(self, call: InboundCall, _options: Any) -> dict[str, Any] | None:
        challenge = call.body.removeprefix(b"challenge:")
        return None if challenge == call.body else {"challenge": challenge.decode()}


def with_own(receiving: Receiving, own: Any, keys: Keys | None = None) -> None:
    """Let the deployment source be `own`."""
    source = cast("Source", own)
    made = make_entrance("deployment", source, deployment.Options(), keys)
    set_up = SetUp(made, (), None)
    receiving.set_ups._place([set_up])


async def test_unknown_keys_are_asked_for_once(open_: Receiving) -> None:
    keys = Keys(b"k-1")
    with_own(open_, Own(), keys)

    for _ in range(2):
        answer = await open_.post(DEPLOYMENT, MESSAGE, {"signature": "k-1"}, peer=REMOTE)
        assert answer.status == 200
    forged = await open_.post(DEPLOYMENT, MESSAGE, {"signature": "k-2"})

    assert keys.asked == 2
    assert forged.status == 401
    assert open_.counted("deployment", "bad_signature") == 1
    assert len(await open_.stored()) == 2


async def test_a_signature_that_needs_keys_is_wrong_where_there_are_none(open_: Receiving) -> None:
    with_own(open_, Own())

    answer = await open_.post(DEPLOYMENT, MESSAGE, {"signature": "k-1"})

    assert answer.status == 401


async def test_a_call_that_means_no_event_is_answered_well(open_: Receiving) -> None:
    with_own(open_, Own())

    answer = await open_.post(DEPLOYMENT, b'"ignored"')

    assert (answer.status, answer.json["success"]) == (200, True)
    assert open_.counted("deployment", "answered") == 1
    assert await open_.stored() == []


async def test_a_sender_hears_at_once_what_it_wants_to_if_it_may_call(open_: Receiving) -> None:
    with_own(open_, Own())

    answer = await open_.post(DEPLOYMENT, b"challenge:abc")
    stranger = await open_.post(DEPLOYMENT, b"challenge:abc", peer=REMOTE)

    assert (answer.status, answer.json) == (200, {"challenge": "abc"})
    assert stranger.status == 401
    assert await open_.stored() == []


async def test_a_sender_that_gives_up_on_429_is_told_503(tmp_path: Path) -> None:
    async with receiving_in(tmp_path, rate=RateLimit(per_s=1)) as receiving:
        with_own(receiving, Own(OVERLOAD_STATUS=503))
        answers = [await receiving.post(DEPLOYMENT, MESSAGE) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 503]
    assert answers[1].headers["retry-after"] == "1"


# --- set-ups


async def test_each_named_set_up_has_its_own_secret(tmp_path: Path) -> None:
    team = deployment.Options(secret=SecretStr("team a's secret"))
    async with receiving_in(
        tmp_path, secrets={"deployment": "the kind's"}, named={"deployment": {"team-a": team}}
    ) as receiving:
        statuses = [
            (await receiving.post(path, MESSAGE, {"x-webhook-token": shown}, peer=REMOTE)).status
            for path, shown in (
                ("/hooks/deployment/team-a", "team a's secret"),
                ("/hooks/deployment/team-a", "the kind's"),
                ("/hooks/deployment", "the kind's"),
                ("/hooks/deployment", "team a's secret"),
            )
        ]
        is_taken = receiving.receiver.takes("POST", "/hooks/deployment/team-b")

    assert statuses == [200, 401, 200, 401]
    assert not is_taken


@pytest.mark.parametrize("kind", ["github", "deployment"])
async def test_the_previous_secret_opens_as_well(kind: str, tmp_path: Path) -> None:
    source = find_sources()[kind]
    both = source.Options(secret=SecretStr("new"), previous_secret=SecretStr("old"))
    async with receiving_in(tmp_path, named={kind: {"both": both}}) as receiving:
        set_up = receiving.set_ups.all[kind, "both"]
        trials = [
            await try_out(
                receiving.receiver,
                replace(set_up, entrance=replace(set_up.entrance, secrets=(secret,))),
                receiving.clock,
            )
            for secret in ("new", "old", "older")
        ]

    assert [trial.status for trial in trials] == [200, 200, 401]


# --- a store that comes back


async def test_what_was_answered_503_is_stored_once_when_it_comes_again(
    open_: Receiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, headers = b'{"zen": "x"}', {"x-github-event": "ping", "x-github-delivery": "g-1"}

    async def is_down(*_all: object) -> NoReturn:
        raise StoreDown("The database does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(open_.ground.journal, "append", is_down)
        failed = await open_.post("/hooks/github", body, headers)
    again = [await open_.post("/hooks/github", body, headers) for _ in range(2)]

    assert failed.status == 503
    assert [answer.status for answer in again] == [200, 200]
    assert again[0].json == again[1].json
    assert len(await open_.stored()) == 1
