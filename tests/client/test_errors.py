"""An answer's error names each field once."""

import pytest

from tocsin.client.errors import Fault, Refused


@pytest.mark.parametrize(
    ("message", "faults", "expected"),
    [
        ("bad", [], "bad"),
        ("bad", [Fault("a", "x"), Fault("", "y")], "bad (a: x; y)"),
        ("x", [Fault("", "x")], "x"),
    ],
)
def test_the_text_holds_message_and_faults(
    message: str, faults: list[Fault], expected: str
) -> None:
    assert str(Refused(400, message, faults)) == expected
