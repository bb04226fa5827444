"""An event as it is handed to live clients."""

import orjson
import pytest

from tests.live.hearing import entry
from tocsin.model.entry import read_out


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


def test_what_is_read_out_has_what_it_says_in_place_of_its_json() -> None:
    kept = entry(7, data=orjson.Fragment(b'{"a":[1.50,null]}')).event

    found = read_out(kept)

    assert (found.seq, found.data) == (7, {"a": [1.5, None]})
