"""GitHub is asked in its own words, within its limits, and nothing it says is taken on trust."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import SecretStr

from tocsin.edge.outbound import Outbound
from tocsin.errors import DeliveryFailed, GiveUp, Reason, TryLater
from tocsin.model.redelivery import Delivery
from tocsin.model.times import rfc3339
from tocsin.testing.clock import START, HandClock
from tocsin.testing.outside import Outside, Reply, outside
from tocsin.watch.github_hooks import GithubHooks, Hook

TOKEN = "ghp_a token that nobody may see"
HOOK = Hook("repos/o/shop/hooks/7", "")
LIST = "/repos/o/shop/hooks/7/deliveries"


@dataclass(frozen=True)
class Github:
    """The API, and who asks it."""

    hooks: GithubHooks
    world: Outside


@pytest.fixture
async def github() -> AsyncIterator[Github]:
    http = Outbound((ip_network("127.0.0.0/8"),))
    async with outside() as world:
        yield Github(GithubHooks(http, HandClock(), f"{world.url}/", SecretStr(TOKEN)), world)
    await http.close()


def hook(number: int, url: Any) -> dict[str, Any]:
    return {"id": number, "active": True, "config": {"url": url, "secret": "********"}}


def attempt(number: int, minutes: int = 0, status: Any = 502, **more: Any) -> dict[str, Any]:
    delivered_at = rfc3339(START + timedelta(minutes=minutes))
    said = {"id": number, "guid": f"g-{number}", "delivered_at": delivered_at}
    return {**said, "status_code": status, "status": "Bad", "redelivery": False, **more}


async def deliveries(github: Github, minutes: int = 0) -> list[Delivery]:
    pages = github.hooks.deliveries(HOOK, START + timedelta(minutes=minutes))
    return [one async for page in pages for one in page]


async def test_hooks_that_call_tocsin_are_told_from_others(github: Github) -> None:
    listed = [
        hook(1, "https://ci.example.org/hooks/github"),
        hook(2, "https://ci.example.org/project-dashboard/hooks/github/team-a/"),
        hook(3, "https://ci.example.org/hooks/gitlab"),
        hook(4, "https://other.example.org/hooks/github"),
        hook(5, "https://[/hooks/github"),
        hook(6, None),
        {"id": "7", "config": {"url": "https://ci.example.org/hooks/github"}},
        "nonsense",
    ]
    github.world.answer("/repos/o/shop/hooks", Reply.of(listed))
    github.world.answer("/orgs/o/hooks", Reply.of(listed[:1]))

    any_host = await github.hooks.hooks_of("o/shop", "")
    one_host = await github.hooks.hooks_of("o/shop", "CI.example.org")
    of_organisation = await github.hooks.hooks_of("o", "")

    base = "repos/o/shop/hooks"
    two = [Hook(f"{base}/1", ""), Hook(f"{base}/2", "team-a")]
    assert any_host == [*two, Hook(f"{base}/4", "")]
    assert one_host == two
    assert of_organisation == [Hook("orgs/o/hooks/1", "")]


@pytest.mark.parametrize(
    ("named", "path", "said", "name"),
    [
        ("o/shop/7", "/repos/o/shop/hooks/7", hook(7, "https://x.org/hooks/github/a"), "a"),
        ("o/7", "/orgs/o/hooks/7", hook(7, "https://x.org/hooks/github"), ""),
        ("o/7", "/orgs/o/hooks/7", hook(7, "https://proxy.example.org/in"), ""),
    ],
)
async def test_a_hook_that_is_named_is_taken_as_it_is(
    named: str, path: str, said: Any, name: str, github: Github
) -> None:
    github.world.answer(path, Reply.of(said))

    assert await github.hooks.hook(named) == Hook(path.removeprefix("/"), name)


async def test_deliveries_are_read_page_by_page_back_to_the_time_that_matters(
    github: Github,
) -> None:
    # The address itself is not followed: it could be anybody's.
    link = '<https://evil.example/deliveries?per_page=100&cursor=v1_9>; rel="next"'
    github.world.answer(
        LIST,
        Reply.of([attempt(4, 9), attempt(3, 8, 200)], link=link),
        Reply.of([attempt(2, 7), attempt(1, 1)], link=link),
        Reply.of([attempt(0, 0)]),
    )

    found = await deliveries(github, 5)

    assert [(one.id, one.is_ok) for one in found] == [(4, False), (3, True), (2, False)]
    assert [one.query.get("cursor") for one in github.world.asked] == [None, "v1_9"]
    assert github.world.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_what_is_no_delivery_is_passed_over(github: Github) -> None:
    odd = [
        attempt(1, status=None),
        attempt(2, guid=""),
        attempt(3, guid="g" * 300),
        attempt(4, delivered_at="yesterday"),
        attempt(5, id="5"),
        None,
        attempt(6, status=0),
    ]
    github.world.answer(LIST, Reply.of(odd))

    assert [one.id for one in await deliveries(github)] == [6]


async def test_a_delivery_is_asked_for_again(github: Github) -> None:
    github.world.answer(f"{LIST}/9/attempts", Reply.of({}, 202), method="POST")

    await github.hooks.deliver_again(HOOK, 9)

    assert [one.method for one in github.world.asked] == ["POST"]


@pytest.mark.parametrize(
    ("status", "headers", "kind", "reason", "after_s"),
    [
        (401, {}, GiveUp, Reason.BAD_CREDENTIALS, None),
        (403, {}, GiveUp, Reason.BAD_CREDENTIALS, None),
        (404, {}, GiveUp, Reason.BAD_CREDENTIALS, None),
        (422, {}, GiveUp, Reason.BAD_ANSWER, None),
        (500, {}, TryLater, Reason.BAD_ANSWER, None),
        (301, {"location": "https://evil.example"}, TryLater, Reason.BAD_ANSWER, None),
        (429, {"retry-after": "30"}, TryLater, Reason.RATE_LIMITED, 30),
        (403, {"retry-after": "999999"}, TryLater, Reason.RATE_LIMITED, 3_600),
        (
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{START.timestamp() + 90:.0f}"},
            TryLater,
            Reason.RATE_LIMITED,
            90,
        ),
        (200, {"x-ratelimit-remaining": "3"}, TryLater, Reason.RATE_LIMITED, 60),
    ],
)
async def test_what_github_refuses_says_what_to_do_next(
    status: int,
    headers: dict[str, str],
    kind: type[DeliveryFailed],
    reason: Reason,
    after_s: float | None,
    github: Github,
) -> None:
    github.world.answer(LIST, Reply(status=status, headers=headers, body=b"[]"))

    with pytest.raises(kind) as raised:
        await deliveries(github)

    assert raised.value.reason is reason
    assert getattr(raised.value, "after_s", None) == after_s
    assert TOKEN not in str(raised.value)


async def test_an_answer_that_is_not_json_is_tried_later(github: Github) -> None:
    github.world.answer(LIST, Reply(body=b"<html>"))

    with pytest.raises(TryLater):
        await deliveries(github)
