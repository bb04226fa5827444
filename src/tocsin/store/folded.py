"""Keep what deployments look like now, in the transaction that appends what changed them.

Runs in the writer's thread. Loads the deployments a group of events names, folds the group
into each once, and writes back only what is different.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, select, update

from tocsin.model.change import Change
from tocsin.model.deployment import Deployment, fold
from tocsin.model.event import NewEvent
from tocsin.model.runs import Run, runs_of
from tocsin.model.times import to_us
from tocsin.model.trimming import trimmed
from tocsin.store.packing import pack_marks, pack_state, unpack_state
from tocsin.store.statement import (
    compile_for,
    compile_rows,
    in_list,
    insert_all,
    json_list,
    upsert_all,
)
from tocsin.store.tables.deployments import deployments, log_lines, runs, steps

# What senders write when they do not know the project.
UNKNOWN_PROJECT = "unknown"

# A deployment's state is some kilobytes as a rule; this many are kept between groups.
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """A deployment as it stands in the tables, and what its next group needs to know."""

    pk: int
    project: str
    deployment_id: str
    source: str
    first_seen_at: int
    last_seen_at: int
    opened_seq: int
    opened_at: int
    state: Deployment
    runs: tuple[Run, ...]


class FoldedDeployments:
    """The deployments of the database, as far as they were needed lately."""

    def __init__(self, dialect: Dialect) -> None:
        # By deployment id, as senders may leave out the project; a tuple of all projects' ones.
        self._known: OrderedDict[str, tuple[Known, ...]] = OrderedDict()
        self._select = compile_for(
            dialect,
            select(
                deployments.c.pk,
                deployments.c.project,
                deployments.c.deployment_id,
                deployments.c.source,
                deployments.c.first_seen_at,
                deployments.c.last_seen_at,
                deployments.c.opened_seq,
                deployments.c.opened_at,
                deployments.c.state,
            ).where(in_list(deployments.c.deployment_id, "ids")),
        )
        self._select_steps = compile_for(
            dialect,
            select(steps.c.deployment_pk, steps.c.name, steps.c.marks)
            .where(in_list(steps.c.deployment_pk, "pks"))
            .order_by(steps.c.deployment_pk, steps.c.position),
        )
        self._upsert = compile_rows(dialect, upsert_all(deployments))
        self._upsert_steps = compile_rows(dialect, upsert_all(steps, kept=("position",)))
        self._upsert_runs = compile_rows(dialect, upsert_all(runs, kept=("opened_at",)))
        self._insert_lines = compile_rows(dialect, insert_all(log_lines))
        self._adopt_runs = compile_for(
            dialect,
            update(runs)
            .where(runs.c.deployment_pk == bindparam("pk"))
            .values(project=bindparam("adopter")),
        )

    def forget(self) -> None:
        """Somebody else has written: read again what is needed."""
        self._known.clear()

    def apply(
        self, conn: Connection, fresh: Sequence[tuple[int, NewEvent]]
    ) -> dict[int, tuple[str, Known]]:
        """Fold `fresh` into the tables; gives for each event that told of a deployment two things.

        The project that it had with this event, as without the later ones of its group, and the
        deployment after all of them.
        """
        changing = [(seq, event, event.change) for seq, event in fresh if event.change is not None]
        if not changing:
            return {}
        self._load(conn, {change.deployment_id for _, _, change in changing})
        groups: dict[tuple[str, int], list[tuple[int, NewEvent, Change]]] = {}
        projects: dict[int, str] = {}
        for seq, event, change in changing:
            known = self._find_or_begin(conn, seq, event, change)
            projects[seq] = known.project
            groups.setdefault((known.deployment_id, known.pk), []).append((seq, event, change))
        after = self._write(conn, groups)
        return {
            seq: (projects[seq], after[key]) for key, group in groups.items() for seq, _, _ in group
        }

    def _load(self, conn: Connection, ids: Collection[str]) -> None:
        for deployment_id in ids:
            if deployment_id in self._known:
                self._known.move_to_end(deployment_id)
        missing = [deployment_id for deployment_id in ids if deployment_id not in self._known]
        if not missing:
            return
        # However many there are at once, those known already and asked for now are kept.
        room = max(_REMEMBERED, len(ids)) - len(missing)
        while len(self._known) > room:
            self._known.popitem(last=False)
        self._known.update(dict.fromkeys(missing, ()))
        rows = self._select.fetch(conn, json_list(missing))
        if not rows:
            return
        packed: dict[int, list[tuple[str, str]]] = {row[0]: [] for row in rows}
        for pk, name, marks in self._select_steps.fetch(conn, json_list(packed)):
            packed[pk].append((name, marks))
        for row in rows:
            pk, project, deployment_id, source, first_seen_at, last_seen_at = row[:6]
            opened_seq, opened_at, packed_state = row[6:]
            state = unpack_state(packed_state, packed[pk])
            known = Known(
                pk,
                project,
                deployment_id,
                source,
                first_seen_at,
                last_seen_at,
                opened_seq,
                opened_at,
                state,
                runs_of(state),
            )
            self._known[deployment_id] = (*self._known[deployment_id], known)

    def _find_or_begin(self, conn: Connection, seq: int, event: NewEvent, change: Change) -> Known:
        """The deployment an event means; `docs/contracts.md` tells what holds without a project."""
        candidates = self._known.get(change.deployment_id, ())
        project = event.project or UNKNOWN_PROJECT
        for known in candidates:
            if known.project == project:
                return known
        if len(candidates) == 1 and UNKNOWN_PROJECT in (project, candidates[0].project):
            if project == UNKNOWN_PROJECT:
                return candidates[0]
            # Its first messages did not name the project; this one does.
            return self._adopt(conn, candidates[0], project)
        at = to_us(event.received_at)
        state = Deployment()
        known = Known(
            seq, project, change.deployment_id, event.source, at, at, seq, at, state, runs_of(state)
        )
        self._known[change.deployment_id] = (*candidates, known)
        return known

    def _adopt(self, conn: Connection, nameless: Known, project: str) -> Known:
        known = replace(nameless, project=project)
        self._replace(nameless, known)
        self._adopt_runs.run(conn, project, known.pk)
        return known

    def _replace(self, before: Known, after: Known) -> None:
        rest = [k for k in self._known.get(before.deployment_id, ()) if k.pk != before.pk]
        self._known[before.deployment_id] = (*rest, after)

    def _write(
        self,
        conn: Connection,
        groups: Mapping[tuple[str, int], Sequence[tuple[int, NewEvent, Change]]],
    ) -> dict[tuple[str, int], Known]:
        folded: dict[tuple[str, int], Known] = {}
        rows: list[tuple[Any, ...]] = []
        step_rows: list[tuple[Any, ...]] = []
        run_rows: list[tuple[Any, ...]] = []
        line_rows: list[tuple[Any, ...]] = []
        for (deployment_id, pk), group in groups.items():
            before = next(known for known in self._known[deployment_id] if known.pk == pk)
            after = _folded(before, group)
            self._replace(before, after)
            folded[deployment_id, pk] = after
            rows.append(_deployment_row(after))
            step_rows.extend(_step_rows(before, after))
            run_rows.extend(_run_rows(before, after, group[0][1]))
            line_rows.extend(_line_rows(before, group))
        self._upsert.run(conn, rows)
        self._upsert_steps.run(conn, step_rows)
        self._upsert_runs.run(conn, run_rows)
        self._insert_lines.run(conn, line_rows)
        return folded


def _folded(before: Known, group: Sequence[tuple[int, NewEvent, Change]]) -> Known:
    state = trimmed(fold(before.state, ((seq, change) for seq, _, change in group)))
    news = [event.received_at for _, event, change in group if change.quiet_since is None]
    last_seen_at = to_us(max(news)) if news else before.last_seen_at
    after = replace(before, state=state, runs=runs_of(state), last_seen_at=last_seen_at)
    newest = after.runs[-1]
    if newest.number > before.runs[-1].number:
        # It may also open because the end of the one before it came late.
        opening = [one for one in group if one[2].at >= (newest.opens_at or 0)]
        seq, event, _ = (opening or group)[0]
        after = replace(after, opened_seq=seq, opened_at=to_us(event.received_at))
    return after


def _deployment_row(known: Known) -> tuple[Any, ...]:
    run = known.runs[-1]
    facts, state = pack_state(known.state)
    return (
        known.pk,
        known.project,
        known.deployment_id,
        run.state.value,
        known.state.is_stalled and not run.state.is_final,
        run.conclusion,
        run.number,
        run.progress,
        len(run.steps),
        run.steps_ended,
        run.steps_failed,
        run.current_step,
        run.started_at,
        run.completed_at,
        run.duration_s,
        known.source,
        known.first_seen_at,
        known.last_seen_at,
        known.opened_seq,
        known.opened_at,
        known.state.last_seq,
        known.state.line_count,
        facts,
        state,
    )


def _step_rows(before: Known, after: Known) -> Iterable[tuple[Any, ...]]:
    for position, (name, log) in enumerate(after.state.steps.items()):
        if before.state.steps.get(name) is not log:
            yield after.pk, name, position, pack_marks(log)


def _run_rows(before: Known, after: Known, first: NewEvent) -> Iterable[tuple[Any, ...]]:
    known = {run.number: run for run in before.runs} if before.state.last_seq else {}
    for run in after.runs:
        row = _run_row(after, run, first)
        if run.number not in known or row != _run_row(after, known[run.number], first):
            yield row


def _run_row(known: Known, run: Run, first: NewEvent) -> tuple[Any, ...]:
    return (
        known.pk,
        run.number,
        known.project,
        run.state.value,
        run.started_at,
        run.completed_at,
        run.duration_s,
        to_us(first.received_at),
    )


def _line_rows(
    before: Known, group: Sequence[tuple[int, NewEvent, Change]]
) -> Iterable[tuple[Any, ...]]:
    number = before.state.line_count
    for seq, event, change in group:
        received_at = to_us(event.received_at)
        for line in change.lines:
            number += 1
            at = received_at if line.at is None else to_us(line.at)
            yield before.pk, number, at, line.level, line.step, line.text, seq
