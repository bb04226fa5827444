"""The journal read back: filters as `EventFilter.matches` has them, off the indexes, in pages."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.journal import Told, at, event, told_in
from tests.plans import is_whole_scan, noted, plan_of
from tocsin.model.cloudevent import cloudevent_of, event_json
from tocsin.model.event import NewEvent
from tocsin.model.filters import EventFilter
from tocsin.store import events as stored
from tocsin.store import keyset
from tocsin.store.tables.journal import events

EVERYTHING = EventFilter()
SOURCES = st.sampled_from(["github", "deployment", "Deployment"])
TYPES = st.sampled_from(["a", "ab", "a_b", "b", "A", "a?b", "a[b]", "步骤", "\U0010ffff"])
PATTERNS = TYPES | st.sampled_from(["*", "a*", "*b", "a*b", "a?*", "a[*", "*]", "步*", "A*", "x*"])
PROJECTS = st.sampled_from(["", "shop", "рынок"])
SUBJECTS = st.sampled_from(["", "1", "2"])
SECONDS = st.integers(0, 600)


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.just(()) | st.lists(values, min_size=1, max_size=3).map(tuple)


NEW = st.builds(
    lambda seconds, **fields: event(received_at=at(seconds), **fields),
    SECONDS,
    kind=TYPES,
    source=SOURCES,
    project=PROJECTS,
    subject=SUBJECTS,
)
FILTERS = st.builds(
    EventFilter,
    sources=some(SOURCES),
    types=some(PATTERNS),
    projects=some(PROJECTS),
    subjects=some(SUBJECTS),
    since=st.none() | SECONDS.map(at),
    until=st.none() | SECONDS.map(at),
)


@pytest.fixture
async def told(tmp_path: Path, database_url: str) -> AsyncGenerator[Told, None]:
    async with told_in(tmp_path, database_url) as told:
        yield told


async def seqs_of(told: Told, wanted: EventFilter = EVERYTHING, **how: Any) -> list[int]:
    """All that fit, over all pages."""
    limit, found = how.pop("limit", 100), []
    is_ascending = how.get("is_ascending", False)
    async with told.database.read() as conn:
        while True:
            page = await stored.page(conn, wanted, limit, **how)
            found += [one.seq for one in page.items]
            if not page.is_more:
                return found
            how["after_seq" if is_ascending else "before_seq"] = found[-1]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NEW, max_size=14), st.lists(FILTERS, min_size=1, max_size=6), st.booleans())
async def test_lists_and_streams_agree_on_what_fits(
    told: Told, new: list[NewEvent], filters: list[EventFilter], has_many_types: bool
) -> None:
    await told.database.write(lambda conn: conn.execute(events.delete()))
    await told.append(new)
    with pytest.MonkeyPatch.context() as patch:
        if has_many_types:
            patch.setattr(stored, "_MAX_TYPES", 0)
        async with told.database.read() as conn:
            everything = (await stored.page(conn, EVERYTHING, 100, is_ascending=True)).items
            for wanted in filters:
                fitting = [one.seq for one in everything if wanted.matches(one)]

                assert await seqs_of(told, wanted, limit=3) == fitting[::-1]
                assert await seqs_of(told, wanted, limit=2, is_ascending=True) == fitting

    assert len(everything) == len(new)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(NEW, max_size=14),
    st.frozensets(FILTERS, max_size=3),
    st.integers(1, 5),
    st.sampled_from([1, 40, 10_000]),
)
async def test_pages_of_any_of_several_filters_leave_nothing_out_and_repeat_nothing(
    told: Told,
    new: list[NewEvent],
    filters: frozenset[EventFilter],
    limit: int,
    page_chars: int,
) -> None:
    await told.database.write(lambda conn: conn.execute(events.delete()))
    await told.append(new)
    found: list[int] = []
    is_more = True
    async with told.database.read() as conn:
        everything = (await stored.page(conn, EVERYTHING, 100, is_ascending=True)).items
        while is_more:
            after = found[-1] if found else 0
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(keyset, "PAGE_CHARS", page_chars)
                page = await stored.page_of_any(conn, filters, limit, after)
            assert len(page.items) <= limit
            assert page.items or not page.is_more
            found += [one.seq for one in page.items]
            is_more = page.is_more

    assert found == [one.seq for one in everything if any(f.matches(one) for f in filters)]


async def test_a_page_of_any_ends_with_the_filter_whose_page_ends_first(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "PAGE_CHARS", 1_000)
    large = [event("large", data="x" * 900) for _ in range(2)]
    await told.append([large[0], event("small"), large[1], event("small"), event("small")])
    filters = [EventFilter(types=(one,)) for one in ("small", "large")]

    async with told.database.read() as conn:
        first = await stored.page_of_any(conn, filters, 10, 0)
        second = await stored.page_of_any(conn, filters, 10, 1)

    assert ([one.seq for one in first.items], first.is_more) == ([1], True)
    assert ([one.seq for one in second.items], second.is_more) == ([2, 3, 4, 5], False)


async def test_an_event_is_read_as_it_was_stored(told: Told) -> None:
    new = event(
        "日志",
        occurred_at=at(-5.000_001),
        occurred_text="...",
        data={"text": "\x1b[31m", "n": [1, None]},
        attributes={"specversion": "1.0", "id": "x"},
        id="a/b",
    )
    await told.append([new])

    async with told.database.read() as conn:
        read = await stored.by_id(conn, "a/b")
        missing = await stored.by_id(conn, "b")

    assert missing is None
    assert read is not None
    assert (read.seq, read.type, read.occurred_at) == (1, "日志", new.occurred_at)
    assert (read.occurred_text, read.attributes) == ("...", new.attributes)
    assert orjson.loads(orjson.dumps(event_json(read)))["data"] == new.data


async def test_an_event_without_data_has_none_as_a_cloudevent_either(told: Told) -> None:
    await told.append([event(data=None)])

    async with told.database.read() as conn:
        (read,) = (await stored.page(conn, EVERYTHING, 1)).items

    assert read.data is None
    assert "data" not in cloudevent_of(read)


async def test_of_several_events_with_one_id_the_newest_is_shown(told: Told) -> None:
    await told.append([event("first", id="1"), event("second", id="1")])

    async with told.database.read() as conn:
        read = await stored.by_id(conn, "1")

    assert read is not None
    assert read.type == "second"


async def test_the_newest_seq_of_an_empty_journal_is_0(told: Told) -> None:
    async with told.database.read() as conn:
        before = await stored.newest_seq(conn)
    await told.append([event(), event()])
    async with told.database.read() as conn:
        after = await stored.newest_seq(conn)

    assert (before, after) == (0, 2)


async def test_bounds_hold_in_both_directions(told: Told) -> None:
    await told.append([event() for _ in range(9)])

    assert await seqs_of(told, after_seq=3, before_seq=7) == [6, 5, 4]
    assert await seqs_of(told, after_seq=3, before_seq=7, is_ascending=True) == [4, 5, 6]
    assert await seqs_of(told, after_seq=2**63 - 1) == []


async def test_a_page_of_large_events_ends_early(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "PAGE_CHARS", 1_000)
    await told.append([event(data="x" * 400) for _ in range(5)])

    async with told.database.read() as conn:
        page = await stored.page(conn, EVERYTHING, 5)

    assert [one.seq for one in page.items] == [5, 4]
    assert page.is_more
    assert await seqs_of(told, limit=5) == [5, 4, 3, 2, 1]


async def test_a_narrow_filter_leads_a_wide_one(told: Told) -> None:
    await told.append([event("many", project="one") for _ in range(50)])
    await told.append([event("many", project="other"), event("few", project="one")])

    assert await seqs_of(told, EventFilter(types=("many",), projects=("other",))) == [51]
    assert await seqs_of(told, EventFilter(types=("few",), projects=("one",))) == [52]
    assert await seqs_of(told, EventFilter(types=("few",), projects=("other",))) == []


SINGLE = [
    (EventFilter(sources=("test",)), {}),
    (EventFilter(types=("a",)), {}),
    (EventFilter(types=("a", "b")), {}),
    (EventFilter(types=("a*",)), {}),
    (EventFilter(projects=("shop",)), {}),
    (EventFilter(projects=("shop", "")), {}),
    (EventFilter(subjects=("1",)), {}),
    (EventFilter(since=at(100)), {}),
    (EventFilter(until=at(100)), {}),
    (EVERYTHING, {"after_seq": 5}),
    (EVERYTHING, {"before_seq": 5}),
    (EventFilter(types=("a",), projects=("shop",), since=at(1)), {}),
]


@pytest.mark.parametrize(("wanted", "how"), SINGLE, ids=str)
@pytest.mark.parametrize("is_ascending", [False, True])
async def test_no_filter_reads_the_whole_journal(
    told: Told, wanted: EventFilter, how: dict[str, Any], is_ascending: bool
) -> None:
    await told.append([event(kind, received_at=at(60 * n)) for n, kind in enumerate("abc" * 9)])
    async with noted(told.database) as said, told.database.read() as conn:
        await stored.page(conn, wanted, 10, is_ascending=is_ascending, **how)
    async with told.database.read() as conn:
        plans = [(one[0], await plan_of(conn, one)) for one in said]

    assert plans
    for text, plan in plans:
        scans = [line for line in plan if is_whole_scan(line, "events")]
        sorts = [line for line in plan if "TEMP B-TREE" in line]
        # The newest and oldest seq are looked for without a condition: one step each.
        assert not scans or "min(" in text or "max(" in text, (text, plan)
        if "UNION ALL" not in text:
            assert not sorts, (text, plan)


async def test_a_time_far_off_is_found_without_reading_what_lies_between(told: Told) -> None:
    await told.append([event(received_at=at(0) + timedelta(hours=n)) for n in range(100)])

    assert await seqs_of(told, EventFilter(since=at(98 * 3600))) == [100, 99]
    assert await seqs_of(told, EventFilter(until=at(2 * 3600))) == [2, 1]
    assert await seqs_of(told, EventFilter(since=at(10**9))) == []
    assert await seqs_of(told, EventFilter(until=at(-(10**9)))) == []
