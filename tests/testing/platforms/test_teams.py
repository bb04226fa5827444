"""The fake of Teams answers before its flow has run, and holds senders to what the flow wants."""

from typing import Any

import pytest

from tests.testing.platforms.calling import clock_at, post
from tocsin.testing.platform import platform

CARD = {
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [
        {"type": "TextBlock", "text": "Deployed", "size": "Large", "color": "Good"},
        {"type": "TextBlock", "text": "all is **well**\nreally"},
        {"type": "FactSet", "facts": [{"title": "Project", "value": "my-app"}]},
    ],
    "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": "https://x.example"}],
}


def wrapped(card: dict[str, Any]) -> dict[str, Any]:
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


async def test_a_card_is_seen_as_it_is_drawn() -> None:
    async with platform("teams") as fake:
        told = await post(fake.config["webhook_url"], wrapped(CARD))

    assert (told.status, told.body) == (202, b"")
    (one,) = fake.taken
    assert (one.title, one.colour) == ("Deployed", "good")
    assert one.text == "all is well really\nProject\nmy-app\n[Open]"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (CARD, "foreach"),
        ({"text": "hello"}, "foreach"),
        (wrapped({**CARD, "version": "1.6"}), "version"),
        (wrapped({**CARD, "body": [], "actions": []}), "empty"),
        (wrapped({**CARD, "actions": [{"type": "Action.Submit", "title": "x"}]}), "Action.Submit"),
        (wrapped({**CARD, "body": [{"type": "Table"}]}), "Table"),
    ],
)
async def test_what_its_flow_fails_at_is_lost_behind_a_202(body: Any, why: str) -> None:
    async with platform("teams") as fake:
        told = await post(fake.config["webhook_url"], body)

    assert (told.status, len(fake.taken)) == (202, 0)
    assert why in fake.lost[0].why


async def test_a_flow_made_by_hand_wants_the_card_alone() -> None:
    async with platform("teams", wants_bare=True) as fake:
        for body in (CARD, wrapped(CARD)):
            await post(fake.config["webhook_url"], body)

    assert (len(fake.taken), len(fake.lost)) == (1, 1)


async def test_the_address_is_signed_the_size_is_bounded_and_so_is_the_rate() -> None:
    async with platform("teams", clock_at(0)) as fake:
        url = fake.config["webhook_url"]
        statuses = [
            (await post(url + "x", wrapped(CARD))).status,
            (await post(url.replace("/workflows/", "/workflows/x"), wrapped(CARD))).status,
            (await post(url, {"text": "发" * 10_000})).status,
            *[(await post(url, wrapped(CARD))).status for _ in range(5)],
        ]

    assert statuses == [401, 404, 413, 202, 202, 202, 202, 429]


async def test_a_mention_is_an_entity_of_the_card() -> None:
    mention = {"type": "mention", "text": "<at>Ada</at>", "mentioned": {"id": "ada@x.example"}}
    body = [{"type": "TextBlock", "text": "<at>Ada</at> look"}]
    async with platform("teams") as fake:
        for card in (
            {**CARD, "body": body},
            {**CARD, "body": body, "msteams": {"entities": [mention]}},
        ):
            await post(fake.config["webhook_url"], wrapped(card))

    assert [one.mentions for one in fake.taken] == [(), ("ada@x.example",)]


@pytest.mark.parametrize(
    ("fault", "status"), [("busy", 502), ("rate_limited", 429), ("gone", 404), ("lost", 202)]
)
async def test_a_fault_has_its_status(fault: str, status: int) -> None:
    async with platform("teams") as fake:
        fake.script(fault)

        told = await post(fake.config["webhook_url"], wrapped(CARD))

    assert (told.status, len(fake.taken)) == (status, 0)
