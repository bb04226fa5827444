"""The live part of the OpenAPI document tells what the stream takes."""

from tocsin.live.openapi import live_paths
from tocsin.live.stream import PATH
from tocsin.model.filters import filter_of


def test_every_filter_of_the_stream_is_a_parameter() -> None:
    named = {one["name"] for one in live_paths()[PATH]["get"]["parameters"]}

    assert named == {
        *("source", "type", "project", "subject", "since", "until"),
        *("from", "last_event_id", "Last-Event-ID"),
    }


def test_what_a_parameter_may_hold_is_what_the_filter_takes() -> None:
    operation = live_paths()[PATH]["get"]
    texts = [one["schema"] for one in operation["parameters"] if one["schema"]["type"] == "array"]

    assert len(texts) == 4
    for schema in texts:
        longest = ["x" * schema["items"]["maxLength"]] * schema["maxItems"]
        assert filter_of({"type": longest}).types == tuple(longest)


def test_every_refusal_is_problem_details() -> None:
    responses = live_paths()[PATH]["get"]["responses"]

    assert list(responses["200"]["content"]) == ["text/event-stream"]
    for status in ("401", "403", "422", "503"):
        assert list(responses[status]["content"]) == ["application/problem+json"]
