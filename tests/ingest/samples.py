"""The samples of inbound calls, and the mutated ones that tests make of them.

`tests/samples/<source>/<name>.json` is a body as it came; `<name>.headers` beside it are the
call's own headers, where it has some that matter. Signatures are made with SECRET over the body's
bytes. A name that begins with `wrong_` is of a call that is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from pydantic import SecretStr

from tocsin.ingest.body import BodyLimits
from tocsin.ingest.source import InboundCall, Source, SourceOptions, Verdict, secrets_of
from tocsin.model.event import NewEvent

SAMPLES = Path(__file__).parent.parent / "samples"
SECRET = "the secret of the samples"
RECEIVED_AT = datetime(2024, 1, 1, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    """A call as it was captured."""

    source: str
    name: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_wrong(self) -> bool:
        return self.name.startswith("wrong_")

    def call(self, body: bytes | None = None, **headers: str) -> InboundCall:
        """The call, with another body or other headers: `x_name` is `x-name`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = self.body if body is None else body
        return call(sent, {**self.headers, **named})


def samples_of(source: str) -> list[Sample]:
    """Every sample of a source, by name."""
    return [
        Sample(source, path.stem, _headers(path.with_suffix(".headers")), path.read_bytes())
        for path in sorted((SAMPLES / source).glob("*.json"))
    ]


def sample(source: str, name: str) -> Sample:
    (found,) = (one for one in samples_of(source) if one.name == name)
    return found


def call(
    body: bytes | Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    name: str = "",
    limits: BodyLimits | None = None,
) -> InboundCall:
    """A call; a body that is not bytes becomes JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return InboundCall(headers or {}, {}, sent, name, RECEIVED_AT, limits or BodyLimits())


def options_of(source: Source, secret: str = "", **others: Any) -> SourceOptions:
    options: SourceOptions = source.Options(secret=SecretStr(secret), **others)
    return options


def verify(source: Source, call: InboundCall, secret: str = "", **others: Any) -> Verdict:
    """What a source that has this secret, and these other options, says of a call."""
    options = options_of(source, secret, **others)
    return source.verify(call, options, secrets_of(options))


def read(source: Source, call: InboundCall, **options: Any) -> list[NewEvent]:
    """What a source with these options reads in a call."""
    return list(source.read(call, options_of(source, **options)))


def _headers(file: Path) -> dict[str, str]:
    if not file.exists():
        return {"content-type": "application/json"}
    lines = file.read_text("utf-8").splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


# --- mutated samples

ANY_TEXT = st.text(st.characters(), max_size=300) | st.sampled_from(
    ["", "null", "unknown", "...", "\x00", "\ud800", "x" * 201, "1e999", "0", "success", "retrying"]
)
_NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, 2**64, -(2**63) - 1, 10**400])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=8,
)
# JSON as the standard has it, so without NaN and infinities.
REAL_JSON = (
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
        max_leaves=6,
    )
    | ANY_TEXT
)


@st.composite
def mutated(draw: st.DrawFn, good: Sample) -> InboundCall:
    """A sample's call with fields, bytes or headers changed."""
    match draw(st.sampled_from(["fields", "bytes", "headers", "anything"])):
        case "fields":
            return good.call(_dumped(_changed(draw, json.loads(good.body))))
        case "bytes":
            return good.call(_with_changed_bytes(draw, good.body))
        case "headers":
            names = [*good.headers, "content-type", "idempotency-key", "ce-id", "x-github-event"]
            text = st.text(st.characters(max_codepoint=255), max_size=300)
            changed = draw(st.dictionaries(st.sampled_from(names), text, max_size=3))
            return replace(good.call(), headers={**good.headers, **changed})
        case _:
            return good.call(draw(st.binary(max_size=60) | ANY_JSON.map(_dumped)))


def _changed(draw: st.DrawFn, said: Any) -> Any:
    if isinstance(said, list):
        return [_changed(draw, one) for one in said] + draw(st.lists(ANY_JSON, max_size=1))
    if not isinstance(said, dict):
        return draw(ANY_JSON)
    names = st.sampled_from([*said]) | ANY_TEXT if said else ANY_TEXT
    for name in draw(st.lists(names, min_size=1, max_size=3)):
        if name in said and draw(st.booleans()):
            del said[name]
        else:
            said[name] = draw(ANY_JSON)
    return said


def _with_changed_bytes(draw: st.DrawFn, body: bytes) -> bytes:
    at = draw(st.integers(0, len(body)))
    cut = draw(st.integers(0, 8))
    return body[:at] + draw(st.binary(max_size=4)) + body[at + cut :]


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()
