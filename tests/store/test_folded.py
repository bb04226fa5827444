"""What deployments look like now is always what all their events together say."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.appending import (
    Ground,
    Place,
    Places,
    after,
    append,
    began,
    done,
    ended,
    event,
    ground_in,
    logged,
    rows,
)
from tocsin.errors import Reason, Rejected
from tocsin.model.change import Change
from tocsin.model.event import NewEvent
from tocsin.model.runs import runs_of
from tocsin.model.times import to_us
from tocsin.store import folded
from tocsin.store.append import Appender
from tocsin.store.beside import change as change_beside
from tocsin.store.database import Database
from tocsin.store.packing import unpack_state

# Where the newest run was opened is told by the group it came in, to within that group.
TABLES = {
    "events": "SELECT * FROM events ORDER BY seq",
    "deployments": (
        "SELECT pk, project, deployment_id, status, is_stalled, conclusion, run, progress,"
        " steps_known, steps_ended, steps_failed, current_step, started_at, completed_at,"
        " duration_s, source, first_seen_at, last_seen_at, last_seq, line_count, facts, state"
        " FROM deployments ORDER BY pk"
    ),
    "steps": "SELECT * FROM steps ORDER BY deployment_pk, name",
    "runs": (
        "SELECT deployment_pk, run, project, status, started_at, completed_at, duration_s"
        " FROM runs ORDER BY deployment_pk, run"
    ),
    "log_lines": "SELECT * FROM log_lines ORDER BY deployment_pk, line",
}


async def deployments(database: Database) -> list[tuple[str, str, int]]:
    """Project, id and number of lines of each, in the order in which they were begun."""
    found = await rows(database, "SELECT * FROM deployments ORDER BY pk")
    return [(row["project"], row["deployment_id"], row["line_count"]) for row in found]


# --- which deployment a message means


@pytest.mark.parametrize(
    ("projects", "expected"),
    [
        (["shop", "shop"], [("shop", 2)]),
        (["shop", "web"], [("shop", 1), ("web", 1)]),
        (["shop", ""], [("shop", 2)]),
        (["shop", "unknown"], [("shop", 2)]),
        (["", "unknown"], [("unknown", 2)]),
        (["", "shop"], [("shop", 2)]),
        (["", "shop", "", "unknown"], [("shop", 4)]),
        (["", "shop", "web"], [("shop", 2), ("web", 1)]),
        (["shop", "web", ""], [("shop", 1), ("web", 1), ("unknown", 1)]),
        (["shop", "web", "", "shop", "unknown"], [("shop", 2), ("web", 1), ("unknown", 2)]),
        (["shop", "web", "", "ops"], [("shop", 1), ("web", 1), ("unknown", 1), ("ops", 1)]),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_a_message_without_a_project_joins_the_only_deployment_of_its_id(
    database: Database, projects: list[str], expected: list[tuple[str, int]], at_once: bool
) -> None:
    events = [
        event(project=project, change=logged("7", n, "line")) for n, project in enumerate(projects)
    ]
    for group in [events] if at_once else [[one] for one in events]:
        await append(database, *group)

    found = await deployments(database)
    runs = await rows(database, "SELECT project FROM runs ORDER BY deployment_pk")
    assert found == [(project, "7", count) for project, count in expected]
    assert [row["project"] for row in runs] == [project for project, _ in expected]


async def test_an_id_is_a_deployment_of_its_own_in_each_project(place: Place) -> None:
    async with ground_in(place) as ground:
        await ground.append(
            event(project="a", change=logged("1", 0, "x", "y")),
            event(project="b", change=logged("1", 0, "z")),
            event(project="a", change=logged("2", 0, "z")),
        )

        lines = await rows(ground.database, "SELECT * FROM log_lines ORDER BY deployment_pk, line")
    assert [(row["deployment_pk"], row["line"]) for row in lines] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (3, 1),
    ]


# --- lines, runs, the stalled flag


async def test_lines_are_numbered_without_gaps_in_the_order_they_came(place: Place) -> None:
    texts = [str(n) for n in range(40)]
    async with ground_in(place) as ground:
        for begin in range(0, len(texts), 7):
            part = texts[begin : begin + 7]
            await asyncio.gather(
                *(ground.append(event(change=logged("1", 0, text))) for text in part)
            )

        lines = await rows(ground.database, "SELECT line, text, seq FROM log_lines ORDER BY line")
    assert [row["line"] for row in lines] == list(range(1, 41))
    assert [row["text"] for row in lines] == texts
    assert [row["seq"] for row in lines] == list(range(1, 41))


async def test_a_line_without_a_time_has_the_time_it_came(place: Place) -> None:
    async with ground_in(place) as ground:
        await ground.append(event(at=after(5), change=logged("1", 0, "x")))

        (line,) = await rows(ground.database, "SELECT at FROM log_lines")
    assert line["at"] == to_us(after(5))


async def test_a_start_after_the_end_opens_a_run_and_the_deployment_moves_up(
    place: Place,
) -> None:
    async with ground_in(place) as ground:
        await ground.append(event(at=after(0), change=began("1", 0)))
        await ground.append(event(at=after(1), change=done("1", 1)))
        before = await rows(ground.database, "SELECT run, opened_seq, opened_at FROM deployments")
        await ground.append(event(at=after(2), change=began("1", 2)))
        await ground.append(event(at=after(3), change=ended("1", 3)))

        later = await rows(
            ground.database, "SELECT run, opened_seq, opened_at, status FROM deployments"
        )
        runs = await rows(ground.database, "SELECT run, status, opened_at FROM runs ORDER BY run")
    assert before == [{"run": 1, "opened_seq": 1, "opened_at": to_us(after(0))}]
    assert later == [{"run": 2, "opened_seq": 3, "opened_at": to_us(after(2)), "status": "running"}]
    assert runs == [
        {"run": 1, "status": "success", "opened_at": to_us(after(0))},
        {"run": 2, "status": "running", "opened_at": to_us(after(2))},
    ]


def stalled(deployment_id: str, last_seq: int, seconds: float = 9) -> NewEvent:
    said = Change(deployment_id, to_us(after(seconds)), quiet_since=last_seq)
    return event("deployment.stalled", at=after(seconds), change=said)


async def test_the_stalled_flag_is_set_and_taken_back_by_news(place: Place) -> None:
    seen = []
    async with ground_in(place) as ground:
        for one in (
            event(change=began("1", 0)),
            stalled("1", 1),
            event(at=after(20), change=logged("1", 20, "still here")),
            stalled("1", 1),
            stalled("1", 3),
            event(at=after(30), change=done("1", 30)),
            stalled("1", 6),
        ):
            await ground.append(one)
            (row,) = await rows(
                ground.database, "SELECT is_stalled, last_seq, last_seen_at FROM deployments"
            )
            seen.append((row["is_stalled"], row["last_seq"], row["last_seen_at"]))

    first, third, sixth = (to_us(after(seconds)) for seconds in (0, 20, 30))
    assert seen == [
        (0, 1, first),
        (1, 1, first),
        (0, 3, third),
        (0, 3, third),
        (1, 3, third),
        (0, 6, sixth),
        (0, 6, sixth),
    ]


async def test_more_deployments_than_are_remembered_are_folded_rightly(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folded, "_REMEMBERED", 3)
    async with ground_in(place) as ground:
        await ground.append(*(event(change=logged(str(n), 0, "a")) for n in range(3)))
        await ground.append(*(event(change=logged(str(n), 1, "b")) for n in range(1, 7)))
        await ground.append(*(event(change=logged(str(n), 2, "c")) for n in range(7)))

        found = await deployments(ground.database)
    assert [count for _, _, count in found] == [2, 3, 3, 2, 2, 2, 2]


# --- the law: whatever happened, the tables say what a fold of all events says

IDS, PROJECTS = st.sampled_from(["1", "2", "3"]), st.sampled_from(["", "unknown", "shop", "web"])


@dataclass(frozen=True)
class Message:
    """What a sender tells, as a recipe; its time is when it is sent."""

    deployment_id: str
    project: str
    kind: str
    about: int

    def event(self, clock: Iterator[int]) -> NewEvent:
        now = next(clock)
        said = self._change(now - self.about % 3)
        # Some senders' messages overtake each other, so their times go back and forth.
        return event(self.kind, at=after(now), project=self.project, change=said)

    def _change(self, seconds: int) -> Change:
        deployment_id, step = self.deployment_id, "build" if self.about % 2 else "test"
        match self.kind:
            case "began":
                return began(deployment_id, seconds, step)
            case "ended":
                return ended(deployment_id, seconds, step)
            case "done":
                return replace(done(deployment_id, seconds), facts={"branch": f"b{self.about}"})
            case "logged":
                return logged(deployment_id, seconds, *("line" for _ in range(self.about % 4)))
            case "figures":
                at = to_us(after(seconds))
                return Change(deployment_id, at, begins=True, figures={"steps_count": self.about})
            case _:
                return Change(deployment_id, to_us(after(seconds)), quiet_since=self.about)


MESSAGES = st.builds(
    Message,
    IDS,
    PROJECTS,
    st.sampled_from(["began", "ended", "done", "logged", "figures", "stalled"]),
    st.integers(1, 9),
)
HAPPENINGS = st.one_of(
    # Senders at once, a list for each; `refused` ones carry something that raises.
    st.tuples(st.just("sent"), st.lists(st.lists(MESSAGES, max_size=3), min_size=1, max_size=3)),
    st.tuples(st.just("refused"), st.lists(st.lists(MESSAGES, max_size=3), min_size=1, max_size=2)),
    st.tuples(st.just("beside"), st.lists(MESSAGES, max_size=3)),
    st.tuples(st.just("reopened"), st.none()),
)


@dataclass
class Trial:
    """A journal to which things happen, and the events that it said it has kept."""

    place: Place
    ground: Ground
    kept: dict[int, NewEvent]
    clock: Iterator[int]

    async def sent(self, senders: list[list[Message]]) -> None:
        await asyncio.gather(*(self._send(messages, None) for messages in senders))

    async def refused(self, senders: list[list[Message]]) -> None:
        """The first is refused; those beside it are not."""
        await asyncio.gather(
            *(self._send(messages, None if n else refuse) for n, messages in enumerate(senders))
        )

    async def _send(self, messages: list[Message], also: Any) -> None:
        events = [message.event(self.clock) for message in messages]
        try:
            receipts = await self.ground.journal.append(events, also=also)
        except Rejected:
            return
        self.kept.update({one.seq: new for one, new in zip(receipts, events, strict=True)})

    async def beside(self, messages: list[Message]) -> None:
        """Another process writes to the same database."""
        events = [message.event(self.clock) for message in messages]
        async with ground_in(self.place) as other:
            await change_beside(other.database, events, lambda _conn: None)
        newest = max(self.kept, default=0)
        self.kept.update(dict(enumerate(events, newest + 1)))


def refuse(_conn: Connection) -> None:
    raise Rejected(409, Reason.CONFLICT, "no")


@given(st.lists(HAPPENINGS, max_size=8))
@settings(max_examples=12)
async def test_the_tables_always_equal_a_fold_of_all_events(
    places: Places, happenings: list[tuple[str, Any]]
) -> None:
    with places() as lived, places() as fresh:
        async with AsyncExitStack() as stack:
            ground = await stack.enter_async_context(ground_in(lived))
            trial = Trial(lived, ground, {}, itertools.count(10))
            for what, told in happenings:
                if what == "reopened":
                    await stack.aclose()
                    trial.ground = await stack.enter_async_context(ground_in(lived))
                else:
                    await getattr(trial, what)(told)
            found = {
                name: await rows(trial.ground.database, query) for name, query in TABLES.items()
            }
        async with ground_in(fresh) as anew:
            await anew.database.write(lambda conn: append_singly(conn, trial.kept))
            expected = {name: await rows(anew.database, query) for name, query in TABLES.items()}

    assert sorted(trial.kept) == list(range(1, len(trial.kept) + 1))
    assert found == expected
    assert_rows_are_derived(found)


def append_singly(conn: Connection, kept: Mapping[int, NewEvent]) -> None:
    """Append the events one by one, with nothing remembered from one to the next."""
    appender = Appender(conn.dialect)
    for seq in sorted(kept):
        appender.append(conn, [[kept[seq]]])


def assert_rows_are_derived(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Rows of runs and lines are what the state of their deployment says."""
    for row in found["deployments"]:
        steps = sorted(
            (one for one in found["steps"] if one["deployment_pk"] == row["pk"]),
            key=lambda one: one["position"],
        )
        state = unpack_state(row["state"], [(one["name"], one["marks"]) for one in steps])
        runs = [one for one in found["runs"] if one["deployment_pk"] == row["pk"]]
        lines = [one for one in found["log_lines"] if one["deployment_pk"] == row["pk"]]

        assert [(one["run"], one["status"], one["duration_s"]) for one in runs] == [
            (run.number, run.state.value, run.duration_s) for run in runs_of(state)
        ]
        assert {one["project"] for one in runs} == {row["project"]}
        assert [one["line"] for one in lines] == list(range(1, state.line_count + 1))
        assert row["status"] == runs_of(state)[-1].state.value
