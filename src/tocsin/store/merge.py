"""Put two tables side by side. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

Row = tuple[Any, ...]


def merged(
    left: Iterable[Row], right: Iterable[Row], key: Sequence[int]
) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows of the same key together, in order of the keys; None stands for what one side lacks.

    Both sides are in that order already, with each key once; it is in the columns `key`.
    """
    rights = iter(right)
    other = next(rights, None)
    for one in left:
        place = [one[n] for n in key]
        while other is not None and [other[n] for n in key] < place:
            yield None, other
            other = next(rights, None)
        if other is not None and [other[n] for n in key] == place:
            yield one, other
            other = next(rights, None)
        else:
            yield one, None
    while other is not None:
        yield None, other
        other = next(rights, None)
