"""What is kept of a call can be shown to anybody: no secret, token or whole signature is in it."""

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.ingest.masking import MAX_BODY_BYTES, masked_request
from tocsin.model.inbound_call import KeptRequest
from tocsin.model.masks import MASK

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
SECRET = "a long and unguessable secret"

SECRET_NAMES = st.sampled_from(
    [
        "Authorization",
        "cookie",
        "X-Webhook-Token",
        "x-gitlab-token",
        "X-Tocsin-Token",
        "x-api-key",
        "apiKey",
        "client_secret",
        "password",
        "passWord2",
        "private_key",
        "session_id",
        "access-key",
    ]
)
SIGNATURE_NAMES = st.sampled_from(
    ["X-Hub-Signature-256", "webhook-signature", "Stripe-Signature", "signature", "sig"]
)
# Unlike anything that stands around it.
SECRETS = st.text(
    st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=6
).map(lambda text: f"§{text}")
PLAIN_SECRETS = st.from_regex(r"[A-Za-z0-9+/=_.-]{12,80}", fullmatch=True).map(
    lambda text: f"zq{text}"
)


def masked(
    body: bytes | str = b"",
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> KeptRequest:
    sent = body if isinstance(body, bytes) else body.encode()
    return masked_request("POST", "/hooks/any", headers or JSON, query or {}, sent, secrets)


def all_of(kept: KeptRequest) -> str:
    """Everything that is kept, decoded as far as a reader would."""
    decoded = base64.b64decode(kept.body_base64 or "").decode("latin-1")
    texts = [kept.path, kept.body or "", decoded]
    texts += [text for pair in (*kept.headers.items(), *kept.query.items()) for text in pair]
    return "\n".join(texts)


# --- the law


@given(SECRET_NAMES, PLAIN_SECRETS, st.sampled_from(["header", "query", "json", "form", "deep"]))
def test_what_stands_under_a_name_of_secrets_is_never_kept(
    name: str, secret: str, place: str
) -> None:
    match place:
        case "header":
            kept = masked(headers={name.lower(): secret})
        case "query":
            kept = masked(query={name: secret})
        case "form":
            kept = masked(urlencode({"a": "b", name: secret}), FORM)
        case "json":
            kept = masked(json.dumps({"a": "b", name: secret}))
        case _:
            deep = {"a": [{name: {"value": [secret]}}]}
            kept = masked(urlencode({"payload": json.dumps(deep)}), FORM)

    assert secret not in all_of(kept)
    assert quote(secret, safe="") not in all_of(kept)


@given(SIGNATURE_NAMES, PLAIN_SECRETS, st.sampled_from(["header", "query", "json"]))
def test_a_signature_is_never_kept_whole(name: str, signature: str, place: str) -> None:
    match place:
        case "header":
            kept = masked(headers={name.lower(): signature})
        case "query":
            kept = masked(query={name: signature})
        case _:
            kept = masked(json.dumps({name: signature}))

    assert signature not in all_of(kept)
    assert signature[len(signature) // 2 :] not in all_of(kept)


@given(
    SECRETS,
    st.sampled_from(["header", "query", "name", "json", "key", "text", "form", "escaped", "bytes"]),
)
def test_a_secret_of_the_source_is_kept_nowhere(secret: str, place: str) -> None:
    said: dict[str, Any] = {"note": [f"it is {secret}!"]}
    match place:
        case "header":
            kept = masked(headers={"x-note": f"it is {secret}"}, secrets=(secret,))
        case "query":
            kept = masked(query={"note": secret}, secrets=(secret,))
        case "name":
            kept = masked(headers={secret: "1"}, query={secret: "1"}, secrets=(secret,))
        case "json":
            kept = masked(json.dumps(said, ensure_ascii=False), secrets=(secret,))
        case "escaped":
            kept = masked(json.dumps(said), secrets=(secret,))
        case "key":
            kept = masked(json.dumps({secret: 1}), secrets=(secret,))
        case "form":
            kept = masked(urlencode({"note": secret}), FORM, secrets=(secret,))
        case "bytes":
            kept = masked(b"\xff" + secret.encode(), secrets=(secret,))
        case _:
            kept = masked(f"{{broken {secret}", secrets=(secret,))

    shown = all_of(kept)
    assert secret not in shown
    assert quote_plus(secret) not in shown
    assert json.dumps(secret)[1:-1] not in shown


@given(SECRET_NAMES, PLAIN_SECRETS, st.integers(0, 200))
@example("Authorization", "zq00000000000=", 0)
def test_nor_is_one_in_a_body_that_is_cut_or_broken(name: str, secret: str, at: int) -> None:
    whole = json.dumps({"a": 1, name: secret, "b": {name: {"deep": [secret]}}, "z": 2})

    for body in (whole[: max(1, len(whole) - at)], whole + "}", whole.replace(" ", "\n")):
        for headers in (JSON, FORM, {"content-type": "text/plain"}):
            assert secret not in all_of(masked(body, headers))


@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=9), st.text(max_size=40)))
def test_anything_can_be_masked_and_written(body: bytes, said: dict[str, str]) -> None:
    for headers in (JSON, FORM, said):
        kept = masked_request("POST", "/", headers, said, body, ("x",))

        json.dumps(all_of(kept)).encode()
        assert "\x00" not in all_of(kept) or kept.body_base64


# --- what stays


@pytest.mark.parametrize(
    "body",
    ['{"a":  1,\n "b": [true, null, "text"]}', "[]", '"text"', "1e3", "a=b&c=d", "nothing at all"],
)
def test_a_body_without_secrets_is_kept_as_it_came(body: str) -> None:
    assert masked(body).body == body


def test_what_is_masked_leaves_the_rest_readable() -> None:
    kept = masked(
        '{"user": "kim", "password": "hunter2", "is_secret": true, "token": null}',
        {"x-hub-signature-256": "sha256=" + "ab" * 32, "user-agent": "curl", "cookie": "a=b"},
        {"token": "t", "q": "x"},
    )

    assert json.loads(kept.body or "") == {
        "user": "kim",
        "password": MASK,
        "is_secret": True,
        "token": None,
    }
    assert kept.headers == {
        "x-hub-signature-256": "sha256=ababa…",
        "user-agent": "curl",
        "cookie": MASK,
    }
    assert kept.query == {"token": MASK, "q": "x"}


def test_a_token_of_tocsins_is_masked_wherever_it_stands() -> None:
    kept = masked("my tsn_AbC-12_3 was refused", {"x-note": "tsn_AbC-12_3"})

    assert "AbC-12_3" not in all_of(kept)


def test_a_body_that_is_no_text_is_kept_in_base64() -> None:
    kept = masked(b"\xff\x00")

    assert (kept.body, kept.body_base64) == (None, base64.b64encode(b"\xff\x00").decode())


def test_a_long_body_is_cut_between_characters() -> None:
    kept = masked('"' + "é" * MAX_BODY_BYTES)

    assert kept.is_cut
    assert kept.body is not None
    assert len(kept.body.encode()) <= MAX_BODY_BYTES


def test_json_that_is_nested_beyond_reason_is_masked_as_a_text() -> None:
    kept = masked("[" * 900 + '{"password": "hunter2"}' + "]" * 900)

    assert "hunter2" not in all_of(kept)


@pytest.mark.parametrize("part", ['"', '\\"', '"a"', '"token"   ', "a=", "token=", "[{", '":'])
def test_no_body_takes_long(part: str) -> None:
    body = part * (MAX_BODY_BYTES // len(part))

    # The limit of a test's time is what tells.
    masked(body)
    masked(body, FORM)
