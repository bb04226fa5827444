"""Types for the fields of senders' messages: lenient about spelling, strict about meaning.

Pure. Numbers as text are numbers, numbers as ids are text; what cannot be meant is refused with
a sentence that says what was expected. Used with pydantic by the sources.
"""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError

from tocsin.errors import FieldFault, Reason, Rejected

# What the documents of the senders allow for ids and names.
MAX_NAME_CHARS = 200

# A year in seconds: longer than any deployment, and short of what overflows an instant.
MAX_DURATION_S = 31_536_000.0


def _duration(value: Any) -> float | None:
    if isinstance(value, str):
        text = value.strip().lower()
        if text in ("", "null", "none", "undefined"):
            return None
        try:
            value = float(text)
        except ValueError as error:
            raise ValueError("expected a number of seconds") from error
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected a number of seconds")  # noqa: TRY004 - pydantic collects these
    # NaN is refused here too: it is on neither side of anything.
    if not 0 <= value <= MAX_DURATION_S:
        raise ValueError("expected a number of seconds from 0 to 31536000")
    return abs(float(value))  # -0.0 is 0


Model = TypeVar("Model", bound=BaseModel)

Name = Annotated[
    str | None,
    StringConstraints(strip_whitespace=True, max_length=MAX_NAME_CHARS, pattern=r"^[^\x00]*$"),
]
"""An id, a name or a word: short, without surrounding space. A number is taken as its text.

In a log line NUL and lone surrogates are replaced; an id that was changed would be another id.
"""

Duration = Annotated[float | None, BeforeValidator(_duration)]
"""Seconds; None when not said."""

# pydantic's words for what can be wrong with these types, and ours.
_SENTENCES = {
    "string_type": "expected text",
    "string_too_long": f"expected at most {MAX_NAME_CHARS} characters",
    "string_pattern_mismatch": "expected text without NUL and lone surrogates",
    "string_unicode": "expected text without NUL and lone surrogates",
    "dict_type": "expected an object",
}


def validated(model: type[Model], value: Any) -> Model:
    """`value` as `model`.

    Raises:
        Rejected: 400, with every field that is wrong.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise bad_fields(faults_of(error)) from None


def faults_of(error: ValidationError) -> list[FieldFault]:
    """What pydantic found, in a sender's words; values are left out, they may be secrets."""
    return [
        FieldFault(
            ".".join(str(part) for part in found["loc"]),
            _SENTENCES.get(found["type"], found["msg"].removeprefix("Value error, ")),
        )
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def bad_fields(faults: list[FieldFault], status: int = 400) -> Rejected:
    """A refusal that names each field in `faults`."""
    message = "; ".join(f"{fault.field}: {fault.message}" for fault in faults[:5])
    return Rejected(status, Reason.BAD_FIELD, message, fields=faults)
