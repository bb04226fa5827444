"""The fake of Discord holds senders to what Discord holds them to."""

import json
from typing import Any

import pytest

from tests.testing.platforms.calling import PNG, call, clock_at, file_form, post
from tocsin.testing.platform import Running, platform


def hook(fake: Running, tail: str = "?wait=true") -> str:
    return f"{fake.config['webhook_url']}{tail}"


async def test_with_wait_it_answers_the_message_and_without_it_nothing() -> None:
    async with platform("discord") as fake:
        waited = await post(hook(fake), {"content": "**a** `b`"})
        other = await post(hook(fake, ""), {"content": "c"})

    assert (waited.status, waited.json["id"]) == (200, fake.taken[0].id)
    assert (other.status, other.body) == (204, b"")
    assert [one.text for one in fake.taken] == ["a b", "c"]


async def test_a_message_that_was_not_saved_is_told_of_to_who_waits_only() -> None:
    async with platform("discord") as fake:
        fake.script("lost", "lost")
        statuses = [
            (await post(hook(fake, tail), {"content": "a"})).status for tail in ("", "?wait=true")
        ]

    assert (statuses, len(fake.taken), len(fake.lost)) == ([204, 500], 0, 2)


async def test_an_embed_is_seen_as_it_is_drawn() -> None:
    embed = {
        "title": "Deployed",
        "color": 0x2EA121,
        "description": "all is **well**",
        "fields": [{"name": "Project", "value": r"my\_app", "inline": True}],
        "footer": {"text": "tocsin"},
    }
    async with platform("discord") as fake:
        await post(hook(fake), {"embeds": [embed]})

    (one,) = fake.taken
    assert (one.title, one.colour) == ("Deployed", "#2ea121")
    assert one.text == "all is well\nProject\nmy_app\ntocsin"


def fields(count: int, size: int = 1) -> list[dict[str, str]]:
    return [{"name": "n", "value": "v" * size}] * count


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 50006),
        ({"content": "x" * 2001}, 50035),
        ({"embeds": [{"title": "x" * 257}]}, 50035),
        ({"embeds": [{"description": "x" * 4097}]}, 50035),
        ({"embeds": [{"title": "t", "fields": fields(26)}]}, 50035),
        ({"embeds": [{"title": "t", "fields": fields(1, 1025)}]}, 50035),
        ({"embeds": [{"title": "t", "fields": [{"name": "n", "value": ""}]}]}, 50035),
        ({"embeds": [{"description": "x" * 3001}] * 2}, 50035),
        ({"embeds": [{"title": "t"}] * 11}, 50035),
        ({"content": "a", "flags": 1 << 6}, 50035),
        ({"content": "a", "components": [{"type": 1, "components": []}]}, 50035),
    ],
)
async def test_what_is_too_large_or_malformed_is_refused(body: Any, code: int) -> None:
    async with platform("discord") as fake:
        told = await post(hook(fake), body)

    assert (told.status, told.json["code"]) == (400, code)
    assert not fake.taken


async def test_an_unknown_webhook_and_a_wrong_token_are_told_apart() -> None:
    async with platform("discord") as fake:
        unknown = await post(f"{fake.url}/api/webhooks/1/x", {"content": "a"})
        wrong = await post(hook(fake, "x"), {"content": "a"})
        broken = await call("POST", hook(fake), data=b"{")

    found = [(one.status, one.json["code"]) for one in (unknown, wrong, broken)]
    assert found == [(404, 10015), (401, 50027), (400, 50109)]


async def test_a_message_is_updated_in_its_place() -> None:
    async with platform("discord") as fake:
        message_id = (await post(hook(fake), {"content": "running"})).json["id"]
        url = f"{hook(fake, '')}/messages/"
        updated = await call("PATCH", f"{url}{message_id}", json={"content": "done"})
        unknown = await call("PATCH", f"{url}1", json={"content": "done"})

    assert (updated.status, unknown.json["code"]) == (200, 10008)
    assert [(one.id, one.text, one.edits) for one in fake.taken] == [(message_id, "done", 1)]


async def test_a_file_of_the_form_is_the_embeds_image() -> None:
    payload = {
        "embeds": [{"title": "t", "image": {"url": "attachment://chart.png"}}],
        "attachments": [{"id": 0, "filename": "chart.png", "description": "the chart"}],
    }
    async with platform("discord") as fake:
        form = file_form("files[0]", PNG, payload_json=json.dumps(payload))

        told = await call("POST", hook(fake), data=form)

    assert told.status == 200
    assert (fake.taken[0].images[0].data, fake.taken[0].text) == (PNG, "the chart")


@pytest.mark.parametrize(
    ("content", "allowed", "mentions"),
    [
        ("@everyone <@1>", None, ("1",)),
        ("@everyone <@1> <@&2>", {"parse": []}, ()),
        ("@everyone <@&2>", {"parse": ["everyone", "roles"]}, ("everyone", "&2")),
        ("<@1> <@3>", {"parse": [], "users": ["3"]}, ("3",)),
        (r"\<@1> `<@1>`", None, ()),
    ],
)
async def test_who_is_called_is_who_is_allowed_to_be(
    content: str, allowed: Any, mentions: tuple[str, ...]
) -> None:
    async with platform("discord") as fake:
        body = {"content": content}
        await post(hook(fake), body if allowed is None else {**body, "allowed_mentions": allowed})

    assert fake.taken[0].mentions == mentions


async def test_its_limits_are_in_its_headers() -> None:
    async with platform("discord", clock_at(100)) as fake:
        told = [await post(hook(fake), {"content": "a"}) for _ in range(6)]

    assert [one.headers["X-RateLimit-Remaining"] for one in told] == list("432100")
    assert (told[0].headers["X-RateLimit-Limit"], told[0].headers["X-RateLimit-Reset-After"]) == (
        "5",
        "2.000",
    )
    assert told[5].status == 429
    assert told[5].json == {
        "message": "You are being rate limited.",
        "retry_after": 2.0,
        "global": False,
    }
    assert (told[5].headers["Retry-After"], told[5].headers["X-RateLimit-Scope"]) == ("2", "user")


async def test_whoever_is_refused_ten_thousand_times_meets_a_page() -> None:
    clock = clock_at(0)
    async with platform("discord", clock) as fake:
        # As many as it takes, at once.
        fake.fake._refused.wait_s("", 0.0, 10_000)  # type: ignore[attr-defined]  # its own part

        told = await post(hook(fake), {"content": "a"})
        clock.move(600)
        later = await post(hook(fake), {"content": "a"})

    assert (told.status, told.headers["Content-Type"]) == (429, "text/html")
    assert later.status == 200
