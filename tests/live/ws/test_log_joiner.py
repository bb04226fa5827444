"""Joining log lines: at most five messages a second, nothing lost within bounds, in order."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.ws.log_joiner import EVERY_S, MAX_ENTRIES, MAX_WAITING, LogJoiner
from tocsin.live.ws.server_messages import LogEntry, LogUpdate


def entries(*texts: str) -> tuple[LogEntry, ...]:
    return tuple(LogEntry("t", "INFO", "a", text) for text in texts)


def test_the_first_lines_leave_at_once() -> None:
    joiner = LogJoiner()
    joiner.add("a.log", entries("1", "2"))

    assert joiner.take(5.0) == LogUpdate("a.log", entries("1", "2"), 2)
    assert joiner.next_at is None


def test_what_follows_is_joined_and_waits() -> None:
    joiner = LogJoiner()
    joiner.add("a.log", entries("1"))
    joiner.take(5.0)
    joiner.add("a.log", entries("2"))
    joiner.add("a.log", entries("3"))

    assert joiner.take(5.0 + EVERY_S / 2) is None
    assert joiner.next_at == 5.0 + EVERY_S
    assert joiner.take(5.0 + EVERY_S) == LogUpdate("a.log", entries("2", "3"), 2)


def test_files_take_turns() -> None:
    joiner = LogJoiner()
    joiner.add("a.log", entries(*map(str, range(MAX_ENTRIES + 1))))
    joiner.add("b.log", entries("b"))

    files = [taken.file_name for at in range(3) if (taken := joiner.take(float(at)))]

    assert files == ["a.log", "b.log", "a.log"]


def test_too_many_lines_are_let_go_and_counted() -> None:
    joiner = LogJoiner()
    joiner.add("a.log", entries(*map(str, range(MAX_WAITING + 3))))

    first = joiner.take(0.0)

    assert first is not None
    assert first.entries[0].message == "3"
    assert len(first.entries) == MAX_ENTRIES
    assert first.total_new_entries == MAX_ENTRIES + 3


def test_no_lines_are_nothing() -> None:
    joiner = LogJoiner()
    joiner.add("a.log", ())

    assert joiner.next_at is None
    assert joiner.take(0.0) is None


@given(st.lists(st.tuples(st.floats(0, 0.3), st.integers(0, 5), st.sampled_from("ab"))))
def test_all_lines_leave_in_order_and_never_too_often(
    said: list[tuple[float, int, str]],
) -> None:
    joiner, now, taken = LogJoiner(), 0.0, list[tuple[float, LogUpdate]]()
    sent: dict[str, list[str]] = {}

    def take() -> None:
        update = joiner.take(now)
        if update is not None:
            taken.append((now, update))

    for pause, count, name in said:
        now += pause
        texts = [f"{len(sent.get(name, []))}-{number}" for number in range(count)]
        joiner.add(name, entries(*texts))
        sent.setdefault(name, []).extend(texts)
        take()
    while joiner.next_at is not None:
        now = max(now, joiner.next_at)
        take()

    for name, texts in sent.items():
        got = [
            one.message for _, update in taken if update.file_name == name for one in update.entries
        ]
        assert got == texts
    times = [at for at, _ in taken]
    assert all(later - at >= EVERY_S - 1e-9 for at, later in pairwise(times))
