"""How a setting is written in each place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest.source import find_sources
from tocsin.settings.names import PLAIN_NAMES, dotted, environment_name, key_of
from tocsin.settings.shape import Key, find, shape_of

WORDS = st.from_regex(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", fullmatch=True)


@pytest.mark.parametrize(
    ("key", "in_a_file", "outside"),
    [
        (("listen",), "listen", "TOCSIN_LISTEN"),
        (("ingest", "max_depth"), "ingest.max_depth", "TOCSIN_INGEST__MAX_DEPTH"),
        (("retention", "by_type", "log_*"), 'retention.by_type."log_*"', None),
    ],
)
def test_a_key_is_written_as_its_place_wants_it(
    key: Key, in_a_file: str, outside: str | None
) -> None:
    assert dotted(key) == in_a_file
    assert outside is None or environment_name(key) == outside


@given(st.lists(WORDS, min_size=1, max_size=3).map(tuple))
def test_a_variable_leads_back_to_its_key(key: Key) -> None:
    name = environment_name(key)

    assert name in ("TOCSIN_URL", "TOCSIN_TOKEN") or key_of(name) == key


@pytest.mark.parametrize("name", ["TOCSIN_URL", "TOCSIN_TOKEN", "DATABASE_URL", "PATH"])
def test_what_belongs_to_others_is_no_setting(name: str) -> None:
    assert key_of(name) is None


def test_every_plain_name_means_a_setting_there_is() -> None:
    root = shape_of({name: kind.Options for name, kind in find_sources().items()})

    assert [name for name, key in PLAIN_NAMES.items() if find(root, key) is None] == []
