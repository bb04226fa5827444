"""What the shapes say in the OpenAPI document is what they take."""

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tocsin.model.people import name_fault
from tocsin.web.access_shapes import NewPerson, NewToken, PersonChange, SignInBody

NAMES = ("name", "password", "code", "role", "expires_days", "is_disabled", "more")
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 4000),
    st.sampled_from(["viewer", "mina", "none", "yes", "correct horse", "", " x", "x" * 300]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
changes = st.dictionaries(st.sampled_from(NAMES), values, max_size=2)
SHAPES: tuple[tuple[type[BaseModel], dict[str, object]], ...] = (
    (SignInBody, {"name": "mina", "password": "correct horse"}),
    (SignInBody, {"code": "x"}),
    (NewPerson, {"name": "mina", "password": "correct horse", "role": "viewer"}),
    (NewToken, {"name": "ci", "role": "sender", "expires_days": 5}),
    (PersonChange, {}),
)


@pytest.mark.parametrize(("shape", "good"), SHAPES)
@given(changed=changes)
def test_a_body_is_taken_when_the_document_says_so(
    shape: type[BaseModel], good: dict[str, object], changed: dict[str, object]
) -> None:
    body = {**good, **changed}
    schema = shape.model_json_schema()
    is_declared = jsonschema.Draft202012Validator(schema).is_valid(body)
    try:
        shape.model_validate(body)
        is_taken = True
    except ValidationError:
        is_taken = False

    assert is_taken is is_declared


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_the_document_and_the_rule_agree_on_names(name: str) -> None:
    body = {"name": name, "role": "viewer"}
    try:
        NewToken.model_validate(body)
        is_taken = True
    except ValidationError:
        is_taken = False

    assert is_taken is (name_fault(name) is None)


def test_a_secret_is_in_no_repr_and_no_error() -> None:
    body = SignInBody(name="mina", password="hunter2hunter2")

    assert "hunter2" not in repr(body)
    with pytest.raises(ValidationError) as refused:
        NewPerson.model_validate({"name": "mina", "password": "hunter2", "role": "viewer"})
    assert "hunter2" not in str(refused.value)
