"""Bodies are read strictly, and what is wrong with one is told in words a sender can use."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.samples import ANY_JSON
from tocsin.errors import Reason, Rejected
from tocsin.ingest.body import (
    BodyLimits,
    check_is_json,
    is_form,
    keepable,
    payload_of,
    read_form,
    read_json,
    read_json_object,
    unreadable,
)

LIMITS = BodyLimits()


def refusal(body: bytes, limits: BodyLimits = LIMITS) -> Rejected:
    with pytest.raises(Rejected) as raised:
        read_json(body, limits)
    return raised.value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b" [1, 2]\r\n", [1, 2]),
        (b"null", None),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'"\\ud83d\\udd0c"', "\U0001f50c"),
        (b'"a\\u0000b"', "a\x00b"),
        (b'"a\\ud800b"', "a\ud800b"),
        (b"[9223372036854775807, -9223372036854775808]", [2**63 - 1, -(2**63)]),
        (b"[1e400]", [float("inf")]),
    ],
)
def test_json_is_read(body: bytes, value: Any) -> None:
    assert read_json(body, LIMITS) == value


@pytest.mark.parametrize("digits", ["1" + "0" * 400, "-1" + "0" * 400, "1" * 5000])
def test_a_number_that_nothing_can_hold_is_text(digits: str) -> None:
    (value,) = read_json(f"[{digits}]".encode(), LIMITS)

    assert value == digits


@pytest.mark.parametrize("digits", [2**63 - 1, -(2**63), 2**63, 123])
def test_a_number_beside_a_surrogate_is_a_number_up_to_64_bits(digits: int) -> None:
    (value, _) = read_json(f'[{digits}, "\\ud800"]'.encode(), LIMITS)

    assert value == (digits if abs(digits) < 2**63 else str(digits))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"{", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b"[-Infinity]", "not JSON"),
        (b'{"a": 1}{"b": 2}', "not JSON"),
        (b'"a\x00b"', "not JSON"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "not JSON"),
        (b'{"a":\n\n "\xff"}', "not UTF-8 (byte 9)"),
        ('"\ud800"'.encode("utf-8", "surrogatepass"), "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
    ],
)
def test_what_is_not_json_is_refused_in_words(body: bytes, words: str) -> None:
    error = refusal(body)

    assert (error.status, error.reason) == (400, Reason.UNREADABLE)
    assert words in error.message
    assert [fault.field for fault in error.fields] == [""]


def test_the_line_of_the_fault_is_told() -> None:
    assert "line 3" in refusal(b'{"a": 1,\n"b": 2,\n"c": }').message


@pytest.mark.parametrize("value", ["[]", "{}"])
def test_depth_is_counted_in_arrays_and_objects(value: str) -> None:
    opening, closing = ('{"a":', "}") if value == "{}" else ("[", "]")

    def nested(depth: int) -> bytes:
        return f"{opening * (depth - 1)}{value}{closing * (depth - 1)}".encode()

    read_json(nested(64), LIMITS)
    read_json(nested(10), BodyLimits(max_depth=10))
    assert refusal(nested(65)).reason is Reason.TOO_DEEP
    assert refusal(nested(11), BodyLimits(max_depth=10)).reason is Reason.TOO_DEEP


def test_much_in_breadth_is_not_depth() -> None:
    assert len(read_json(b"[" + b"[{}]," * 50_000 + b"[]]", LIMITS)) == 50_001


@pytest.mark.parametrize("depth", [1_025, 200_000])
@pytest.mark.parametrize("is_closed", [True, False])
def test_what_no_parser_can_follow_is_too_deep_or_not_json(depth: int, *, is_closed: bool) -> None:
    error = refusal(b"[" * depth + b"]" * (depth * is_closed))

    assert error.status == 400
    assert error.reason in (Reason.TOO_DEEP, Reason.UNREADABLE)


def read_or_refused(body: bytes) -> Rejected | tuple[Any]:
    try:
        return (read_json(body, LIMITS),)
    except Rejected as error:
        return error


@given(st.binary(max_size=80) | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_a_body_is_read_or_refused_with_400(body: bytes) -> None:
    found = read_or_refused(body)

    if isinstance(found, Rejected):
        assert found.status == 400
        assert found.fields
    else:
        orjson.loads(orjson.dumps(keepable(found[0], body)))


@given(ANY_JSON)
def test_what_is_kept_can_be_written_and_read_again(value: Any) -> None:
    body = json.dumps(value).encode()
    try:
        kept = keepable(read_json(body, LIMITS), body)
    except Rejected:
        # Only NaN and infinities, which json.dumps writes and JSON does not know.
        assert b"NaN" in body or b"Infinity" in body
        return

    written = orjson.dumps(kept)

    assert b"\\u0000" not in written
    assert keepable(orjson.loads(written), written) == orjson.loads(written)


def test_nul_and_lone_surrogates_are_replaced_in_names_and_values_at_any_depth() -> None:
    body = b'{"a\\u0000": ["\\ud800", {"\\uDFFF": "x\\u0000y", "n": 1, "t": true}]}'

    kept = keepable(read_json(body, LIMITS), body)

    assert kept == {"a\ufffd": ["\ufffd", {"\ufffd": "x\ufffdy", "n": 1, "t": True}]}


def test_what_can_be_kept_is_left_as_it_is() -> None:
    value = {"a": "日本語\U0001f50c"}

    assert keepable(value, b'{"a": "..."}') is value


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "an array"),
        (b'"text"', "text"),
        (b"12", "a number"),
        (b"1.5", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_where_an_object_is_meant_nothing_else_is_taken(body: bytes, kind: str) -> None:
    with pytest.raises(Rejected) as raised:
        read_json_object(body, LIMITS)

    assert raised.value.status == 400
    assert raised.value.message == f"expected a JSON object, not {kind}"


def test_an_object_is_taken() -> None:
    assert read_json_object(b"{}", LIMITS) == {}


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "application/json",
        "Application/JSON; charset=utf-8",
        "text/json",
        "application/vnd.github+json",
    ],
)
def test_json_goes_by_several_names(said: str | None) -> None:
    check_is_json({} if said is None else {"content-type": said})


@pytest.mark.parametrize("said", ["text/plain", "application/x-www-form-urlencoded", "json", "x;"])
def test_what_says_that_it_is_not_json_is_refused(said: str) -> None:
    with pytest.raises(Rejected) as raised:
        check_is_json({"content-type": said})

    assert (raised.value.status, raised.value.reason) == (415, Reason.WRONG_CONTENT_TYPE)
    assert [fault.field for fault in raised.value.fields] == ["Content-Type"]


def test_an_unreadable_body_is_a_fault_of_the_whole() -> None:
    error = unreadable("expected something else")

    assert (error.status, error.fields[0].field) == (400, "")


# --- forms

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"a=1&b=2&a=3", {"a": [b"1", b"3"], "b": [b"2"]}),
        (b"a=&b", {"a": [b""], "b": [b""]}),
        (b"a=%7B%22x%22%3A+1%7D", {"a": [b'{"x": 1}']}),
        ("a=部署".encode(), {"a": ["部署".encode()]}),
        (b"a=%E9%83%A8", {"a": ["部".encode()]}),
        (b"a=%FF\xfe%00", {"a": [b"\xff\xfe\x00"]}),
        (b"", {}),
    ],
)
def test_the_fields_of_a_form_are_read_byte_for_byte(
    body: bytes, fields: dict[str, list[bytes]]
) -> None:
    assert read_form(body) == fields


def test_a_form_with_thousands_of_fields_is_refused() -> None:
    with pytest.raises(Rejected) as raised:
        read_form(b"&" * 5_000)

    assert (raised.value.status, raised.value.reason) == (400, Reason.UNREADABLE)


@given(st.binary(max_size=60))
def test_whatever_a_form_is_it_is_read(body: bytes) -> None:
    assert all(isinstance(one, bytes) for values in read_form(body).values() for one in values)


def test_the_json_of_a_call_may_be_in_a_form() -> None:
    assert payload_of(FORM, b"a=1&payload=%7B%7D") == b"{}"
    assert payload_of(FORM, b"a=1") == b""
    assert payload_of({}, b"{}") == b"{}"
    assert is_form(FORM)
    assert not is_form({"content-type": "application/json"})
    with pytest.raises(Rejected) as raised:
        payload_of({"content-type": "text/plain"}, b"{}")
    assert raised.value.status == 415
