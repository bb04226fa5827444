"""Sources are found in their folder, and a delivery's key tells a repeat and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.samples import call
from tocsin.errors import Reason, Rejected
from tocsin.ingest import sources
from tocsin.ingest.source import (
    MAX_KEY_BYTES,
    MAX_KEY_CHARS,
    bounded_key,
    check_key,
    dedupe_key,
    find_sources,
)


def test_every_source_in_the_folder_is_found() -> None:
    folder = Path(sources.__file__).parent
    names = {path.stem for path in folder.glob("[a-z]*.py")}

    assert set(find_sources()) == names >= {"cloudevents", "deployment", "github"}


@pytest.mark.parametrize(
    ("headers", "own_id", "key"),
    [
        ({}, "", None),
        ({"idempotency-key": ""}, "", None),
        ({"idempotency-key": "k"}, "", "deployment\nci\nshop\nk"),
        ({"webhook-id": "w"}, "", "deployment\nci\nshop\nw"),
        ({"idempotency-key": "k", "webhook-id": "w"}, "", "deployment\nci\nshop\nk"),
        ({"idempotency-key": "k"}, "own", "deployment\nci\nshop\nown"),
    ],
)
def test_the_senders_own_id_counts_first(
    headers: dict[str, str], own_id: str, key: str | None
) -> None:
    assert dedupe_key("deployment", call(b"{}", headers, name="ci"), "shop", own_id) == key


@pytest.mark.parametrize("name", ["idempotency-key", "webhook-id"])
def test_a_key_that_is_too_long_to_be_one_is_refused(name: str) -> None:
    check_key({name: "k" * MAX_KEY_CHARS})

    with pytest.raises(Rejected) as raised:
        check_key({name: "k" * (MAX_KEY_CHARS + 1)})

    assert (raised.value.status, raised.value.reason) == (400, Reason.BAD_FIELD)
    assert [fault.field for fault in raised.value.fields] == [name]


_part = st.text("ab", max_size=2)


@given(st.tuples(_part, _part, _part), st.tuples(_part, _part, _part))
def test_the_same_id_from_elsewhere_is_another_delivery(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    def key(name: str, scope: str, own_id: str) -> str | None:
        return dedupe_key("deployment", replace(call(b"{}"), name=name), scope, own_id + "!")

    assert (key(*one) == key(*other)) == (one == other)


@given(st.text(max_size=500), st.text(max_size=500))
def test_a_key_of_any_length_fits_into_an_index(one: str, other: str) -> None:
    first, second = (bounded_key(f"deployment\n{part * 3}") for part in (one, other))

    assert len(first.encode(errors="surrogatepass")) <= MAX_KEY_BYTES
    assert first.startswith("deployment\n")
    assert (first == second) == (one == other)


def test_a_long_key_is_still_the_same_delivery() -> None:
    scope = "长" * 600

    key = dedupe_key("deployment", call(b"{}"), scope, "1")

    assert key == dedupe_key("deployment", call(b"{}"), scope, "1")
    assert key != dedupe_key("deployment", call(b"{}"), scope, "2")
    assert key is not None
    assert len(key.encode()) < 100
