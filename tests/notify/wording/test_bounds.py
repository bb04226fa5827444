"""What a channel is handed has a title and bounds; what is usual comes out as it was."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.reaching import message
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Span
from tocsin.notify.wording.bounds import (
    MAX_BODY_CHARS,
    MAX_FIELDS,
    MAX_IMAGES,
    MAX_LINKS,
    MAX_SPANS,
    NO_TITLE,
    bounded,
)
from tocsin.notify.wording.messages import message_of
from tocsin.notify.wording.template import sample_event


def paragraph(*texts: str) -> Block:
    return Block(BlockKind.PARAGRAPH, tuple(map(Span, texts)))


@pytest.mark.parametrize("event_type", ["canary_started", "alert.firing", "log_entry", "note"])
def test_what_is_usual_is_left_as_it_is(event_type: str) -> None:
    told = message_of(sample_event(event_type), "zh", "https://tocsin.example")

    assert bounded(told) == told


@pytest.mark.parametrize("nothing", ["", "  ", "\n", "\x00", "\u200b\u200d", "\u202e", "\ufe0f"])
def test_a_title_of_which_nothing_is_seen_is_a_dash(nothing: str) -> None:
    assert bounded(message(heading=nothing, title=nothing)).full_title == NO_TITLE
    assert bounded(message(heading="发布通知", title=nothing)).full_title == "发布通知"
    assert bounded(message(heading=nothing, title="👍🏽")).full_title == "👍🏽"


def test_nothing_that_is_not_to_be_seen_is_left_anywhere() -> None:
    evil = "a\x00b\x1b[31m\u202ec"
    told = bounded(
        message(
            heading=evil,
            title=evil,
            fields=(Field(evil, evil),),
            body=(paragraph(f"{evil}\n {evil} "),),
            links=(Link(evil, "https://x.test/"),),
        )
    )

    parts = (told.heading, told.title, told.fields[0].name, told.fields[0].value)
    shown = {*parts, told.links[0].text}
    assert len(shown) == 1
    (clean,) = shown
    assert not {"\x00", "\x1b", "\u202e"} & set(clean)
    assert told.body == (paragraph(f"{clean}\n {clean} "),)


def test_there_is_an_end_to_everything() -> None:
    told = bounded(
        message(
            title="t" * 9_000,
            fields=(Field("n" * 900, "v" * 9_000),) * 900,
            links=(Link("l" * 900, "https://x.test/"),) * 900,
            images=(Image("a.png", b"", ""), Image("b.png", b"x", "")) * 90,
        )
    )

    assert len(told.full_title) < 300
    assert (len(told.fields), len(told.links), len(told.images)) == (
        MAX_FIELDS,
        MAX_LINKS,
        MAX_IMAGES,
    )
    assert len(told.fields[0].value) <= 500
    assert len(told.links[0].text) <= 200


@pytest.mark.parametrize(
    "body",
    [
        (paragraph("x" * 200_000),),
        (paragraph("x"),) * 20_000,
        (paragraph(*["x"] * 20_000),),
        (paragraph(),) * 20_000,
        (paragraph("x" * 40_000),) * 2,
    ],
)
def test_a_body_that_goes_on_ends_with_an_ellipsis(body: tuple[Block, ...]) -> None:
    told = bounded(message(body=body)).body

    assert told[-1] == paragraph("…")
    assert sum(len(block.spans) for block in told) <= MAX_SPANS + 1
    assert sum(len(one.text) for block in told for one in block.spans) <= MAX_BODY_CHARS + 1


def test_a_link_leads_to_a_page_and_says_where_if_nothing_else() -> None:
    links = (Link("", "https://x.test/a"), Link("a", "javascript:b"), Link("b", "https://y.test/"))

    assert bounded(message(links=links)).links == (
        Link("x.test", "https://x.test/a"),
        Link("b", "https://y.test/"),
    )


@given(st.text(max_size=300))
def test_it_is_enough_to_do_it_once(text: str) -> None:
    block = Block(BlockKind.QUOTE, (Span(text), Span(text, is_bold=True)))
    once = bounded(message(heading=text, title=text, fields=(Field(text, text),), body=(block,)))

    assert bounded(once) == once
    assert replace(once, language="en").full_title.strip()
