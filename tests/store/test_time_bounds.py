"""A span of time in the journal is found exactly, for times that are almost in order."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.journal import Told, at, event, told_in
from tocsin.model.times import to_us
from tocsin.store.tables.journal import events
from tocsin.store.time_bounds import SLACK, first_and_last, within

# Now and then hours pass; times are off by up to a quarter of an hour.
GAPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 4_000]), st.integers(0, SLACK // timedelta(seconds=1))),
    max_size=12,
)
SPANS = st.tuples(*(st.none() | st.integers(-1_000, 30_000).map(at),) * 2)


@pytest.fixture
async def told(tmp_path: Path, database_url: str) -> AsyncGenerator[Told, None]:
    async with told_in(tmp_path, database_url) as told:
        yield told


async def seqs_within(told: Told, since: datetime | None, until: datetime | None) -> list[int]:
    async with told.database.read() as conn:
        where = await within(conn, events.c.seq, events.c.received_at, since, until)
        found = select(events.c.seq).where(*where).order_by(events.c.seq)
        return list((await conn.execute(found)).scalars())


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GAPS, st.lists(SPANS, min_size=1, max_size=8))
async def test_a_span_holds_exactly_the_rows_of_its_times(
    told: Told,
    gaps: list[tuple[int, int]],
    spans: list[tuple[datetime | None, datetime | None]],
) -> None:
    passed = 0
    times: list[datetime] = []
    for gap, late in gaps:
        passed += gap
        times.append(at(passed + late))

    await told.database.write(lambda conn: conn.execute(events.delete()))
    await told.append([event(received_at=time) for time in times])
    for since, until in spans:
        found = await seqs_within(told, since, until)

        assert found == [
            seq
            for seq, time in enumerate(times, 1)
            if (since is None or time >= since) and (until is None or time < until)
        ]


async def test_removed_rows_are_no_hindrance(told: Told) -> None:
    await told.append([event(received_at=at(3600 * hour)) for hour in range(20)])
    gone = events.delete().where(events.c.seq.between(3, 15))
    await told.database.write(lambda conn: conn.execute(gone))

    found = await seqs_within(told, at(3600), at(3600 * 17))

    assert found == [2, 16, 17]


async def test_without_a_span_there_are_no_conditions(told: Told) -> None:
    async with told.database.read() as conn:
        where = await within(conn, events.c.seq, events.c.received_at, None, None)
        ends = await first_and_last(conn, events.c.seq, events.c.received_at > to_us(at(0)))

    assert where == []
    assert ends == (None, None)
