"""The description: of everything the code knows, of nothing else, and docs/ws.md says the same."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from tests.docs.pages import page
from tests.live.ws.described import DOCUMENT, check_said, check_told, may_be_said
from tocsin.live.closing import CloseCode
from tocsin.live.ws.client_messages import CLIENT_MESSAGES
from tocsin.live.ws.reading import Said, read
from tocsin.live.ws.server_messages import EVENT_TYPES, SERVER_MESSAGES, ErrorCode
from tocsin.live.ws.shared import FEATURES

PAGE = page("docs/ws.md")
SAYING = PAGE.section("What a client says")


def everything(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for one in inner:
            yield from everything(one)


def found_at(reference: str) -> Any:
    value: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


def messages_of(operation: Any) -> set[str]:
    return {one["$ref"].rpartition("/")[2] for one in operation["messages"]}


def first_words(table: str) -> list[str]:
    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    return [word for row in rows for word in re.findall(r"`(.+?)`", row)]


def examples(text: str) -> list[Any]:
    return [
        orjson.loads(one)
        for one in re.findall(r"^```json\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    ]


# --- the document and the code


def test_every_message_is_described_and_nothing_else() -> None:
    known = {f"client.{name}" for name in CLIENT_MESSAGES}
    known |= {f"server.{name}" for name in SERVER_MESSAGES}

    assert set(DOCUMENT["channels"]["ws"]["messages"]) == known
    assert set(DOCUMENT["components"]["messages"]) == known | {
        "socketio.event",
        "socketio.snapshot",
    }


def test_every_message_of_a_client_is_received_and_answered_as_the_code_says() -> None:
    received = {
        next(iter(messages_of(one))): one
        for one in DOCUMENT["operations"].values()
        if one["action"] == "receive"
    }

    assert set(received) == {f"client.{name}" for name in CLIENT_MESSAGES}
    for name, said in CLIENT_MESSAGES.items():
        reply = received[f"client.{name}"].get("reply")
        answers = messages_of(reply) if reply else set()
        assert answers == (
            {f"server.{said.answer}", "server.error"} if said.answer is not None else set()
        )


def test_every_message_of_the_server_is_sent_or_an_answer() -> None:
    sent = messages_of(DOCUMENT["operations"]["ws.tell"])
    answers = {f"server.{one.answer}" for one in CLIENT_MESSAGES.values() if one.answer}

    assert {f"server.{name}" for name in EVENT_TYPES} < sent
    assert sent | answers == {f"server.{name}" for name in SERVER_MESSAGES}


def test_every_reference_leads_somewhere_and_every_schema_is_led_to() -> None:
    references = {
        one["$ref"] for one in everything(DOCUMENT) if isinstance(one, dict) and "$ref" in one
    }

    assert all(isinstance(found_at(one), dict) for one in references)
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert schemas <= references


def test_the_socketio_channel_is_described_too() -> None:
    channel = DOCUMENT["channels"]["socketio"]

    assert set(channel["messages"]) == {"event", "snapshot"}
    event = DOCUMENT["components"]["messages"]["socketio.event"]["payload"]
    assert event["required"] == [
        *("type", "payload", "timestamp", "projectId", "deploymentId", "seq")
    ]


def test_a_description_that_says_too_much_or_too_little_is_noticed() -> None:
    assert not may_be_said({"type": "ping"})
    assert not may_be_said({"type": "subscribe", "data": {"event_types": ["dance"]}})
    assert may_be_said({"type": "subscribe", "data": {"event_types": []}})


# --- the page


def test_every_example_of_a_client_is_read_and_there_is_one_of_nearly_each() -> None:
    found = examples(SAYING)

    for one in found:
        check_said(one)
        assert isinstance(read(orjson.dumps(one)), Said)
    assert {one["type"] for one in found} == set(CLIENT_MESSAGES) - {"pong"}


def test_every_example_of_the_server_can_be_said_and_there_is_one_of_nearly_each() -> None:
    said = examples(SAYING)
    found = [one for one in examples(PAGE.text) if one not in said]

    for one in found:
        check_told(one)
    assert {one["type"] for one in found} == set(SERVER_MESSAGES) - {
        "deployment_event",
        "unsubscribed",
    }


def test_every_type_stands_in_its_table() -> None:
    assert sorted(first_words(SAYING)) == sorted(CLIENT_MESSAGES)
    told = PAGE.section("What the server says").partition("```json")[0]
    assert sorted(first_words(told)) == sorted(SERVER_MESSAGES)


def test_answers_are_named_as_the_code_gives_them() -> None:
    for name, one in CLIENT_MESSAGES.items():
        answer = f"`{one.answer}`" if one.answer else "nothing"
        assert re.search(rf"^\| `{name}` \|.*\| {answer} \|$", SAYING, re.MULTILINE), name


def test_every_error_code_close_code_and_feature_stands_on_the_page() -> None:
    errors = PAGE.section("Errors").rpartition("```")[2]
    assert set(first_words(errors)) == set(ErrorCode)
    closing = re.findall(r"^\| (4\d\d\d) \| `(\w+)` \|", PAGE.section("Close codes"), re.MULTILINE)
    assert closing == [(str(int(code)), code.reason) for code in CloseCode]
    features = first_words(PAGE.section("Connecting").partition("| Feature |")[2])
    assert tuple(features) == FEATURES


def test_every_default_limit_is_a_setting() -> None:
    settings = set(re.findall(r"`(live\.\w+)`", PAGE.section("Limits")))

    assert settings == {
        "live.max_message_bytes",
        "live.max_messages_per_s",
        "live.max_connections_per_client",
        "live.max_connections",
        "live.idle_timeout_s",
        "live.ping_s",
    }
