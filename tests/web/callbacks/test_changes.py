"""Changes of callbacks: none overwrites another unseen, and kept secrets stay with theirs."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.journal import told_in
from tests.web.callbacks.desks import StandInDesk
from tocsin.errors import FieldFault, Rejected
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import HandClock
from tocsin.web.callbacks.changes import CallbackChanges, Ground, label
from tocsin.web.callbacks.shapes import CallbackChange, NewCallback, NewChannel

FIRST = {"type": "custom", "config": {"url": "https://e.org/1111"}}
SECOND = {"type": "custom", "config": {"url": "https://e.org/2222"}}


class SlowDesk(StandInDesk):
    """Lets a test do something while options are looked at."""

    meanwhile: Any = None

    async def check_config(self, channel_type: str, config: Mapping[str, Any]) -> list[FieldFault]:
        if self.meanwhile is not None:
            work, self.meanwhile = self.meanwhile, None
            await work
        return list(await super().check_config(channel_type, config))


@pytest.fixture
def desk() -> SlowDesk:
    return SlowDesk()


@pytest.fixture
async def changes(tmp_path: Path, desk: SlowDesk) -> AsyncGenerator[CallbackChanges, None]:
    async with told_in(tmp_path) as told:
        ground = Ground(
            database=told.database,
            journal=told.journal,
            vault=Vault([SecretKey.new()]),
            clock=HandClock(),
            desk=desk,
        )
        yield CallbackChanges(ground)


def new(*channels: Any, **other: Any) -> NewCallback:
    return NewCallback.model_validate({"channels": channels or [FIRST], **other})


async def test_who_changes_what_was_changed_meanwhile_has_to_look_again(
    changes: CallbackChanges, desk: SlowDesk
) -> None:
    made = await changes.create("shop", new(), "ann")
    desk.meanwhile = changes.change(made.id, CallbackChange(name="bob's"), "bob")
    with pytest.raises(Rejected) as raised:
        await changes.change(made.id, CallbackChange.model_validate({"channels": [SECOND]}), "ann")

    assert raised.value.status == 409
    found = await changes.by_id(made.id)
    assert (found.name, found.channels) == ("bob's", made.channels)


async def test_a_channel_is_told_by_its_id_wherever_it_stands(changes: CallbackChanges) -> None:
    made = await changes.create("shop", new(FIRST, SECOND), "ann")
    sent = [
        NewChannel(type="custom", config={"url": "••••2222"}, id=made.channels[1].id),
        NewChannel(type="custom", config={"url": "••••1111"}, id=made.channels[0].id),
        NewChannel(type="custom", config={"url": "https://e.org/3333"}),
    ]
    changed = await changes.change(made.id, CallbackChange(channels=sent), "ann")

    assert [one.config["url"][-4:] for one in changed.channels] == ["2222", "1111", "3333"]
    assert [one.id for one in changed.channels[:2]] == [made.channels[1].id, made.channels[0].id]


async def test_a_channel_that_is_told_twice_is_refused(changes: CallbackChanges) -> None:
    made = await changes.create("shop", new(FIRST, SECOND), "ann")
    sent = [
        NewChannel(type="custom", config={"url": f"https://e.org/{at}"}, id=one.id)
        for at, one in enumerate((made.channels[0], made.channels[1], made.channels[0]))
    ]

    with pytest.raises(Rejected) as raised:
        await changes.change(made.id, CallbackChange(channels=sent), "ann")

    assert (raised.value.status, [one.field for one in raised.value.fields]) == (
        422,
        ["channels.2.id"],
    )
    assert (await changes.by_id(made.id)).channels == made.channels


async def test_a_secret_does_not_move_to_another_kind_of_channel(changes: CallbackChanges) -> None:
    made = await changes.create("shop", new(), "ann")
    other = NewChannel(type="feishu", config={"webhook_url": "••••1111"}, id=made.channels[0].id)

    with pytest.raises(Rejected) as raised:
        await changes.change(made.id, CallbackChange(channels=[other]), "ann")

    assert raised.value.fields[0].field == "channels.0.config.webhook_url"


async def test_what_is_so_already_is_no_change(changes: CallbackChanges, desk: SlowDesk) -> None:
    made = await changes.create("shop", new(), "ann")
    same = await changes.enable(made.id, "ann", is_enabled=True)
    off = await changes.enable(made.id, "ann", is_enabled=False)

    assert same == made
    assert (off.enabled, desk.changes) == (False, 2)
    assert off.updated_at > made.updated_at


async def test_a_callback_without_a_name_is_known_by_what_it_does(
    changes: CallbackChanges,
) -> None:
    drawn_up = changes.drawn_up("shop", new(FIRST, name=""))

    assert label(drawn_up) == "shop: custom"
