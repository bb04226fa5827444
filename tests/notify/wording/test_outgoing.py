"""What a delivery tells: in a person's own words where they can be worked out, else in Tocsin's."""

import asyncio
from typing import Any

import pytest

from tests.notify.deliveries import delivery, event
from tests.notify.telling import lines_of, template
from tocsin.model.callback import Template
from tocsin.model.delivery import DeliveryKind
from tocsin.model.standard_message import standard_digest, standard_of
from tocsin.notify.wording.bounds import bounded
from tocsin.notify.wording.messages import digest_of, message_of
from tocsin.notify.wording.outgoing import drawn, outgoing_of

STARTED = event(1, type="canary_started", data={"version": "v1.2.3"})
COMPLETED = event(2, type="canary_completed", data={"version": "v1.2.3"})


async def test_a_delivery_tells_its_event_in_the_callbacks_language() -> None:
    found = await outgoing_of(delivery(1), [STARTED], "zh", None, "https://t.example", "m-1")

    assert found.id == "d-0001"
    assert found.event_type == "step_completed"
    assert found.message == message_of(STARTED, "zh", "https://t.example")
    assert found.standard == standard_of(STARTED)
    assert found.handle == "m-1"


async def test_a_digest_tells_all_that_it_stands_for() -> None:
    digest = delivery(1, kind=DeliveryKind.DIGEST, event_type="digest")
    told = [STARTED, COMPLETED]

    found = await outgoing_of(digest, told, "en", None, "")

    assert found.message == digest_of([message_of(one, "en") for one in told], "en")
    assert found.standard == standard_digest(told)


async def test_a_digest_of_which_one_event_is_left_is_still_a_digest() -> None:
    digest = delivery(1, kind=DeliveryKind.DIGEST, event_type="digest")

    found = await outgoing_of(digest, [STARTED], "en", None, "")

    assert found.standard == standard_digest([STARTED])


async def test_in_a_digest_a_persons_own_title_stands_and_no_body_is_drawn() -> None:
    digest = delivery(1, kind=DeliveryKind.DIGEST, event_type="digest")
    # Were it drawn, the title would go with it.
    words = template("Mine: {{ event_type }}", "{% for %}")

    found = await outgoing_of(digest, [STARTED, COMPLETED], "en", words, "")

    lines = lines_of(found.message)
    assert any("Mine: canary_started" in line for line in lines), lines
    assert any("Mine: canary_completed" in line for line in lines), lines


@pytest.mark.parametrize("words", [None, template("Mine: {{ event_type }}", "")])
async def test_others_go_on_between_the_events_of_a_digest(words: Template | None) -> None:
    digest = delivery(1, kind=DeliveryKind.DIGEST, event_type="digest")
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    await outgoing_of(digest, [event(seq) for seq in range(200)], "en", words, "")
    waiting.cancel()

    assert turns >= 200


def test_a_persons_own_words_take_the_place_of_tocsins() -> None:
    found = drawn(STARTED, "en", template("{{ project_name }} begins", "Be *ready*."), "")

    assert found.full_title == "shop begins"
    assert "paragraph | Be ready." in lines_of(found)


def test_words_that_cannot_be_worked_out_lose_nobody_a_message() -> None:
    broken = template("{{ event.data.version.nothing.deeper }}", "{% for %}")

    assert drawn(STARTED, "ko", broken, "") == message_of(STARTED, "ko")


@pytest.mark.parametrize("completed", ["5", None, [1], 1e308])
async def test_numbers_that_are_none_lose_nobody_a_digest(completed: Any) -> None:
    digest = delivery(1, kind=DeliveryKind.DIGEST, event_type="digest")
    counts = {"completed_count": completed, "failed_count": 1}
    sent = {"event_type": "canary_completed", "deployment": counts}
    odd = event(3, type="canary_completed", data=sent)

    found = await outgoing_of(digest, [STARTED, odd], "en", template("Mine: {event_type}"), "")

    assert any("Mine: canary_started" in line for line in lines_of(found.message))


async def test_a_channel_that_sends_the_standard_message_has_no_other_drawn() -> None:
    found = await outgoing_of(
        delivery(1), [STARTED], "en", template("x", "y"), "", has_message=False
    )

    assert not found.message.fields
    assert not found.message.body
    assert found.standard == standard_of(STARTED)


async def test_a_channel_is_handed_a_message_within_bounds() -> None:
    words = template("{{ event_type|replace('canary_started', '')|default('') }}", "a\x01b")

    found = await outgoing_of(delivery(1), [STARTED], "en", words, "")

    assert found.message == bounded(drawn(STARTED, "en", words, ""))
    assert "\x01" not in str(found.message)
