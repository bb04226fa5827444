"""What is taken out of one house, to be put into another."""

from typing import Any

from tests.web.callbacks.house import CHANNEL, CallbackHouse

PHRASE = "correct horse"
PATH = "/callbacks/import"


async def with_template(house: CallbackHouse) -> Any:
    """A callback with a template, taken out with its secrets."""
    template = await house.data("POST", "/templates", {"name": "words", "title": "t"})
    await house.created(
        channels=[{**CHANNEL, "template_id": template["id"]}],
        events=["canary_*"],
        quiet_hours={"zone": "UTC", "from": "22:00", "to": "08:00"},
    )
    return await house.data("POST", "/callbacks/export", {"passphrase": PHRASE})


async def configs(house: CallbackHouse) -> list[Any]:
    """The options of each callback's channels, as they are sent by."""
    found = await house.data("GET", "/callbacks")
    house.desk.asked.clear()
    for one in reversed(found["items"]):
        channel_id = one["channels"][0]["id"]
        await house.data("POST", f"/callbacks/{one['id']}/test", {"channel_id": channel_id})
    return [asked[3] for asked in house.desk.asked]
