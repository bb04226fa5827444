"""The shapes in which the API speaks about who may do what, one for each way in or out."""

from typing import Annotated, Literal, Self

from fastapi import Path, Query
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from tocsin.model.access import Caller
from tocsin.model.people import (
    MAX_NAME_CHARS,
    MAX_PASSWORD_CHARS,
    MIN_PASSWORD_CHARS,
    NAME_PATTERN,
    Person,
)
from tocsin.model.times import rfc3339
from tocsin.model.tokens import Token

RoleWord = Literal["sender", "viewer", "operator", "admin"]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS, pattern=NAME_PATTERN)]
NewPassword = Annotated[str, Field(min_length=MIN_PASSWORD_CHARS, max_length=MAX_PASSWORD_CHARS)]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

IdPath = Annotated[str, Path(min_length=1, max_length=64)]
LimitQuery = Annotated[int, Query(ge=1, le=1000)]
CursorQuery = Annotated[str | None, Query(max_length=64, pattern=r"^[0-9a-f-]+$")]


def not_a_switch(value: object) -> object:
    """Numbers come as text, too, but `true` is nobody's number of days."""
    if isinstance(value, bool):
        raise ValueError("expected a whole number")  # noqa: TRY004 - pydantic takes this for a fault
    return value


class _FromOutside(BaseModel):
    # A misspelt "role" that is passed over would leave somebody with a right nobody meant.
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SignInBody(_FromOutside):
    """Either a name and a password, or a one-time code."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["name", "password"]}, {"required": ["code"]}],
        }
    )

    name: str = Field(default="", max_length=1000)
    password: str = Field(default="", max_length=1000, repr=False)
    code: str = Field(default="", max_length=1000, repr=False)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        has_password = {"name", "password"} <= self.model_fields_set
        if has_password == ("code" in self.model_fields_set):
            raise ValueError("expected name and password, or code")
        return self

    @property
    def has_code(self) -> bool:
        return "code" in self.model_fields_set


class SessionView(BaseModel):
    """Who you are. `csrf` goes into the header X-CSRF-Token of each change."""

    role: Literal["none", "sender", "viewer", "operator", "admin"]
    name: str
    kind: Literal["local", "token", "session", "nobody"]
    csrf: str | None

    @classmethod
    def of(cls, caller: Caller, csrf: str | None) -> Self:
        return cls.model_validate(
            {"role": caller.role.word, "name": caller.name, "kind": caller.kind, "csrf": csrf}
        )


class OwnPassword(_FromOutside):
    """The password one has, and the one to have from now on."""

    current: str = Field(max_length=1000, repr=False)
    new: NewPassword = Field(repr=False)


class NewPerson(_FromOutside):
    name: Name
    password: NewPassword = Field(repr=False)
    role: RoleWord


class PersonChange(_FromOutside):
    """What is left out, or null, stays as it is."""

    role: RoleWord | None = None
    password: NewPassword | None = Field(default=None, repr=False)
    is_disabled: StrictBool | None = None


class PersonView(BaseModel):
    id: str
    name: str
    role: RoleWord
    created_at: Instant
    disabled_at: Instant | None

    @classmethod
    def of(cls, person: Person) -> Self:
        return cls.model_validate(
            {
                "id": person.id,
                "name": person.name,
                "role": person.role.word,
                "created_at": rfc3339(person.created_at),
                "disabled_at": rfc3339(person.disabled_at),
            }
        )


class PeoplePage(BaseModel):
    items: list[PersonView]
    next_cursor: str | None


class NewToken(_FromOutside):
    """Without `expires_days` a token is good until it is revoked."""

    name: Name
    role: RoleWord
    expires_days: Annotated[int, Field(ge=1, le=3650), BeforeValidator(not_a_switch)] | None = None


class TokenView(BaseModel):
    id: str
    name: str
    role: RoleWord
    created_at: Instant
    created_by: str
    expires_at: Instant | None
    last_used_at: Instant | None
    revoked_at: Instant | None

    @classmethod
    def of(cls, token: Token, /, **more: str) -> Self:
        return cls.model_validate(
            {
                "id": token.id,
                "name": token.name,
                "role": token.role.word,
                "created_at": rfc3339(token.created_at),
                "created_by": token.created_by,
                "expires_at": rfc3339(token.expires_at),
                "last_used_at": rfc3339(token.last_used_at),
                "revoked_at": rfc3339(token.revoked_at),
                **more,
            }
        )


class CreatedToken(TokenView):
    """The only answer that ever shows a token's text."""

    token: str = Field(repr=False)


class TokensPage(BaseModel):
    items: list[TokenView]
    next_cursor: str | None
