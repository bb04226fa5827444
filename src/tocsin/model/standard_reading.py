"""Read the standard message of releases, as other release systems send it.

Pure. Numbers as text are numbers, numbers as names are text, a name alone stands for what has it;
fields that are not known are kept. What cannot be meant is refused with a sentence.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.go_duration import parse_go_duration
from tocsin.model.logline import clean_text
from tocsin.model.times import parse_instant

SOURCE = "release"
MAX_NAME_CHARS = 200
MAX_TEXT_CHARS = 10_000
MAX_HOSTS = 10_000
MAX_COUNT = 1_000_000_000
MAX_DURATION_S = 31_536_000
MAX_DEPTH = 64
_LARGEST_INT = 2**63 - 1


def _seconds(value: Any) -> Any:
    """Seconds, out of Go's text or a number; pydantic refuses what is neither."""
    if isinstance(value, str):
        seconds = parse_go_duration(value)
        return value.strip() or None if seconds is None else seconds
    return value


def _named(value: Any) -> Any:
    """A name alone is the name of something without more."""
    is_name = isinstance(value, str | int) and not isinstance(value, bool)
    return {"id": str(value), "name": str(value)} if is_name else value


_NO_NUL = r"^[^\x00]*$"
_Name = Annotated[
    str | None,
    StringConstraints(strip_whitespace=True, max_length=MAX_NAME_CHARS, pattern=_NO_NUL),
]
_Text = Annotated[str | None, StringConstraints(max_length=MAX_TEXT_CHARS, pattern=_NO_NUL)]
_Count = Annotated[int | None, Field(ge=0, le=MAX_COUNT)]
_Duration = Annotated[
    Annotated[float, Field(ge=0, le=MAX_DURATION_S, allow_inf_nan=False)] | None,
    BeforeValidator(_seconds),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)


class _Thing(_Part):
    id: _Name = None
    name: _Name = None
    description: _Text = None


class _Task(_Part):
    id: _Name = None
    type: _Name = None
    strategy: _Name = None
    status: _Name = None


class _Deployment(_Part):
    total_count: _Count = None
    canary_count: _Count = None
    completed_count: _Count = None
    failed_count: _Count = None
    hosts: Annotated[list[_Name] | None, Field(max_length=MAX_HOSTS)] = None


class _Message(_Part):
    event_type: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=1, max_length=MAX_NAME_CHARS, pattern=_NO_NUL
        ),
    ]
    project: Annotated[_Thing | None, BeforeValidator(_named)] = None
    version: Annotated[_Thing | None, BeforeValidator(_named)] = None
    task: _Task | None = None
    deployment: _Deployment | None = None
    duration: _Duration = None
    environment: _Name = None


# pydantic's words for what can be wrong, and ours.
_SENTENCES = {
    "missing": "expected a value",
    "string_type": "expected text",
    "string_too_short": "expected a value",
    "string_pattern_mismatch": "expected text without NUL and lone surrogates",
    "string_unicode": "expected text without NUL and lone surrogates",
    "model_type": "expected an object",
    "list_type": "expected a list",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "int_parsing_size": "expected a smaller number",
    "less_than_equal": "expected a smaller number",
    "greater_than_equal": "expected 0 or more",
    "finite_number": "expected a duration such as 5m30s, or seconds",
    "float_parsing": "expected a duration such as 5m30s, or seconds",
    "float_type": "expected a duration such as 5m30s, or seconds",
}


def read_standard(
    body: Mapping[str, Any], received_at: datetime, delivery_id: str = ""
) -> NewEvent:
    """The event that a standard message is; `delivery_id` tells a repeat of the same delivery.

    Raises:
        Rejected: 422, with every field that is wrong.
    """
    _check_depth(body)
    try:
        said = _Message.model_validate(body)
    except ValidationError as error:
        raise _bad_fields(error) from None
    data = _keepable(said.model_dump(exclude_unset=True))
    timestamp = data.get("timestamp")
    at = parse_instant(timestamp)
    project, task = said.project or _Thing(), said.task or _Task()
    return NewEvent(
        id=new_event_id(),
        source=SOURCE,
        type=said.event_type,
        project=project.id or project.name or "",
        subject=task.id or "",
        occurred_at=at or received_at,
        received_at=received_at,
        data=data,
        dedupe=_dedupe(delivery_id) if delivery_id else None,
        occurred_text=None if at or timestamp is None else str(timestamp)[:MAX_NAME_CHARS],
    )


def _dedupe(delivery_id: str) -> str:
    if len(delivery_id) > MAX_NAME_CHARS:
        delivery_id = "sha256:" + hashlib.sha256(delivery_id.encode()).hexdigest()
    return f"{SOURCE}\n{delivery_id}"


def _bad_fields(error: ValidationError) -> Rejected:
    # Values are left out: they may be secrets.
    found = error.errors(include_url=False, include_input=False, include_context=False)
    faults = [
        FieldFault(".".join(map(str, one["loc"])), _SENTENCES.get(one["type"], one["msg"]))
        for one in found
    ]
    message = "; ".join(f"{one.field}: {one.message}" for one in faults[:5])
    return Rejected(422, Reason.BAD_FIELD, message, fields=faults)


def _check_depth(body: Any) -> None:
    level = [body]
    for _ in range(MAX_DEPTH):
        level = [one for outer in level for one in _inner(outer)]
    if level:
        message = f"expected at most {MAX_DEPTH} levels"
        raise Rejected(422, Reason.TOO_DEEP, message, fields=(FieldFault("", message),))


def _inner(outer: Any) -> Iterable[Any]:
    if isinstance(outer, Mapping):
        return outer.values()
    return outer if isinstance(outer, list) else ()


def _keepable(value: Any) -> Any:
    """`value` with what no database keeps replaced; names and ids have none of that."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(str(key)): _keepable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_keepable(one) for one in value]
    return str(value) if isinstance(value, int) and abs(value) > _LARGEST_INT else value
