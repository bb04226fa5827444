"""Windows begin with what was sent before the start, of all destinations that share them."""

from dataclasses import replace
from typing import Any

import pytest

from tests.notify.deliveries import after, attempt, callback
from tests.notify.working import Working
from tocsin.notify.channel import Rate
from tocsin.notify.delivery.paces import Paces
from tocsin.notify.known import Target

TOKEN = "4711:token"


def bot(chat_id: int, token: str = TOKEN) -> tuple[str, dict[str, Any]]:
    return "telegram", {"bot_token": token, "chat_id": str(chat_id)}


@pytest.fixture
async def targets(at_work: Working) -> list[Target]:
    """Two chats of one bot, and one of another."""
    await at_work.add(callback(bot(1), bot(2), bot(3, "4712:other")))
    found = [at_work.tools.known.target("c-1", f"ch-{at}") for at in (1, 2, 3)]
    return [one for one in found if one is not None]


async def tried_at(at_work: Working, target: Target, *seconds: float) -> None:
    made = [
        attempt(at, delivery_id=target.row.id, destination=target.destination, at=after(second))
        for at, second in enumerate(seconds, 1)
    ]
    rows = at_work.tools.rows
    await at_work.ground.database.write(lambda conn: rows.add_attempts(conn, made))


async def test_what_was_sent_to_each_of_an_account_counts_together(
    at_work: Working, targets: list[Target]
) -> None:
    first, second, other = targets
    at_work.clock.move(10)
    await tried_at(at_work, first, 9.5, 9.6, 8.5)
    await tried_at(at_work, second, 9.7)
    await tried_at(at_work, other, 9.8)
    paces = Paces(at_work.tools)

    pace, same, others = [await paces.of(one) for one in targets]

    assert pace is same
    assert pace is not None
    assert others is not None
    assert pace.window.room(after(10)) == 25 - 3
    assert others.window.room(after(10)) == 25 - 1


async def test_what_has_no_account_shares_nothing(at_work: Working, targets: list[Target]) -> None:
    paces = Paces(at_work.tools)

    assert await paces.of(None) is None
    assert await paces.of(replace(targets[0], account=None)) is None


async def test_a_destinations_own_window_knows_its_own_only(
    at_work: Working, targets: list[Target]
) -> None:
    first, second, _ = targets
    await tried_at(at_work, first, 0, 0)
    await tried_at(at_work, second, 0)

    window = await Paces(at_work.tools).window([first.destination], (Rate(5, 60.0),))

    assert window.room(after(1)) == 3
