"""Kinds of channels are known by all of their names."""

import pytest

from tests.web.callbacks.desks import StandInDesk
from tocsin.web.callbacks.kinds import kind_called, one_of_the_kinds


@pytest.mark.parametrize(
    ("name", "kind"), [("feishu", "feishu"), ("lark", "feishu"), ("pigeon", "pigeon"), ("", "")]
)
def test_a_kind_is_known_by_its_other_names_too(name: str, kind: str) -> None:
    assert kind_called(StandInDesk(), name) == kind


def test_who_names_no_kind_is_told_which_there_are() -> None:
    assert one_of_the_kinds(StandInDesk()).startswith("expected one of custom, ")
