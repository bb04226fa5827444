"""Bytes cut at any places, as pipes do."""

from itertools import pairwise

from hypothesis import strategies as st


def pieces(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """Lists of pieces that together are `data`."""
    cuts = st.lists(st.integers(0, len(data)), max_size=8)
    return cuts.map(lambda at: [data[a:b] for a, b in pairwise([0, *sorted(at), len(data)])])
