"""Who sends what is wrong is told of each field."""

import pytest

from tocsin.errors import FieldFault, Rejected
from tocsin.web.callbacks.faults import bad_field, refuse


def test_all_faults_are_told() -> None:
    refuse([])
    with pytest.raises(Rejected) as raised:
        refuse([FieldFault("a", "one"), FieldFault("b", "two")])

    assert raised.value.message == "a: one; b: two"


def test_one_fault_names_its_field() -> None:
    found = bad_field("a", "expected b")

    assert (found.status, found.message) == (422, "a: expected b")
    assert found.fields == (FieldFault("a", "expected b"),)
