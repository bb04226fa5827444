"""The shapes in which the API speaks about the set-ups of sources and their secrets."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tocsin.model.inbound_call import Counts, SetUpKey
from tocsin.model.source_setup import SecretView, SetUpView
from tocsin.model.times import rfc3339
from tocsin.settings.schema import SET_UP_NAMES, is_set_up_name
from tocsin.web.access_shapes import not_a_switch
from tocsin.web.reading_shapes import Instant, Shape

# Stands in addresses for the kind itself, whose name is empty.
NO_NAME = "-"

Origin = Literal["settings", "stored"]

KindPath = Annotated[str, Path(max_length=64, description="The kind of source.")]
NamePath = Annotated[
    str, Path(max_length=64, description="The set-up's name; `-` is the kind itself.")
]


def key_of(kind: str, name: str) -> SetUpKey:
    """The set-up that an address names."""
    return kind, "" if name == NO_NAME else name


def _set_up_name(name: str) -> str:
    if not is_set_up_name(name):
        message = f"expected {SET_UP_NAMES}"
        raise ValueError(message)
    return name


# As senders make theirs; it has to pass through a header.
OwnSecret = Annotated[str, Field(min_length=8, max_length=500, pattern=r"^[\x21-\x7e]+$")]


class _FromOutside(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewSetUp(_FromOutside):
    """A source set up once more; without `secret` one is made."""

    kind: Annotated[str, Field(max_length=64)]
    name: Annotated[str, AfterValidator(_set_up_name)]
    secret: OwnSecret | None = Field(
        default=None, repr=False, description="For senders that make it themselves."
    )


class Rotation(_FromOutside):
    """Without `secret` one is made."""

    keep_former_s: Annotated[int, Field(ge=0, le=2_592_000), BeforeValidator(not_a_switch)] = Field(
        default=86_400, description="Seconds for which the former secrets stay good."
    )
    secret: OwnSecret | None = Field(default=None, repr=False)


class SecretShape(Shape):
    """A secret that is good now, by its last letters."""

    id: str
    origin: Origin
    hint: str
    created_at: Instant | None = Field(description="Null of one in the settings.")
    ends_at: Instant | None = Field(description="Null of the present one.")

    @classmethod
    def of(cls, one: SecretView) -> Self:
        return cls(
            id=one.id,
            origin="stored" if one.is_stored else "settings",
            hint=one.hint,
            created_at=rfc3339(one.created_at),
            ends_at=rfc3339(one.ends_at),
        )


class SourceShape(Shape):
    kind: str
    name: str = Field(description="Empty for the kind itself.")
    addresses: Sequence[str]
    verification: Literal["open", "secret", "signature", "keys"] = Field(
        description="open: by where a call comes from, and by tokens."
    )
    origin: Origin
    stored: int = Field(description="Calls whose events were stored, since ever.")
    rejected: int = Field(description="Calls that were refused, since ever.")
    last_stored_at: Instant | None
    last_rejected_at: Instant | None
    last_rejected_reason: str | None
    secrets: Sequence[SecretShape] = Field(description="The present one first.")
    can_test: bool

    @classmethod
    def of(cls, one: SetUpView, counts: Counts | None, /, **more: str) -> Self:
        counted = counts or Counts()
        return cls.model_validate(
            {
                "kind": one.kind,
                "name": one.name,
                "addresses": one.addresses,
                "verification": one.verification.value,
                "origin": "stored" if one.is_stored else "settings",
                "stored": counted.stored,
                "rejected": counted.rejected,
                "last_stored_at": rfc3339(counted.last_stored_at),
                "last_rejected_at": rfc3339(counted.last_rejected_at),
                "last_rejected_reason": counted.last_rejected_reason,
                "secrets": [SecretShape.of(secret) for secret in one.secrets],
                "can_test": one.can_test,
                **more,
            }
        )


class CreatedSource(SourceShape):
    """The only answer that shows the secret whole."""

    secret: str = Field(repr=False)


class SourcesList(Shape):
    items: Sequence[SourceShape]
    next_cursor: None = None


class RotatedSecret(Shape):
    """The only answer that shows the new secret whole."""

    secret: str = Field(repr=False)
    secrets: Sequence[SecretShape]
