"""Kinds of channels are known by all of their names, and by which of their options are secret."""

import pytest

from tests.web.callbacks.desks import StandInDesk
from tocsin.web.callbacks.kinds import kind_called, one_of_the_kinds, secret_names, secrets_in


@pytest.mark.parametrize(
    ("name", "kind"), [("feishu", "feishu"), ("lark", "feishu"), ("pigeon", "pigeon"), ("", "")]
)
def test_a_kind_is_known_by_its_other_names_too(name: str, kind: str) -> None:
    assert kind_called(StandInDesk(), name) == kind


def test_who_names_no_kind_is_told_which_there_are() -> None:
    assert one_of_the_kinds(StandInDesk()).startswith("expected one of custom, ")


def test_of_an_unknown_kind_any_option_may_be_a_secret() -> None:
    config = {"url": "https://a.example", "timeout": 3}

    assert secrets_in(StandInDesk(), "custom", config) == {"url": "https://a.example"}
    assert secrets_in(StandInDesk(), "pigeon", config) == config
    assert secret_names(StandInDesk(), "pigeon") is None
