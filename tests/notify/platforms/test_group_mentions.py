"""A robot's own word on whom it mentions goes before what is said of all robots."""

from typing import Any

from tocsin.notify.channel import find_channels
from tocsin.notify.options import kind_of


def option(channel: str, name: str) -> Any:
    return kind_of(channel, find_channels()[channel], "").schema["properties"][name]


def test_robots_ask_alike_whom_they_mention() -> None:
    of_dingtalk, of_wecom = option("dingtalk", "at_user_ids"), option("wecom", "mentions")

    assert of_dingtalk == of_wecom
    assert of_dingtalk["title"] == "Mention by user id"


def test_what_is_dearer_at_one_of_them_is_said_there() -> None:
    of_dingtalk, of_wecom = option("dingtalk", "at_mobiles"), option("wecom", "at_mobiles")

    assert of_dingtalk["description"] == "Members of the group."
    assert of_wecom["description"] == "Members of the group; takes a second message."
    assert of_dingtalk["examples"] == of_wecom["examples"]
