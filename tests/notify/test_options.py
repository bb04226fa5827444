"""Options as people give and see them: what is wrong is told, and secrets come back to nobody."""

from collections.abc import Mapping
from typing import Any

import pytest

from tocsin.errors import FieldFault
from tocsin.model.masks import MASK
from tocsin.notify.channel import ALIASES, Channel, extras_of, find_channels
from tocsin.notify.options import faults_of, kind_of, masked, secret_fields, unmasked

CUSTOM = find_channels()["custom"]
DINGTALK = find_channels()["dingtalk"]
EMAIL = find_channels()["email"]
URL = "https://ci.example.com/hooks/canary-0123456789abcdef"
STORED: Mapping[str, Any] = {
    "url": URL,
    "headers": {"Authorization": "Bearer canary-111111", "X-Other": "short"},
    "sign_secret": "whsec_" + "Y2FuYXJ5" * 5,
    "retry_count": 3,
}
CHANNELS = sorted(find_channels().items())


@pytest.mark.parametrize(("name", "channel"), CHANNELS)
def test_a_form_can_be_made_of_every_channel(name: str, channel: Channel) -> None:
    kind = kind_of(name, channel, "https://a.example")

    properties = kind.schema["properties"]
    assert set(kind.secrets) <= set(properties)
    assert all(one.get("title") for one in properties.values())
    assert kind.type == name
    assert kind.base_url == "https://a.example"


def test_a_kind_tells_its_other_names_and_limits() -> None:
    kind = kind_of("custom", CUSTOM, "")

    assert set(kind.aliases) == {name for name, of in ALIASES.items() if of == "custom"}
    assert kind.secrets == ("headers", "previous_sign_secret", "sign_secret", "url")
    assert (kind.can_update, kind.can_fold) == (False, False)


@pytest.mark.parametrize(("name", "channel"), CHANNELS)
def test_the_example_of_every_channel_is_valid(name: str, channel: Channel) -> None:
    assert not faults_of(channel, extras_of(channel).EXAMPLE), name


@pytest.mark.parametrize(
    ("config", "faults"),
    [
        ({}, [FieldFault("url", "is required")]),
        (
            {"url": URL, "header": {}},
            [FieldFault("header", "there is no such option; did you mean headers?")],
        ),
        ({"url": URL, "qqqq": 1}, [FieldFault("qqqq", "there is no such option")]),
        (
            {"url": URL, "timeout": 500},
            [FieldFault("timeout", "expected less than or equal to 120")],
        ),
        (
            {"url": "ftp://canary.example"},
            [FieldFault("", "url: expected an address with https")],
        ),
        (
            {"url": f"https://ci.example.com/{MASK}cdef"},
            [FieldFault("url", "expected the secret itself, as there is none stored to keep")],
        ),
        (
            {"url": URL, "headers": {"A": MASK}},
            [FieldFault("headers", "expected the secret itself, as there is none stored to keep")],
        ),
        ({"url": URL, "headers": {"A": "b"}}, []),
    ],
)
def test_what_is_wrong_is_told_by_field(
    config: Mapping[str, Any], faults: list[FieldFault]
) -> None:
    assert faults_of(CUSTOM, config) == faults


def test_of_very_many_unknown_options_the_first_are_told() -> None:
    faults = faults_of(CUSTOM, {f"option-{number}": 1 for number in range(3_000)})

    assert [one.field for one in faults] == [f"option-{number}" for number in range(20)]


def test_an_option_is_known_by_the_name_that_people_give() -> None:
    given = {**extras_of(EMAIL).EXAMPLE}

    assert not faults_of(EMAIL, given)
    assert [one.field for one in faults_of(EMAIL, given | {"sender": "a@b.example"})] == ["sender"]


@pytest.mark.parametrize(("name", "channel"), CHANNELS)
def test_no_fault_of_any_channel_tells_a_secret(name: str, channel: Channel) -> None:
    canary = "canary\n-s3cret-0123456789"
    for field in secret_fields(channel.Options):
        for value in (canary, [canary], {"a": canary}, {canary: 1}, 12, None):
            told = faults_of(channel, {**extras_of(channel).EXAMPLE, field: value})

            messages = [one.message for one in told]
            assert "s3cret" not in f"{messages}", f"{name}.{field}"


def test_secrets_are_shown_masked_and_all_else_as_it_is() -> None:
    shown = masked(CUSTOM, STORED)

    assert shown == {
        "url": f"https://ci.example.com/{MASK}cdef",
        "headers": {"Authorization": f"{MASK}1111", "X-Other": MASK},
        "sign_secret": f"{MASK}YXJ5",
        "retry_count": 3,
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", ""),
        (None, None),
        ("a", MASK),
        ("exactly-15-char", MASK),
        ("exactly-16-chars", f"{MASK}hars"),
        ("c2VjcmV0LXNlY3JldA==", f"{MASK}JldA"),
        ("https://h.example:8443/a/long-secret-part", f"https://h.example:8443/{MASK}part"),
        ("https://me:word@h.example/a/long-secret-part", f"https://h.example/{MASK}part"),
        ("https://h.example/secret-part", f"https://h.example/{MASK}"),
        ("http://127.0.0.1:9200/h", f"http://127.0.0.1:9200/{MASK}"),
        ("https://long.name.of.a.host.example", f"https://long.name.of.a.host.example/{MASK}"),
        ("https://[bad/secret-part-of-it", f"{MASK}f-it"),
        (["one", "two"], [MASK, MASK]),
        (12, MASK),
    ],
)
def test_a_masked_secret_tells_at_most_four_letters_and_its_host(value: Any, shown: Any) -> None:
    assert masked(CUSTOM, {"url": value}) == {"url": shown}


def test_a_secret_sent_back_as_it_was_shown_is_kept() -> None:
    shown = masked(CUSTOM, STORED)

    assert unmasked(CUSTOM, shown, STORED) == STORED


def test_what_was_changed_is_taken_and_the_rest_kept() -> None:
    sent = masked(CUSTOM, STORED)
    sent["url"] = "https://other.example/"
    sent["headers"] = {"Authorization": "new", "X-Other": MASK, "X-New": "n"}
    del sent["sign_secret"]

    assert unmasked(CUSTOM, sent, STORED) == {
        "url": "https://other.example/",
        "headers": {"Authorization": "new", "X-Other": "short", "X-New": "n"},
        "retry_count": 3,
    }


def test_a_mask_of_another_secret_keeps_nothing_and_is_refused() -> None:
    """To point an address elsewhere, and have the rest of it sent there, is not to be had."""
    sent = {**masked(CUSTOM, STORED), "url": f"https://evil.example/{MASK}cdef"}

    back = unmasked(CUSTOM, sent, STORED)

    assert back["url"] == sent["url"]
    assert [one.field for one in faults_of(CUSTOM, back)] == ["url"]


def test_the_mask_of_one_header_under_the_name_of_another_keeps_nothing() -> None:
    sent = {"url": URL, "headers": {"X-Other": f"{MASK}1111"}}

    back = unmasked(CUSTOM, sent, STORED)

    assert back["headers"] == {"X-Other": f"{MASK}1111"}


def test_options_of_a_list_are_kept_one_by_one() -> None:
    stored = {"url": ["canary-000000000001", "canary-000000000002", "canary-000000000003"]}
    first, _, third = masked(CUSTOM, stored)["url"]

    back = unmasked(CUSTOM, {"url": [third, "new", first]}, stored)

    assert back == {"url": ["canary-000000000003", "new", "canary-000000000001"]}


def test_secrets_of_a_list_that_look_alike_are_told_apart_by_their_order() -> None:
    stored = {"url": ["one", "two"]}

    assert unmasked(CUSTOM, {"url": [MASK, MASK]}, stored) == stored
    assert unmasked(CUSTOM, {"url": [MASK, MASK, MASK]}, stored)["url"] == ["one", "two", MASK]


def test_what_was_never_stored_is_what_was_sent() -> None:
    assert unmasked(DINGTALK, {"webhook_url": MASK, "at_all": True}, {}) == {
        "webhook_url": MASK,
        "at_all": True,
    }


@pytest.mark.parametrize(("name", "channel"), CHANNELS)
def test_a_round_of_every_channel_keeps_everything(name: str, channel: Channel) -> None:
    example = dict(extras_of(channel).EXAMPLE)
    secrets = {field: f"canary-of-{field}-0123456789" for field in secret_fields(channel.Options)}
    stored = example | secrets

    shown = masked(channel, stored)

    assert "canary" not in f"{[shown[field] for field in secrets]}", name
    assert unmasked(channel, shown, stored) == stored
