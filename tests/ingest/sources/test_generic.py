"""A sender is described in the settings: how it signs, and where things stand in its calls."""

import hmac
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.ingest.receiving import REMOTE, receiving_in
from tests.ingest.samples import REAL_JSON, RECEIVED_AT, SECRET, call, options_of, read, verify
from tocsin.errors import ConfigError, Reason, Rejected
from tocsin.ingest.expression import MAX_LOOKED_THROUGH_BYTES
from tocsin.ingest.signature import Algorithm, Encoding
from tocsin.ingest.source import InboundCall, Verdict, extras_of, find_sources
from tocsin.ingest.sources.generic import Options
from tocsin.settings import load

SOURCE = find_sources()["generic"]
NOW = str(int(RECEIVED_AT.timestamp()))
BODY = b'{"ok":true}'
FORM = "application/x-www-form-urlencoded"
TIMED: dict[str, Any] = {
    "signature_header": "X-Signature",
    "timestamp_header": "X-Time",
    "template": "{timestamp}.{body}",
}


def digest(message: bytes, algorithm: Algorithm = "sha256") -> bytes:
    return hmac.digest(SECRET.encode(), message, algorithm)


def shown(signature: str, at: str = "", body: bytes = BODY) -> InboundCall:
    return call(body, {"x-signature": signature, "x-time": at})


# --- how it signs

URL_SAFE = b64encode(digest(BODY, "sha512"), altchars=b"-_").decode()


@pytest.mark.parametrize(
    ("signature", "others"),
    [
        (digest(BODY).hex(), {}),
        (digest(BODY).hex().upper(), {}),
        (f"sha256={digest(BODY).hex()}", {"signature_prefix": "sha256="}),
        (f"sha256=00,sha256={digest(BODY).hex()}", {"signature_prefix": "sha256="}),
        (f"00 {digest(BODY).hex()}", {}),
        (f"HMAC {digest(BODY).hex()}", {"signature_prefix": "HMAC "}),
        (digest(BODY, "sha1").hex(), {"algorithm": "sha1"}),
        (b64encode(digest(BODY)).decode(), {"encoding": "base64"}),
        (b64encode(digest(BODY)).decode().rstrip("="), {"encoding": "base64"}),
        (URL_SAFE, {"algorithm": "sha512", "encoding": "base64url"}),
        (digest(b'v0:{"ok":true}:end').hex(), {"template": "v0:{body}:end"}),
    ],
)
def test_a_signature_is_looked_for_as_it_is_set(signature: str, others: dict[str, Any]) -> None:
    others = {"signature_header": "X-Signature", **others}

    assert verify(SOURCE, shown(signature), SECRET, **others) is Verdict.VERIFIED
    for wrong in (shown(signature, body=BODY + b" "), shown(signature[:-4]), shown("")):
        with pytest.raises(Rejected) as raised:
            verify(SOURCE, wrong, SECRET, **others)
        assert raised.value.reason is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("late_s", [-61, -60, 0, 60, 61])
def test_a_signed_time_is_about_now(late_s: int) -> None:
    at = str(int(NOW) + late_s)
    told = shown(digest(f"{at}.".encode() + BODY).hex(), at)
    others = {**TIMED, "tolerance_s": 60}

    if abs(late_s) <= 60:
        assert verify(SOURCE, told, SECRET, **others) is Verdict.VERIFIED
    else:
        with pytest.raises(Rejected, match="60 s away"):
            verify(SOURCE, told, SECRET, **others)


def test_without_its_time_a_signature_is_of_nothing() -> None:
    for at in ("", "now"):
        with pytest.raises(Rejected, match="X-Time"):
            verify(SOURCE, shown(digest(f"{at}.".encode() + BODY).hex(), at), SECRET, **TIMED)


def test_a_token_may_stand_in_any_header() -> None:
    right, wrong = (call({}, {"x-api-key": one}) for one in (SECRET, SECRET + "x"))

    assert verify(SOURCE, right, SECRET, token_header="X-Api-Key") is Verdict.VERIFIED
    assert verify(SOURCE, right, SECRET) is Verdict.NOT_SIGNED
    assert verify(SOURCE, right, "", token_header="X-Api-Key") is Verdict.NOT_SIGNED
    assert verify(SOURCE, call({}), SECRET, token_header="X-Api-Key") is Verdict.NOT_SIGNED
    with pytest.raises(Rejected):
        verify(SOURCE, wrong, SECRET, token_header="X-Api-Key")


def test_a_wrong_signature_is_refused_though_the_token_is_right() -> None:
    told = call(BODY, {"x-signature": "00", "x-api-key": SECRET})

    with pytest.raises(Rejected):
        verify(SOURCE, told, SECRET, signature_header="X-Signature", token_header="X-Api-Key")


@given(
    st.sampled_from(["sha1", "sha256", "sha512"]),
    st.sampled_from(["hex", "base64", "base64url"]),
    st.sampled_from(["", "v1=", "sig "]),
    st.booleans(),
)
def test_what_it_makes_is_signed_as_it_is_set(
    algorithm: Algorithm, encoding: Encoding, prefix: str, is_timed: bool
) -> None:
    others: dict[str, Any] = {
        **(TIMED if is_timed else {"signature_header": "X-Signature"}),
        "algorithm": algorithm,
        "encoding": encoding,
        "signature_prefix": prefix,
    }
    make = extras_of(SOURCE).sample
    assert make is not None

    made = make(options_of(SOURCE, **others), (SECRET,), RECEIVED_AT)

    told = call(made.body, {name.lower(): value for name, value in made.headers.items()})
    assert verify(SOURCE, told, SECRET, **others) is Verdict.VERIFIED


# --- where things stand

SAID = {
    "repo": {"name": "shop", "id": 7},
    "kind": "backup",
    "ok": True,
    "at": "2024-01-01T12:00:00Z",
    "at_s": 1_704_110_400,
    "long": "x" * 201,
    "nul": "a\x00b",
    "list": [1],
}


def found(**options: Any) -> Any:
    told = replace(call(SAID, {"x-event": "pushed"}), query={"team": "a"})
    (event,) = read(SOURCE, told, **options)
    return event


@pytest.mark.parametrize("name", ["project", "subject", "type"])
@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("$.body.repo.name", "shop"),
        ("$.body.repo.id", "7"),
        ("body.ok", "true"),
        ("body.ok == false", "false"),
        ('headers["x-event"] + "/" + query.team', "pushed/a"),
        ("$.headers['x-event']", "pushed"),
        ("1.5", "1.5"),
    ],
)
def test_a_name_is_what_stands_there(name: str, source: str, value: str) -> None:
    assert getattr(found(**{name: source}), name) == value


@pytest.mark.parametrize("name", ["project", "subject", "type", "id"])
@pytest.mark.parametrize(
    "source",
    ["$.body.missing", "$.body.repo", "$.body.list", "$.body.long", "body.nul + 'a'", "body.a.b"],
)
def test_what_cannot_be_a_name_is_as_if_it_were_not_there(name: str, source: str) -> None:
    is_kept = source.startswith("body.nul")  # it is kept with U+FFFD in the place of NUL
    event = found(**{name: source}, default_type="thing")

    assert (event.type, event.project, event.subject, event.dedupe) == (
        "a�ba" if is_kept and name == "type" else "thing",
        "a�ba" if is_kept and name == "project" else "",
        "a�ba" if is_kept and name == "subject" else "",
        "generic\n\n\na�ba" if is_kept and name == "id" else None,
    )


@pytest.mark.parametrize("name", ["project", "subject", "type", "time", "id"])
def test_what_is_required_and_is_not_there_is_refused_by_name(name: str) -> None:
    with pytest.raises(Rejected) as raised:
        found(**{name: "$.body.missing"}, required=(name,))

    assert (raised.value.status, raised.value.reason) == (400, Reason.BAD_FIELD)
    assert [fault.field for fault in raised.value.fields] == [name]
    assert found(**{name: "$.body.at"}, required=(name,))


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("$.body.at", datetime(2024, 1, 1, 12, tzinfo=UTC)),
        ("$.body.at_s", datetime(2024, 1, 1, 12, tzinfo=UTC)),
        ("timestamp(body.at)", datetime(2024, 1, 1, 12, tzinfo=UTC)),
        ("$.body.kind", RECEIVED_AT),
        ("timestamp('0001-01-01T00:00:00Z')", RECEIVED_AT),
        ("duration('1h')", RECEIVED_AT),
        ("", RECEIVED_AT),
    ],
)
def test_the_time_is_what_stands_there_else_when_it_came(source: str, at: datetime) -> None:
    event = found(time=source)

    assert event.occurred_at == at
    assert event.occurred_text == ("backup" if source == "$.body.kind" else None)


def test_a_repeat_is_told_by_the_id_that_is_found() -> None:
    assert found(id="$.body.repo.id", project="$.body.kind").dedupe == "generic\n\nbackup\n7"
    assert found().dedupe is None


def test_without_an_id_what_is_signed_with_a_time_tells_a_repeat() -> None:
    signed = shown(digest(b"1." + BODY).hex(), "1")
    first, again, later, unsigned = (
        read(SOURCE, one, **TIMED)[0].dedupe
        for one in (signed, signed, shown("00", "2"), call(BODY, {"x-time": "1"}))
    )

    assert first == again != later
    assert unsigned is None


# --- bodies


@pytest.mark.parametrize(
    ("body", "content_type", "data"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b'{"a": 1}', "application/vnd.forge+json; charset=utf-8", {"a": 1}),
        (b'{"a": 1}', "", {"a": 1}),
        (b"a=1&b=2&a=3&c=", FORM, {"a": ["1", "3"], "b": "2", "c": ""}),
        (b"a%00=%FF", FORM, {"a�": "�"}),
        (b"", FORM, {}),
        (b"disk full\x00", "text/plain", "disk full�"),
        (b"\xef\xbb\xbfdisk \xff", "text/plain; charset=utf-8", "disk �"),
        (b"<a/>", "application/xml", "<a/>"),
    ],
)
def test_a_body_may_be_json_a_form_or_a_text(body: bytes, content_type: str, data: object) -> None:
    (event,) = read(SOURCE, call(body, {"content-type": content_type}))

    assert event.data == data


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"[]", "application/json", 400),
        (b" ", "text/plain", 400),
        (b"\x89PNG", "image/png", 415),
        (b"&".join([b"a=1"] * 1_001), FORM, 400),
    ],
)
def test_any_other_body_is_refused(body: bytes, content_type: str, status: int) -> None:
    with pytest.raises(Rejected) as raised:
        read(SOURCE, call(body, {"content-type": content_type}))

    assert raised.value.status == status


def test_a_body_that_would_have_to_be_gone_through_is_limited() -> None:
    told = call({"a": "b", "filler": "x" * MAX_LOOKED_THROUGH_BYTES})

    assert read(SOURCE, told, type="$.body.a")[0].type == "b"
    with pytest.raises(Rejected) as raised:
        read(SOURCE, told, type="body.a")
    assert (raised.value.status, raised.value.reason) == (413, Reason.TOO_LARGE)
    assert [fault.field for fault in raised.value.fields] == ["type"]


@given(st.dictionaries(st.sampled_from(["repo", "kind", "at", "id"]), REAL_JSON))
def test_whatever_a_body_is_it_is_taken(body: dict[str, Any]) -> None:
    (event,) = read(
        SOURCE,
        call(body),
        project="$.body.repo.name",
        subject="$..id",
        type="body.kind + string(body.id)",
        time="$.body.at",
        id="body.id",
    )

    assert event.type
    assert len(event.subject) <= 200


# --- settings


@pytest.mark.parametrize(
    ("given_", "key"),
    [
        ({"project": "$.body."}, "sources.generic.project"),
        ({"time": "bodi.at"}, "sources.generic.time"),
        ({"id": "body.id +"}, "sources.generic.id"),
        ({"signature_header": "X Signature"}, "sources.generic.signature_header"),
        ({"template": "{timestamp}"}, "sources.generic.template"),
        ({"template": "{timestamp}.{body}"}, "timestamp_header"),
        ({"timestamp_header": "X-Time"}, "template"),
        ({"algorithm": "md5"}, "sources.generic.algorithm"),
        ({"required": "project,projects"}, "sources.generic.required"),
        ({"required": "project"}, "required names project"),
    ],
)
def test_what_is_wrong_is_said_at_the_start_with_its_key(given_: dict[str, str], key: str) -> None:
    environ = {f"TOCSIN_SOURCES__GENERIC__{name.upper()}": text for name, text in given_.items()}

    with pytest.raises(ConfigError, match=key):
        load(environ=environ, kinds={"generic": Options})


def test_the_settings_of_a_set_up_are_read() -> None:
    options = TypeAdapter(Options).validate_python(
        {**TIMED, "type": "body.a", "required": ["type"], "default_type": ""}
    )

    assert options.required == ("type",)
    assert options.default_type == "message"


async def test_a_call_of_such_a_sender_is_stored_once(tmp_path: Path) -> None:
    async with receiving_in(tmp_path, secrets={"generic": SECRET}) as receiving:
        answers = [
            await receiving.post(
                "/hooks/generic",
                b"what=disk+full",
                {"content-type": FORM, "x-webhook-token": SECRET, "idempotency-key": "1"},
                peer=REMOTE,
            )
            for _ in range(2)
        ]

        assert [answer.status for answer in answers] == [200, 200]
        assert len(await receiving.stored()) == 1
