"""The parts of which every notice is made."""

import pytest

from tests.notify.telling import event
from tocsin.model.event import Event
from tocsin.model.message import BlockKind, Link, Tone
from tocsin.notify.wording.notices.telling import (
    MAX_FIELDS,
    MAX_LINKS,
    MAX_TITLE_CHARS,
    Telling,
    log,
    outcome_of,
    prose,
    several,
)
from tocsin.notify.wording.words import words_of

URL = "https://tocsin.example.org"


def telling(of: Event | None = None, language: str = "en", url: str = "") -> Telling:
    return Telling(of or event(), words_of(language), language, url)


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("started", ("running", Tone.RUNNING)),
        ("In_Progress", ("running", Tone.RUNNING)),
        ("queued", ("waiting", Tone.RUNNING)),
        ("success", ("completed", Tone.GOOD)),
        ("completed", ("completed", Tone.GOOD)),
        ("failure", ("failed", Tone.BAD)),
        ("timed_out", ("failed", Tone.BAD)),
        ("canceled", ("cancelled", Tone.WARNING)),
        ("retrying", ("retrying", Tone.WARNING)),
        ("skipped", ("skipped", Tone.NEUTRAL)),
        ("neutral", ("completed", Tone.NEUTRAL)),
        ("", ("changed", Tone.NEUTRAL)),
        ("half-baked", ("changed", Tone.NEUTRAL)),
    ],
)
def test_a_senders_word_gives_title_and_tone(word: str, outcome: tuple[str, Tone]) -> None:
    assert outcome_of(word) == outcome


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (0, ""),
        (None, ""),
        ("soon", ""),
        (0.04, "0s"),
        (1.25, "1.2s"),
        (9.9, "9.9s"),
        (9.96, "10s"),
        (45, "45s"),
        ("5m30s", "5m 30s"),
        (3_600, "1h"),
        (3_930, "1h 5m"),
        (90_000, "1d 1h"),
        (86_401, "1d 1s"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(said: object, shown: str) -> None:
    assert telling().duration(said) == shown


def test_durations_and_times_are_written_as_the_language_does() -> None:
    shown = [telling(None, one).duration(330) for one in ("zh", "en", "ko", "ru")]

    assert shown == ["5 分 30 秒", "5m 30s", "5분 30초", "5 мин 30 с"]
    assert telling(None, "ru").duration(2.5) == "2,5 с"
    assert telling().instant("2026-01-06T21:00:00+08:00") == "2026-01-06 13:00 UTC"
    assert telling().instant("...") == ""


def test_a_state_is_told_in_the_readers_words_or_the_senders() -> None:
    assert telling(None, "zh").state("In_Progress") == "进行中"
    assert telling(None, "zh").state("failure") == "失败"
    assert telling(None, "zh").state("half-baked") == "half-baked"
    assert telling().known("severity", "Critical") == "Critical"
    assert telling().known("change", "token.created") == "token created"
    assert telling().known("change", ["a"]) == ""


def test_a_title_is_short_and_in_one_line() -> None:
    title = telling().title("Failed\nagain", "", "x" * 500)

    assert title.startswith("Failed again · xxx")
    assert len(title) == MAX_TITLE_CHARS


@pytest.mark.parametrize(
    ("of", "links"),
    [
        (
            event(project="a b", subject="x/y"),
            [f"{URL}/deployments/x%2Fy?project=a+b"],
        ),
        (event("deployment.stalled", source="tocsin", project=""), [f"{URL}/deployments/42"]),
        (event("training.failed", source="fal", subject="r 1"), [f"{URL}/trainings/r%201"]),
        (event("alert.firing", event_id="é\ud800"), [f"{URL}/events/%C3%A9%3F"]),
        (event("anything"), [f"{URL}/events/019a"]),
    ],
)
def test_a_link_leads_to_where_there_is_more(of: Event, links: list[str]) -> None:
    made = telling(of, url=URL).message("event", "t", Tone.NEUTRAL, ())

    assert [link.url for link in made.links] == links
    assert telling(of).message("event", "t", Tone.NEUTRAL, ()).links == ()


def test_the_senders_page_stands_behind_the_deployment_and_before_the_event() -> None:
    page = Link("p", "https://ci.example.org/1")

    of_deployment = telling(event(), url=URL).message("event", "t", Tone.NEUTRAL, (), (), [page])
    of_event = telling(event("x"), url=URL).message("event", "t", Tone.NEUTRAL, (), (), [page])

    assert of_deployment.links[1] == page
    assert of_event.links[0] == page


def test_empty_fields_are_left_out_and_there_are_not_too_many() -> None:
    fields = [("project", "shop"), ("version", ""), *[("step", "long " * 20)] * 20]

    made = telling().message("event", "t", Tone.NEUTRAL, fields)

    assert len(made.fields) == MAX_FIELDS
    assert [(one.name, one.is_short) for one in made.fields[:2]] == [
        ("Project", True),
        ("Step", False),
    ]


def test_links_are_told_once_and_not_too_many() -> None:
    links = [Link("a", f"https://a.example/{n % 8}") for n in range(20)]

    assert several([None, *links]) == tuple(links[:MAX_LINKS])


def test_texts_are_told_as_text_and_logs_as_code() -> None:
    assert [block.kind for block in (*prose("a"), *log("b\nc"))] == [
        BlockKind.PARAGRAPH,
        BlockKind.CODE,
    ]
    assert prose(None) == log([]) == ()


def test_a_project_is_the_events_or_the_one_in_its_data() -> None:
    assert telling(event(data={"project": "till"})).project == "shop"
    assert telling(event(project="", data={"project": "till"})).project == "till"
    assert telling(event(project="", data={"project": {"name": "till"}})).project == "till"
    assert telling(event(project="", data="text")).project == ""
