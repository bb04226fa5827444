"""Read what a client sends on `/ws`, or tell what is wrong with it.

Pure. Whatever comes, the answer is a message or a fault; the connection stays usable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from tocsin.live.ws.client_messages import CLIENT_MESSAGES, MAX_NAME_CHARS, ClientData
from tocsin.live.ws.server_messages import ErrorCode, ErrorDetails, FieldError
from tocsin.model.logline import clean_text

MAX_SHOWN_CHARS = 200
# A message may be wrong in a thousand places; the first ones will do.
MAX_SHOWN_ERRORS = 10
REQUIRED = ("type", "data")

RequestId = str | int | None

# 2^53 - 1: beyond it, JavaScript takes neighbouring numbers for one.
LARGEST_NUMBER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Said:
    """A message that can be acted on. `request_id` comes back in what answers it."""

    type: str
    data: ClientData
    request_id: RequestId = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A message that cannot be taken, as its sender is told."""

    code: ErrorCode
    message: str
    details: ErrorDetails
    request_id: RequestId = None


_ADAPTERS: Mapping[str, TypeAdapter[ClientData]] = {
    name: TypeAdapter(one.shape) for name, one in CLIENT_MESSAGES.items()
}

_SENTENCES = {
    "missing": "expected this field",
    "string_type": "expected text",
    "string_too_long": "expected less text",
    "string_too_short": "expected text that is not empty",
    "string_pattern_mismatch": "expected text without NUL",
    "tuple_type": "expected a list",
    "too_long": "expected fewer values",
    "dataclass_type": "expected an object",
    "dict_type": "expected an object",
    "mapping_type": "expected an object",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
}


def read(message: str | bytes) -> Said | Fault:
    """What the client says; a binary message is taken as text."""
    try:
        value = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        return _not_json(message, error)
    if not isinstance(value, dict):
        return _wrong_shape(message, None, None, "expected a JSON object", REQUIRED)
    kind, request_id, data = value.get("type"), value.get("request_id"), value.get("data")
    said_type = kind if isinstance(kind, str) else None
    if isinstance(request_id, float) and request_id.is_integer():
        # To JSON 1.0 and 1 are one number.
        request_id = int(request_id)
    if not _is_request_id(request_id):
        wrong = FieldError("request_id", "expected text or a whole number")
        return _wrong_field(message, said_type, None, wrong)
    if said_type is None:
        wrong = FieldError("type", "expected text" if "type" in value else "expected this field")
        return _wrong_field(message, None, request_id, wrong)
    adapter = _ADAPTERS.get(said_type)
    if adapter is None:
        return _unknown_type(message, said_type, request_id)
    if not isinstance(data, dict):
        wrong = FieldError("data", "expected an object")
        return _wrong_field(message, said_type, request_id, wrong)
    try:
        read_data = adapter.validate_python(data)
    except ValidationError as error:
        return _wrong_data(message, said_type, request_id, error)
    return Said(said_type, read_data, request_id, _client_id(value.get("client_id")))


def _is_request_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_NAME_CHARS
    if value is None:
        return True
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and -LARGEST_NUMBER <= value <= LARGEST_NUMBER


def _client_id(value: Any) -> str | None:
    """The client's id beside the data: a courtesy, so a bad one is as good as none."""
    if not isinstance(value, str) or len(value) > MAX_NAME_CHARS or "\x00" in value:
        return None
    return value.strip() or None


def _not_json(message: str | bytes, error: orjson.JSONDecodeError) -> Fault:
    told = f"The message is not JSON: {clean_text(error.msg)}."
    return _wrong_shape(message, None, None, told, REQUIRED)


def _unknown_type(message: str | bytes, kind: str, request_id: RequestId) -> Fault:
    known = ", ".join(CLIENT_MESSAGES)
    details = ErrorDetails(type=_shown(kind), received_message=_shown(message))
    told = f"There is no such message type; expected one of {known}."
    return Fault(ErrorCode.UNKNOWN_MESSAGE_TYPE, told, details, request_id)


def _wrong_field(
    message: str | bytes, kind: str | None, request_id: RequestId, wrong: FieldError
) -> Fault:
    told = f"{wrong.field}: {wrong.message}"
    return _wrong_shape(message, kind, request_id, told, REQUIRED, [wrong])


def _wrong_data(
    message: str | bytes, kind: str, request_id: RequestId, error: ValidationError
) -> Fault:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    errors = [
        FieldError(
            ".".join(("data", *(clean_text(str(part)) for part in one["loc"]))),
            _SENTENCES.get(one["type"]) or _sentence(one["msg"]),
        )
        for one in found[:MAX_SHOWN_ERRORS]
    ]
    told = "; ".join(f"{one.field}: {one.message}" for one in errors)
    expected = dict.fromkeys(one.field for one in errors)
    return _wrong_shape(message, kind, request_id, told, (*REQUIRED, *expected), errors)


def _sentence(told: str) -> str:
    """Pydantic's words in ours."""
    return told.removeprefix("Value error, ").replace("Input should be", "expected")


def _wrong_shape(
    message: str | bytes,
    kind: str | None,
    request_id: RequestId,
    told: str,
    expected: Sequence[str],
    errors: Sequence[FieldError] = (),
) -> Fault:
    details = ErrorDetails(
        type=None if kind is None else _shown(kind),
        expected_fields=tuple(expected),
        # What would come back is a token.
        received_message=None if kind == "auth" else _shown(message),
        errors=tuple(errors) or None,
    )
    return Fault(ErrorCode.INVALID_MESSAGE_FORMAT, told, details, request_id)


def _shown(message: str | bytes) -> str:
    if isinstance(message, bytes):
        # A character has up to 4 bytes; what is cut in two at the end is cut off here.
        message = message[: 4 * MAX_SHOWN_CHARS].decode("utf-8", "replace")
    return clean_text(message[:MAX_SHOWN_CHARS])
