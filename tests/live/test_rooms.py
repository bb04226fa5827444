"""Who gets what and when: no gap and no repeat at any interleaving, and nobody waits for long."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from tests.live.hearing import Ear, Numbers, entry
from tocsin.live.rooms import (
    EVERYTHING,
    MAX_JOIN_S,
    MAX_JOINED_BYTES,
    MAX_UNSENT_BYTES,
    NOTHING,
    Batch,
    Rooms,
    Selection,
)
from tocsin.model.entry import Entry
from tocsin.model.filters import EventFilter

# --- the law

KINDS, PROJECTS, SUBJECTS = ("a", "b"), ("shop", "web", ""), ("1", "2", "")
EVENTS = st.tuples(st.sampled_from(KINDS), st.sampled_from(PROJECTS), st.sampled_from(SUBJECTS))


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.just(()) | st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


# Mostly those that others have too: what goes wrong in a group needs more than one client.
SELECTIONS = st.one_of(
    st.sampled_from([EVERYTHING, frozenset({EventFilter(projects=("shop",))})]),
    st.sampled_from([EVERYTHING, NOTHING]),
    st.frozensets(
        st.builds(EventFilter, types=some(KINDS), projects=some(PROJECTS), subjects=some(SUBJECTS)),
        max_size=3,
    ),
)
PLAIN = Numbers()
DIALECTS = st.sampled_from([PLAIN, PLAIN, Numbers("other", hidden="b"), Numbers(padding=30_000)])


@dataclass(eq=False)
class Person:
    """A client and what it is owed: `wishes` are its selection and dialect from a seq on."""

    ear: Ear
    wishes: list[tuple[int, Selection, Numbers]] = field(default_factory=list)
    is_held: bool = False

    def owed(self, entries: Iterable[Entry]) -> list[int]:
        """All that it wanted of `entries` so far, in order."""
        return [one.seq for one in entries if self._wanted(one)]

    def _wanted(self, one: Entry) -> bool:
        wish = next((wish for wish in reversed(self.wishes) if wish[0] < one.seq), None)
        if wish is None:
            return False
        _, selection, dialect = wish
        is_fitting = any(each.matches(one.event) for each in selection)
        return is_fitting and dialect.frame(one) is not None


class Trial(RuleBasedStateMachine):
    """Rooms to which happens, in any order, all that the hub may do with them."""

    people = Bundle("people")

    def __init__(self) -> None:
        super().__init__()
        self.rooms = Rooms()
        self.now_s = 0.0
        self.entries: list[Entry] = []
        self.leaving: deque[Batch] = deque()
        self.here: list[Person] = []

    # What happens

    @rule(events=st.lists(EVENTS, min_size=1, max_size=4))
    def publish(self, events: list[tuple[str, str, str]]) -> None:
        newest = len(self.entries)
        new = [
            entry(seq, kind, project=project, subject=subject)
            for seq, (kind, project, subject) in enumerate(events, newest + 1)
        ]
        self.entries += new
        self.rooms.route(new, self.now_s)

    @rule(target=people, dialect=DIALECTS, selection=SELECTIONS)
    def join(self, dialect: Numbers, selection: Selection) -> Person:
        person = Person(Ear(dialect))
        self.here.append(person)
        self.put(person, selection, dialect)
        return person

    @rule(person=people, dialect=DIALECTS, selection=SELECTIONS)
    def select(self, person: Person, dialect: Numbers, selection: Selection) -> None:
        """Another selection, or another dialect: the transport was changed."""
        if person in self.here and not person.is_held:
            self.give_pending(person)
            self.rooms.remove(person.ear.client)
            person.ear.client.dialect = dialect
            self.put(person, selection, dialect)

    @rule(person=people)
    def send(self, person: Person) -> None:
        """Something is said to it alone: it has everything older by then."""
        if person in self.here and not person.is_held:
            self.give_pending(person)

            assert person.ear.seqs == person.owed(self.entries)

    @rule(person=people)
    def hold(self, person: Person) -> None:
        if person in self.here and not person.is_held:
            self.give_pending(person)
            self.rooms.remove(person.ear.client)
            person.is_held = True

            assert self.rooms.pending(person.ear.client) == b""

    @rule(person=people)
    def resume(self, person: Person) -> None:
        """It was given from the journal what it has missed, and is among the others again."""
        if person.is_held and person in self.here:
            _, selection, dialect = person.wishes[-1]
            for one in self.entries:
                if one.seq in person.owed(self.entries) and one.seq not in person.ear.seqs:
                    person.ear.write(dialect.frame(one) or b"")
            person.is_held = False
            self.rooms.add(person.ear.client, selection, len(self.entries))

    @rule(person=consumes(people))
    def leave(self, person: Person) -> None:
        self.drop(person)

    @rule()
    def begin_to_write(self) -> None:
        self.leaving.extend(self.rooms.ready(self.now_s))

    @rule(limit=st.integers(1, 3), drops=st.booleans())
    def write_some(self, limit: int, drops: bool) -> None:
        """Write to some, as the hub does; a client that is too slow is dropped behind it."""
        if not self.leaving:
            return
        batch = self.leaving[0]
        given = list(batch.lacking(limit))
        slow = [client for client, _ in given[:1] if drops]
        for client, data in given:
            assert data
            if client not in slow:
                client.write(data)
        for person in [one for one in self.here if one.ear.client in slow]:
            self.drop(person)
        if batch.is_done:
            self.leaving.popleft()
            self.rooms.written(batch, self.now_s)

    @rule(passed_ms=st.integers(0, 6))
    def pass_time(self, passed_ms: int) -> None:
        self.now_s += passed_ms / 1000

    # How it is done

    def put(self, person: Person, selection: Selection, dialect: Numbers) -> None:
        person.wishes.append((len(self.entries), selection, dialect))
        self.rooms.add(person.ear.client, selection, len(self.entries))

    def give_pending(self, person: Person) -> None:
        person.ear.write(self.rooms.pending(person.ear.client))

    def drop(self, person: Person) -> None:
        if person in self.here:
            self.here.remove(person)
        for _ in range(2):
            self.rooms.remove(person.ear.client)

    # What holds

    @invariant()
    def everybody_has_what_they_are_owed_up_to_their_position(self) -> None:
        for person in self.here:
            owed = person.owed(self.entries)
            if not person.is_held:
                owed = [seq for seq in owed if seq <= person.ear.client.position]
                assert person.ear.seqs == owed
            else:
                assert person.ear.seqs == owed[: len(person.ear.seqs)]

    @invariant()
    def nothing_is_kept_for_nobody(self) -> None:
        rooms = self.rooms
        groups = set(rooms._groups.values())
        found = {group for room in rooms._by_key.values() for group in room}
        assert all(group.clients for group in groups)
        assert {group for group in groups if group.keys} == found
        assert set(rooms._waiting) <= groups
        assert all(group.parts for group in rooms._waiting)
        assert rooms.waiting_bytes == sum(group.parts.size for group in groups)
        assert set(rooms.clients()) == {one.ear.client for one in self.here if not one.is_held}

    @invariant()
    def the_next_batch_is_ready_when_it_is_said_to_be(self) -> None:
        next_at = self.rooms.next_at
        if next_at is None:
            assert all(group.leaving is not None for group in self.rooms._waiting)
        else:
            assert next_at <= self.now_s + MAX_JOIN_S

    def teardown(self) -> None:
        """Everything leaves: everybody has all of it, once and in order."""
        for person in self.here:
            self.resume(person)
        while self.leaving or self.rooms.next_at is not None:
            self.now_s += MAX_JOIN_S
            self.begin_to_write()
            self.write_some(1_000, drops=False)
        for person in self.here:
            assert person.ear.seqs == person.owed(self.entries)
        assert self.rooms.waiting_bytes == 0
        for person in list(self.here):
            self.drop(person)
        self.nothing_is_kept_for_nobody()
        assert self.rooms._groups == {}


Trial.TestCase.settings = settings(max_examples=80, stateful_step_count=40)


class TestEverybodyGetsAGaplessSuffixWithoutRepeats(Trial.TestCase):  # type: ignore[misc,valid-type] # made by hypothesis
    """Whatever is published, joined, selected, held, dropped and written in whatever order."""


# --- who gets what


def joined(rooms: Rooms, selection: Selection, count: int = 1, position: int = 0) -> list[Ear]:
    ears = [Ear() for _ in range(count)]
    for ear in ears:
        rooms.add(ear.client, selection, position)
    return ears


def write_all(rooms: Rooms, now_s: float = 0.0) -> None:
    """Write everything that is ready, in slices of two."""
    for batch in rooms.ready(now_s):
        while not batch.is_done:
            for client, data in batch.lacking(2):
                client.write(data)
        rooms.written(batch, now_s)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (NOTHING, []),
        (EVERYTHING, [1, 2, 3, 4]),
        ({EventFilter(projects=("shop",))}, [1, 2]),
        ({EventFilter(subjects=("7",))}, [2, 3]),
        ({EventFilter(projects=("web",), subjects=("7",))}, [3]),
        ({EventFilter(projects=("shop",)), EventFilter(subjects=("7", "8"))}, [1, 2, 3]),
        ({EventFilter(types=("odd",))}, [4]),
        ({EventFilter(types=("o*",)), EventFilter(projects=("shop", ""))}, [1, 2, 4]),
    ],
)
def test_an_event_that_fits_any_of_the_filters_is_given_once(
    selection: Iterable[EventFilter], expected: list[int]
) -> None:
    rooms = Rooms()
    (ear,) = joined(rooms, frozenset(selection))

    rooms.route(
        [
            entry(1),
            entry(2, subject="7"),
            entry(3, project="web", subject="7"),
            entry(4, "odd", project=""),
        ],
        0.0,
    )
    write_all(rooms)

    assert ear.seqs == expected


def test_without_anybody_no_event_is_put_into_any_form() -> None:
    rooms = Rooms()

    rooms.route([entry(1)], 0.0)

    assert rooms.next_at is None
    assert rooms.ready(1e9) == []


class Counting(Numbers):
    """Counts how often it was asked."""

    __slots__ = ()
    asked: list[int] = []  # noqa: RUF012 - one list, emptied by its one test

    def frame(self, one: Entry) -> bytes | None:
        self.asked.append(one.seq)
        return super().frame(one)


def test_an_event_is_put_into_a_form_once_and_joined_once_for_everybody() -> None:
    rooms, dialect = Rooms(), Counting(hidden="hidden")
    dialect.asked.clear()
    selections = [EVERYTHING, frozenset({EventFilter(projects=("shop",))})]
    ears = [Ear(dialect) for _ in range(6)]
    for n, ear in enumerate(ears):
        rooms.add(ear.client, selections[n % 2], 0)

    rooms.route([entry(1), entry(2, "hidden"), entry(3)], 0.0)
    write_all(rooms)

    assert dialect.asked == [1, 2, 3]
    assert [ear.seqs for ear in ears] == [[1, 3]] * 6
    assert len({id(ear.writes[0]) for ear in ears}) == 2


# --- when it leaves


@pytest.mark.parametrize(
    ("clients", "wait_s"), [(1, 5e-6), (100, 0.0005), (1_000, 0.005), (5_000, 0.005)]
)
def test_the_first_leaves_at_once_and_what_follows_for_as_long_as_writing_took(
    clients: int, wait_s: float
) -> None:
    rooms, now_s = Rooms(), 100.0
    ears = joined(rooms, EVERYTHING, clients)

    rooms.route([entry(1)], now_s)
    assert rooms.next_at is not None
    assert rooms.next_at <= now_s
    write_all(rooms, now_s)
    rooms.route([entry(2)], now_s)
    next_at = rooms.next_at
    early = rooms.ready(now_s + wait_s * 0.9)
    rooms.route([entry(3)], now_s + wait_s * 0.9)
    write_all(rooms, now_s + wait_s)

    assert next_at == pytest.approx(now_s + wait_s)
    assert next_at is not None
    assert next_at <= now_s + MAX_JOIN_S
    assert early == []
    assert [len(ear.writes) for ear in ears] == [2] * clients
    assert ears[0].seqs == [1, 2, 3]


def test_so_much_that_it_need_not_be_joined_leaves_at_once() -> None:
    rooms, (ear,) = Rooms(), [Ear(Numbers(padding=1_000))]
    rooms.add(ear.client, EVERYTHING, 0)
    count = MAX_JOINED_BYTES // 1_000
    rooms.route([entry(1)], 0.0)
    write_all(rooms)

    rooms.route([entry(seq) for seq in range(2, count)], 0.0)
    before = rooms.next_at
    rooms.route([entry(seq) for seq in range(count, count + 3)], 0.0)
    behind = rooms.next_at
    write_all(rooms)

    assert before is not None
    assert before > 0.0
    assert behind == 0.0
    assert ear.seqs == list(range(1, count + 3))


def test_a_group_waits_for_itself_only() -> None:
    rooms = Rooms()
    (shop,) = joined(rooms, frozenset({EventFilter(projects=("shop",))}))
    (web,) = joined(rooms, frozenset({EventFilter(projects=("web",))}))
    rooms.route([entry(1)], 0.0)
    write_all(rooms)

    rooms.route([entry(2), entry(3, project="web")], 0.0)
    write_all(rooms)

    assert (shop.seqs, web.seqs) == ([1], [3])
    assert rooms.waiting_bytes == len(b"2;")


def test_while_a_batch_is_leaving_the_next_one_gathers() -> None:
    rooms = Rooms()
    ears = joined(rooms, EVERYTHING, 2)
    rooms.route([entry(1)], 0.0)
    (batch,) = rooms.ready(0.0)
    ((first, data),) = batch.lacking(1)
    first.write(data)
    rooms.route([entry(2)], 0.0)

    assert rooms.ready(1e9) == []
    assert rooms.next_at is None

    for client, rest in batch.lacking(1):
        client.write(rest)
    rooms.written(batch, 0.0)
    write_all(rooms, 1e9)

    assert [ear.seqs for ear in ears] == [[1, 2]] * 2


# --- in the midst


def test_who_was_given_what_is_pending_is_not_given_it_again() -> None:
    rooms = Rooms()
    early, late = joined(rooms, EVERYTHING, 2)
    rooms.route([entry(1), entry(2)], 0.0)
    (batch,) = rooms.ready(0.0)
    rooms.route([entry(3)], 0.0)

    late.write(rooms.pending(late.client))
    again = rooms.pending(late.client)
    for client, data in batch.lacking(5):
        client.write(data)
    rooms.written(batch, 0.0)
    rooms.route([entry(4)], 0.0)
    write_all(rooms, 1.0)

    assert again == b""
    assert late.writes[0] == b"1;2;3;"
    assert [early.seqs, late.seqs] == [[1, 2, 3, 4]] * 2


def test_who_came_in_the_midst_of_what_is_gathered_gets_the_rest_of_it() -> None:
    rooms = Rooms()
    joined(rooms, EVERYTHING)
    rooms.route([entry(1)], 0.0)
    write_all(rooms)
    rooms.route([entry(2), entry(3)], 0.0)

    (late,) = joined(rooms, EVERYTHING, position=2)
    rooms.route([entry(4)], 0.0)
    write_all(rooms, 1.0)

    assert late.seqs == [3, 4]


def test_who_moves_to_another_group_and_back_while_a_batch_is_leaving_gets_all_once() -> None:
    rooms = Rooms()
    mover, _ = joined(rooms, EVERYTHING, 2)
    rooms.route([entry(1)], 0.0)
    (batch,) = rooms.ready(0.0)
    for selection in (NOTHING, EVERYTHING):
        mover.write(rooms.pending(mover.client))
        rooms.remove(mover.client)
        rooms.add(mover.client, selection, 1)

    rooms.route([entry(2)], 0.0)
    for client, data in batch.lacking(5):
        client.write(data)
    rooms.written(batch, 0.0)
    write_all(rooms, 1.0)

    assert mover.seqs == [1, 2]


def test_a_group_whose_clients_are_gone_takes_nothing_more_and_may_begin_anew() -> None:
    rooms = Rooms()
    (gone,) = joined(rooms, EVERYTHING)
    rooms.route([entry(1)], 0.0)
    (batch,) = rooms.ready(0.0)
    rooms.route([entry(2)], 0.0)
    rooms.remove(gone.client)
    (fresh,) = joined(rooms, EVERYTHING, position=2)

    given = list(batch.lacking(5))
    rooms.written(batch, 0.0)
    rooms.route([entry(3)], 0.0)
    write_all(rooms)

    assert given == []
    assert batch.is_done
    assert (gone.seqs, fresh.seqs) == ([], [3])


# --- how much a client may hold


@pytest.mark.parametrize(
    ("is_paused", "unsent", "size", "expected"),
    [
        (False, MAX_UNSENT_BYTES, 1, False),
        (True, MAX_UNSENT_BYTES, 0, False),
        (True, MAX_UNSENT_BYTES - 1, 1, False),
        (True, MAX_UNSENT_BYTES, 1, True),
        (True, 0, MAX_UNSENT_BYTES + 1, True),
    ],
)
def test_a_client_holds_a_mebibyte_and_no_more(
    is_paused: bool, unsent: int, size: int, expected: bool
) -> None:
    ear = Ear()
    ear.stop_taking()
    ear.write(b"." * unsent)
    ear.client.is_paused = is_paused

    assert ear.client.is_too_slow(size) is expected
