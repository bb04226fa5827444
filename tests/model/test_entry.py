"""An event as it is handed to live clients."""

import orjson
import pytest

from tests.live.hearing import entry


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, None),
        (orjson.Fragment(b'{"a":[1.50,null]}'), {"a": [1.5, None]}),
        (["ä"], ["ä"]),
    ],
)
def test_its_data_is_read_once(data: object, expected: object) -> None:
    one = entry(7, data=data)

    first, second = one.data, one.data

    assert first == expected
    assert second is first
    assert one.seq == 7
    assert one.standing is None
