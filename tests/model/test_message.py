"""A message's heading and title in one line, as each language writes them."""

import pytest

from tocsin.model.message import Message


@pytest.mark.parametrize(
    ("message", "title"),
    [
        (Message("发布通知", "金丝雀发布开始"), "发布通知：金丝雀发布开始"),
        (Message("Release", "Canary started", language="en"), "Release: Canary started"),
        (Message("", "Canary started"), "Canary started"),
        (Message("Release", ""), "Release"),
        (Message("", ""), ""),
    ],
)
def test_heading_and_title_stand_in_one_line(message: Message, title: str) -> None:
    assert message.full_title == title
