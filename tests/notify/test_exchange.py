"""What went to a platform is shown with no secret in it, in whatever form that was written."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tocsin.model.masks import MASK, forms_of, without_secrets
from tocsin.notify.exchange import (
    MAX_REQUEST_CHARS,
    MAX_RESPONSE_CHARS,
    Exchange,
    _text,
    secrets_in,
    shown,
)

NO_SECRET = SecretStr("")
CANARY = 'canary-"s3cret"&/é-0042'


@dataclass(frozen=True)
class Options:
    """Secrets in all the places that a channel may have them in."""

    url: SecretStr = NO_SECRET
    headers: Mapping[str, SecretStr] = field(default_factory=dict)
    several: tuple[SecretStr, ...] = ()
    plain: str = "not-secret"


def exchange(**changed: Any) -> Exchange:
    made: dict[str, Any] = {
        "method": "POST",
        "url": "https://a.example/b",
        "headers": {},
        "body": b"",
        "status": 200,
        "answer": b"",
        "duration_ms": 5,
    }
    return Exchange(**made | changed)


def test_secrets_are_found_wherever_options_have_them() -> None:
    options = Options(
        url=SecretStr("one-secret"),
        headers={"Authorization": SecretStr("two-secret")},
        several=(SecretStr("three-secret"), SecretStr("abc"), SecretStr("")),
    )

    assert secrets_in(options) == ("one-secret", "three-secret", "two-secret")


@pytest.mark.parametrize(
    ("address", "shown_as"),
    [
        ("https://a.example/hook/long-enough-1", f"https://a.example/{MASK}"),
        ("https://a.example:8443/x?token=long-enough-1", f"https://a.example:8443/{MASK}"),
        ("https://a.example/deploy", f"https://a.example{MASK}"),
        ("https://a.example", "https://a.example"),
        ("https://a.example/", "https://a.example/"),
        ("https://me:password@a.example/long-enough-1", f"https://{MASK}@a.example/{MASK}"),
    ],
)
def test_of_an_address_the_host_is_shown(address: str, shown_as: str) -> None:
    secrets = secrets_in(Options(url=SecretStr(address)))

    told = orjson.loads(shown([exchange(url=address)], secrets).request)

    assert told["url"] == shown_as


@pytest.mark.parametrize(
    "made_of_it",
    [
        "https://a.example/services/T00000000/B00000000/{token}?wait=true",
        "https://a.example/services/T00000000/B00000000/{token}/messages/1",
        "token {token}",
        "/services/T00000000/B00000000/{token}",
    ],
)
def test_what_is_as_good_as_the_address_goes_too(made_of_it: str) -> None:
    token = "t0k3n-of-24-characters-x"
    address = f"https://a.example/services/T00000000/B00000000/{token}?wait=true"
    secrets = secrets_in(Options(url=SecretStr(address)))
    written = made_of_it.format(token=token)

    told = shown([exchange(url=written, answer=written.encode())], secrets)

    assert token not in f"{told}"


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Bearer t0k3n-of-somebody", "no such token: t0k3n-of-somebody"),
        ("Basic dG9jc2luOnBhc3N3b3Jk", "the password of tocsin is not password"),
        ("Basic dG9jc2luOnBhc3N3b3Jk", "dG9jc2luOnBhc3N3b3Jk is not known"),
        ("session=t0k3n-of-somebody; theme=dark", "there is no t0k3n-of-somebody"),
        ('Digest username="me", response="t0k3n-of-somebody"', "wrong: t0k3n-of-somebody"),
    ],
)
def test_what_of_a_header_opens_by_itself_goes_too(header: str, told: str) -> None:
    secrets = secrets_in(Options(headers={"Authorization": SecretStr(header)}))

    said = shown([exchange(answer=told.encode())], secrets).response

    assert MASK in said
    assert not any(one in said for one in ("t0k3n", "not password", "dG9j"))


@pytest.mark.parametrize(
    "header", ["Basic not:base64", "Basic /w==", "Bearer", "plain", "a=b; c=d"]
)
def test_a_header_of_another_form_is_a_secret_as_a_whole(header: str) -> None:
    assert secrets_in(Options(headers={"X": SecretStr(header)}))[0] == header


def test_words_of_an_address_stay_in_what_is_said() -> None:
    """An address with `deploy` and `true` in it makes no secret of them."""
    secrets = secrets_in(Options(url=SecretStr("https://a.example/deploy?wait=true")))
    body = orjson.dumps({"deployment": "deploy", "is_short": True})

    told = orjson.loads(shown([exchange(body=body)], secrets).request)

    assert told["body"] == {"deployment": "deploy", "is_short": True}


@pytest.mark.parametrize(
    "written",
    [
        CANARY,
        orjson.dumps(CANARY).decode(),
        json.dumps(CANARY),
        json.dumps(CANARY).replace("/", "\\/"),
        quote_plus(CANARY),
        base64.b64encode(CANARY.encode()).decode(),
        f"Basic {base64.b64encode(CANARY.encode()).decode()}",
    ],
)
def test_a_secret_goes_from_all_that_is_shown(written: str) -> None:
    secrets = secrets_in(Options(headers={"Authorization": SecretStr(CANARY)}))
    call = exchange(
        url=f"https://a.example/?q={written}",
        headers={"X-Auth": written},
        body=f'{{"a": "{written}"}}'.encode(),
        answer=written.encode(),
    )

    told = shown([call, exchange(), call], secrets)

    for text in (told.request, told.response, told.curl):
        assert written not in text
        assert "s3cret" not in text
        assert MASK in text or MASK in json.loads(f'"{text}"')


def test_one_call_is_an_object_and_several_are_a_list_whose_last_counts() -> None:
    first = exchange(url="https://a.example/token", status=500, answer=b"no")
    last = exchange(
        headers={"Content-Type": "application/json", "User-Agent": "tocsin"},
        body=b'{"a": "it\'s"}',
        status=201,
        answer="好".encode(),
    )

    one, two, none = shown([last], ()), shown([first, last], ()), shown([], ())

    assert orjson.loads(one.request) == {
        "method": "POST",
        "url": "https://a.example/b",
        "headers": {"Content-Type": "application/json"},
        "body": {"a": "it's"},
    }
    assert [told["url"] for told in orjson.loads(two.request)] == [
        "https://a.example/token",
        "https://a.example/b",
    ]
    assert (two.status, two.response, two.curl) == (201, "好", one.curl)
    assert one.curl == (
        "curl -X POST https://a.example/b -H 'Content-Type: application/json' "
        """--data-raw '{"a":"it'"'"'s"}'"""
    )
    assert (none.request, none.response, none.curl, none.status) == ("[]", "", "", None)


@pytest.mark.parametrize("is_json", [True, False])
def test_a_body_of_json_is_shown_as_such_and_masked(is_json: bool) -> None:
    body = orjson.dumps({"text": "好", "tokens": [CANARY, "tsn_abc"]})

    plain = shown([exchange(body=body, is_json=is_json)], ())
    masked = shown([exchange(body=body, is_json=is_json)], (CANARY,))

    assert orjson.loads(plain.request)["body"] == {"text": "好", "tokens": [CANARY, MASK]}
    assert orjson.loads(masked.request)["body"] == {"text": "好", "tokens": [MASK, MASK]}


def test_what_is_known_to_be_json_is_not_read_again() -> None:
    body = orjson.dumps({"text": "好", "size": 1.0})

    assert f'"body":{body.decode()}' in shown([exchange(body=body, is_json=True)], ()).request


def test_long_json_is_cut_as_well() -> None:
    body = orjson.dumps({"text": "x" * MAX_REQUEST_CHARS})

    told = orjson.loads(shown([exchange(body=body, is_json=True)], ()).request)["body"]

    assert told == body.decode()[:MAX_REQUEST_CHARS] + "…"


def test_what_is_long_is_cut_and_what_is_no_text_is_counted() -> None:
    long = exchange(body=b"x" * (MAX_REQUEST_CHARS + 1), answer=b"y" * (MAX_RESPONSE_CHARS + 1))
    binary = exchange(body=b"\xff\xfe" * 50, answer="好".encode()[:2])

    told, other = shown([long], ()), shown([binary], ())

    assert orjson.loads(told.request)["body"] == "x" * MAX_REQUEST_CHARS + "…"
    assert told.response == "y" * MAX_RESPONSE_CHARS
    assert orjson.loads(other.request)["body"] == "(100 bytes)"
    assert other.response == ""


def test_a_secret_at_the_cut_does_not_stay_in_part() -> None:
    body = b"x" * (MAX_REQUEST_CHARS - 5) + b"canary-1234567890"
    call = exchange(body=body, answer=b"x" * (MAX_RESPONSE_CHARS - 5) + b"canary-1234567890")

    told = shown([call], ["canary-1234567890"])

    assert "canary" not in f"{told}"


def test_nobody_can_slip_another_command_into_the_curl_line() -> None:
    call = exchange(url="https://a.example/$(id)", body=b"'; rm -rf / #")

    told = shown([call], ())

    assert told.curl == """curl -X POST 'https://a.example/$(id)' --data-raw ''"'"'; rm -rf / #'"""


# No letter of the mask itself, which would be masked as often as it was looked for.
WORDS = st.text(alphabet=st.sampled_from('ab"/&<é\n\0\\ {}:,'), max_size=5)


@st.composite
def told_by(draw: st.DrawFn) -> tuple[list[str], list[Exchange]]:
    """Secrets, and calls that are made of whole and of cut forms of them."""
    secrets = draw(st.lists(WORDS, max_size=4))
    forms = st.sampled_from([*forms_of(secrets), "tsn_a"])
    cut = st.one_of(forms.map(lambda one: one[: len(one) // 2]), forms.map(lambda one: one[1:]))
    text = st.lists(st.one_of(WORDS, forms, cut), max_size=4).map("".join)
    value = st.one_of(text, st.integers(0, 9), st.dictionaries(text, text, max_size=2))
    json_body = value.map(lambda one: {"body": orjson.dumps(one), "is_json": True})
    raw = st.one_of(text.map(str.encode), st.binary(max_size=5))
    call = st.builds(
        lambda url, header, body, answer: exchange(
            url=url, headers={"X-A": header}, answer=answer, **body
        ),
        text,
        text,
        st.one_of(json_body, raw.map(lambda one: {"body": one})),
        raw,
    )
    return secrets, draw(st.lists(call, min_size=1, max_size=3))


@given(told_by())
def test_what_is_shown_is_each_text_masked_by_every_form(
    told: tuple[list[str], list[Exchange]],
) -> None:
    """However few forms are looked for, and whether or not a body is read again."""
    secrets, calls = told
    forms = forms_of(secrets)

    kept = shown(calls, secrets)

    said = orjson.loads(kept.request)
    assert kept.response == without_secrets(_text(calls[-1].answer), forms)
    for call, one in zip(calls, said if len(calls) > 1 else [said], strict=True):
        assert one["url"] == without_secrets(call.url, forms)
        assert one["headers"] == {"X-A": without_secrets(call.headers["X-A"], forms)}
        assert one["body"] == as_json(without_secrets(_text(call.body), forms))


def as_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
