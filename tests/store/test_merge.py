"""Two tables side by side: every row once, with its like if there is one."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.store.merge import Row, merged

KEYS = st.tuples(st.integers(0, 6), st.text("aé中\U0001f600", max_size=2))
TABLES = st.dictionaries(KEYS, st.integers(0, 2))


def rows(table: dict[tuple[int, str], int]) -> list[Row]:
    """The rows as a database gives them, with the value before and between the key's columns."""
    return [(value, text, value, number) for (number, text), value in sorted(table.items())]


@given(TABLES, TABLES)
def test_each_row_comes_once_with_its_like(
    left: dict[tuple[int, str], int], right: dict[tuple[int, str], int]
) -> None:
    found = list(merged(rows(left), rows(right), (3, 1)))

    assert [one for one, _ in found if one is not None] == rows(left)
    assert [one for _, one in found if one is not None] == rows(right)
    keys = [(row[3], row[1]) for one, other in found if (row := one or other) is not None]
    assert keys == sorted(keys)
    for one, other in found:
        assert one is None or other is None or (one[3], one[1]) == (other[3], other[1])
    assert len(found) == len(left.keys() | right.keys())


def test_nothing_beside_nothing_is_nothing() -> None:
    assert list(merged([], [], (0,))) == []
