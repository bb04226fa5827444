"""A call as a line that a person can run."""

import shlex

import orjson
import pytest

from tocsin.model.curl import curl_line


def call(**changed: object) -> dict[str, object]:
    said = {"method": "POST", "url": "https://a.example/b", "headers": {}, "body": {"a": "好"}}
    return {**said, **changed}


def line(*calls: dict[str, object]) -> str:
    return curl_line(orjson.dumps(calls[0] if len(calls) == 1 else calls).decode())


def test_it_is_the_last_call_that_was_made() -> None:
    last = call(headers={"X-A": "it's"}, method="PUT")

    assert shlex.split(line(call(), last)) == [
        *("curl", "-X", "PUT", "https://a.example/b"),
        *("-H", "X-A: it's"),
        *("--data-raw", '{"a":"好"}'),
    ]


def test_what_was_no_json_is_sent_as_it_is() -> None:
    assert line(call(body="a=b&c")) == "curl -X POST https://a.example/b --data-raw 'a=b&c'"
    assert line(call(body="")) == "curl -X POST https://a.example/b"


@pytest.mark.parametrize("request_text", ["", "[]", '{"method":"SMTP","url":"smtp://m:25"}'])
def test_where_nothing_was_called_there_is_none(request_text: str) -> None:
    assert curl_line(request_text) == ""
