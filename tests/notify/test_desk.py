"""What people ask of those who send."""

from typing import Any

import pytest

from tests.notify.deliveries import event
from tests.notify.working import Working
from tocsin.errors import Rejected
from tocsin.model.callback_desk import Preview, PreviewWish
from tocsin.model.masks import MASK
from tocsin.notify.again import Again
from tocsin.notify.channel import ALIASES, find_channels
from tocsin.notify.desk import Desk
from tocsin.notify.stage import base_urls
from tocsin.notify.trial import Trials

CANARY = "canary-0123456789"
URL = f"http://127.0.0.1:8/{CANARY}"


@pytest.fixture
def desk(at_work: Working) -> Desk:
    tools = at_work.tools
    again = Again(tools, lambda: None)
    return Desk(tools, at_work.http, Trials(tools), again, base_urls(tools.settings))


def wish(**changed: Any) -> PreviewWish:
    made: dict[str, Any] = {
        "event": event(type="canary_started", data={"version": "v1.2.3"}),
        "language": "zh",
        "channel_type": "custom",
        "config": {},
    }
    return PreviewWish(**made | changed)


async def refused(desk: Desk, **changed: Any) -> Rejected:
    with pytest.raises(Rejected) as told:
        await desk.preview(wish(**changed))
    assert told.value.status == 422
    return told.value


def test_every_channel_is_there_with_the_address_of_its_platform(desk: Desk) -> None:
    kinds = {one.type: one for one in desk.channels()}

    assert list(kinds) == sorted(find_channels())
    assert kinds["slack"].base_url == "https://slack.com"
    assert kinds["custom"].base_url == ""


@pytest.mark.parametrize("name", sorted([*ALIASES, *find_channels()]))
def test_a_channel_is_known_by_each_of_its_names(name: str, desk: Desk) -> None:
    assert desk.channel_type(name) == ALIASES.get(name, name)


def test_a_channel_that_is_not_there_is_none(desk: Desk) -> None:
    assert desk.channel_type("pigeon") is None
    assert desk.mask("pigeon", {"token": CANARY}) == {}
    with pytest.raises(Rejected, match="no such channel"):
        desk.unmask("pigeon", {}, {})


async def test_an_address_that_may_not_be_called_is_told_when_it_is_saved(desk: Desk) -> None:
    inside = await desk.check_config("custom", {"url": f"https://10.0.0.1/{CANARY}"})
    metadata = await desk.check_config("custom", {"url": "http://169.254.169.254/latest"})
    here = await desk.check_config("custom", {"url": URL})

    assert [one.field for one in (*inside, *metadata)] == ["url", "url"]
    assert "10.0.0.1 is an address that is not public." in inside[0].message
    assert "notify.allowed_networks" in inside[0].message
    assert CANARY not in f"{inside}"
    assert here == []


async def test_options_that_are_wrong_are_told_before_anybody_is_looked_up(desk: Desk) -> None:
    faults = await desk.check_config("custom", {"urll": URL})

    assert [one.message for one in faults] == ["there is no such option; did you mean url?"]


def test_options_are_masked_and_what_is_sent_back_is_kept(desk: Desk) -> None:
    shown = desk.mask("custom", {"url": URL, "timeout": 5})

    assert shown == {"url": f"http://127.0.0.1:8/{MASK}6789", "timeout": 5}
    assert desk.unmask("custom", shown, {"url": URL}) == {"url": URL, "timeout": 5}


def test_where_options_lead_is_told_without_what_is_secret(desk: Desk) -> None:
    found = desk.destination("custom", {"url": URL})

    assert found is not None
    assert found.label == "127.0.0.1"
    assert desk.destination("custom", {"url": "nothing"}) is None
    assert desk.destination("pigeon", {}) is None


def test_a_condition_is_looked_at_before_it_is_saved(desk: Desk) -> None:
    assert desk.check_condition("event.type == 'a'") == ""
    assert desk.check_condition("event.type ==") != ""


def test_a_template_is_looked_at_and_has_what_to_begin_with(desk: Desk) -> None:
    assert desk.check_template("{{ project_name }}", "fine") == []
    assert [one.field for one in desk.check_template("{{ nothing", "")] == ["title"]
    begun = desk.default_template("zh", "canary_started", "feishu")
    assert desk.check_template(begun.title, begun.body) == []
    variables = {one.name: one for one in desk.variables()}
    assert all(one.name and one.description for one in variables.values())
    examples = [variables[name].example for name in ("is_failed", "has_canary", "success_rate")]
    assert examples == ["false", "true", "100"]
    assert desk.sample_event("canary_started").type == "canary_started"


async def test_a_preview_shows_what_would_be_sent_and_sends_nothing(desk: Desk) -> None:
    found = await desk.preview(wish(config={"url": URL, "timeout": ""}))

    assert isinstance(found, Preview)
    assert found.message.full_title == "发布通知：金丝雀发布开始"
    (request,) = found.requests
    assert request["url"] == f"http://127.0.0.1:8/{MASK}"
    assert request["body"]["event_type"] == "canary_started"
    assert found.size is not None
    assert found.max_size is not None
    assert found.size <= found.max_size


async def test_a_preview_by_no_channel_is_the_message_alone(desk: Desk) -> None:
    found = await desk.preview(wish(channel_type="", title="{{ project_name }} begins", body=""))

    assert found.message.full_title == "shop begins"
    assert (found.requests, found.size) == ([], None)


async def test_a_preview_that_cannot_be_drawn_is_refused_with_the_field(desk: Desk) -> None:
    words = await refused(desk, title="{{ nothing", body="")
    options = await refused(desk, config={"url": URL, "timeout": 5000})
    channel = await refused(desk, channel_type="pigeon")

    assert [one.field for one in words.fields] == ["title"]
    assert [one.field for one in options.fields] == ["timeout"]
    assert [one.field for one in channel.fields] == ["type"]


@pytest.mark.parametrize("name", sorted(find_channels()))
async def test_every_channel_can_be_previewed_before_anything_is_filled_in(
    name: str, desk: Desk
) -> None:
    found = await desk.preview(wish(channel_type=name))

    assert len(found.requests) == 1
    assert "v1.2.3" in f"{found.requests}"
