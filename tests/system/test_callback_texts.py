"""Whatever stands in an event is no more than text where it arrives.

It mentions nobody, links nowhere, breaks no message, and begins no formula.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from tests.system.canaries import channels_of, fakes, settings_of
from tests.system.release import People, people_at
from tests.system.server import Server
from tocsin.notify.channel import find_channels
from tocsin.testing.platform import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

HISTORY = "/callbacks/history"
# Few enough for the rates of all platforms.
EVENTS = 4
MENTIONS = (
    *('<at user_id="all">all</at>', "<at id=all></at>", "<at id='all'>", "</at><at user_id=all>"),
    *("@everyone @here @all", "<!channel> <!here> <!everyone>", "<@U0123ABC>", "<@&5678> <@1234>"),
    *("<@all>", "<@zhangsan>", "@13800000000", "@zhangsan", "<at>Mina</at>", "<users/all>"),
    '<a href="tg://user?id=1234">Mina</a>',
)
MARKS = (
    *("[a](https://evil.example/a)", "<https://evil.example/a|a>", "![a](https://evil.example/i)"),
    *('<a href="https://evil.example/a">a</a>', "**[a](https://evil.example/a)**", "</b></pre>"),
    *(
        "<font color='red'>a</font>",
        "<script>alert(1)</script>",
        "`a` ```a",
        "**a** __a__ ~~a~~ ||a||",
    ),
    *(
        "# a",
        "> a",
        "- a",
        "1. a",
        "| a |",
        "\\[a\\](https://evil.example/a)",
        "&lt;a&gt;",
        "{{7*7}}",
    ),
    *(
        "a\r\nBcc: evil@example.org\r\n\r\na",
        "\u202ea",
        "\u2028a",
        "=HYPERLINK('https://evil.example')",
    ),
    *("+1", "-1", "@SUM(1)", "\t=1"),
)
TEXTS = (*MENTIONS, *MARKS)


@dataclass(frozen=True)
class House:
    """A server whose callbacks lead to fake platforms."""

    people: People
    opened: Mapping[str, Running]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with fakes(find_channels()) as opened:
        server = Server(tmp_path_factory.mktemp("texts"), settings_of(opened))
        try:
            await asyncio.to_thread(server.start)
            async with people_at(server) as people:
                yield House(people, opened)
        finally:
            server.clean_up()


def event_saying(number: int) -> dict[str, Any]:
    """An event with some of the texts wherever a sender may write any, each time others there."""
    places = count(number * 5)

    def some() -> str:
        at = 3 * next(places)
        return " ".join(TEXTS[(at + more) % len(TEXTS)] for more in range(3))

    return {
        "event_type": "canary_started" if number % 2 else "something_new",
        "project": {"id": "hostile", "name": some(), "description": some()},
        "version": {"id": some(), "name": some(), "description": some()},
        "task": {"id": f"t-{number}", "type": some(), "strategy": some(), "status": some()},
        "deployment": {"total_count": 3, "canary_count": 1, "hosts": [some(), some()]},
        **{name: some() for name in ("environment", "error", "url", "branch", some())},
    }


async def test_what_stands_in_an_event_mentions_nobody_and_links_nowhere(house: House) -> None:
    people = house.people
    words = {"title": "{{project_name}}", "body": "**{{environment}}** {hosts_string} {{event}}"}
    own = (await people.data("POST", "/templates", {"name": "own", **words}))["id"]
    channels = [one for one in channels_of(house.opened) if one["type"] != "custom"]
    for template_id in (None, own):
        wish = {
            "channels": [{**one, "template_id": template_id} for one in channels],
            "events": ["canary_started", "something_new"],
            "language": "en",
        }
        await people.data("POST", "/projects/hostile/callbacks", wish)
    for number in range(EVENTS):
        await people.data("POST", "/events", event_saying(number), role="sender")
    waits = f"{HISTORY}?project_id=hostile&kind=event&page_size=1"
    for place in range(1, EVENTS * 2 * len(channels) + 1):
        await people.until(f"{waits}&page={place}&status=success", bool)

    failed = await people.data("GET", f"{HISTORY}?project_id=hostile&status=failed&page_size=100")
    assert [(one["channel"], one["error"]) for one in failed["items"]] == []
    for fake in house.opened.values():
        assert fake.kind == "custom" or fake.taken
        for one in fake.taken:
            assert one.mentions == (), (fake.kind, one.raw)
            led = [link.url for link in one.links if "evil.example" in link.url]
            assert led == [], (fake.kind, led, one.raw)


async def test_no_cell_of_the_figures_is_a_formula(house: House) -> None:
    for role in ("viewer", "admin"):
        told = await house.people.ask("GET", "/callbacks/stats?format=csv", role=role)
        cells = [cell for row in csv.reader(io.StringIO(told.text)) for cell in row]

        assert told.headers["Content-Type"].startswith("text/csv")
        assert "attachment" in told.headers["Content-Disposition"]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
