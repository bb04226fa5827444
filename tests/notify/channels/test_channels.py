"""Whatever a message holds, each channel makes of it what its platform takes: it loses nobody one.

The platforms are the fakes, called without a network between, so that many can be tried.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.notify.conforming import Way, ways
from tests.notify.reaching import Called, FakeReach, answer, options_of, outgoing
from tocsin.edge.outbound import Answer
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Message, Span, Tone
from tocsin.notify.channel import extras_of, find_channels
from tocsin.notify.platforms.mail import address_of, mail_of
from tocsin.notify.wording.bounds import bounded
from tocsin.testing.clock import START, HandClock
from tocsin.testing.outside import Asked
from tocsin.testing.platform import find_platforms
from tocsin.testing.shelf import Shelf

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
WAYS = [way for way in ways() if way.kind != "email"]

NASTY = (
    *(
        "",
        " ",
        "\n\n",
        "\t \r\n",
        "\x00",
        "\x00\x01\x1f\x7f\x1b[31m",
        "\u200b",
        "\u200d\ufe0f",
        "\ufeff",
    ),
    *(
        "\u202e\u2066abc",
        "שלום עולם",
        "مرحبا",
        "👩‍👩‍👧‍👦",
        "🇨🇳🇰🇷" * 9,
        "👍🏽" * 200,
        "e" + "\u0301" * 900,
    ),
    *(
        "`",
        "```",
        "```\n",
        "**",
        "*_~",
        "__a__",
        "[a](",
        "](b)",
        "[a](https://x.test)",
        "<",
        "<b>",
        "</b>",
    ),
    *(
        "&",
        "&amp;",
        "<at id=all></at>",
        "<!channel>",
        "@everyone",
        "<@all>",
        "\\",
        "\\\\*",
        "> a",
        "# a",
    ),
    *(
        "- a\n" * 300,
        "`" * 3_000,
        "**a" * 3_000,
        "<" * 10_000,
        "发布" * 5_000,
        "W" * 10_000,
        '"' * 10_000,
    ),
    *(
        "a b " * 2_500,
        "😀" * 5_000,
        "line\n" * 2_000,
        "\x01" * 500,
        "{{x}} {y} %s $1 \\1",
        "\u2028\u2029",
    ),
)
TEXTS = st.sampled_from(NASTY) | st.text(
    st.sampled_from("`*_~[]()<>&|\\#>-+!@{}\"' \n\t\x00\u200b\u202e你é😀a1")
    | st.characters(exclude_categories=["Cs"]),
    max_size=40,
)
ADDRESSES = st.sampled_from(
    [
        "https://x.test/",
        "https://x.test/?a=1&b=(2)|[3]<4>'\"",
        "https://x.test/" + "p" * 980,
        "https://x.test/" + "%F0%9F%98%80" * 160,
    ]
)
SPANS = st.builds(Span, TEXTS, st.booleans(), st.booleans(), st.booleans(), st.none() | ADDRESSES)
BLOCKS = st.builds(Block, st.sampled_from(BlockKind), st.lists(SPANS, max_size=4).map(tuple))
FIELDS = st.builds(Field, TEXTS, TEXTS, st.booleans())
LINKS = st.builds(Link, TEXTS, ADDRESSES)
IMAGES = st.builds(Image, st.just("a.png"), st.just(PNG), TEXTS)


def some(one: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few; or very many, of which most are alike."""
    few = st.lists(one, max_size=3).map(tuple)
    return few | st.builds(lambda alike, last: (*(alike,) * most, last), one, one)


MESSAGES = st.builds(
    Message,
    heading=TEXTS,
    title=TEXTS,
    tone=st.sampled_from(Tone),
    fields=some(FIELDS, 300),
    body=some(BLOCKS, 60),
    links=some(LINKS, 60),
    images=some(IMAGES, 14),
    language=st.sampled_from(["zh", "en", "ko", "ru"]),
)


class Taking:
    """A platform that is called as by a channel; `refusals` is what it said no with."""

    def __init__(self, way: Way) -> None:
        kind, self.clock = find_platforms()[way.kind], HandClock()
        self.shelf = Shelf(self.clock)
        self.shelf.url = "https://platform.example"
        # Images are messages of their own; how many there may be at a time is not asked here.
        has_rate = hasattr(kind.Options(), "rate")
        options = kind.Options(rate=10_000) if has_rate else kind.Options()
        self.platform = kind.Platform(options, self.shelf)
        self.channel = find_channels()[way.kind]
        self.options = options_of(self.channel, **self.platform.configs()[way.name])
        self.reach = FakeReach(always=self._take, clock=self.clock)
        self.refusals: list[bytes] = []

    def _take(self, called: Called) -> Answer:
        query = dict(parse_qsl(urlsplit(called.url).query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in called.headers.items()}
        if called.json is not None:
            headers.setdefault("content-type", "application/json; charset=utf-8")
        reply = self.platform.take(Asked(called.method, called.path, query, headers, called.body))
        if self.platform.is_refusal(reply):
            self.refusals.append(reply.body)
        return answer(reply.body, reply.status, reply.headers)

    def send(self, message: Message, event_type: str) -> None:
        told = outgoing(bounded(message), event_type=event_type)
        asyncio.run(self.channel.send(told, self.options, self.reach))


def check_taken(way: Way, message: Message, event_type: str = "note") -> None:
    taking = Taking(way)

    taking.send(message, event_type)

    assert taking.refusals == []
    assert taking.shelf.lost == []
    assert taking.shelf.taken


@pytest.mark.parametrize("way", WAYS, ids=str)
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(message=MESSAGES)
def test_any_message_is_taken(way: Way, message: Message) -> None:
    check_taken(way, message)


def everywhere(text: str) -> Message:
    """A text in each place where one can stand, often."""
    span = Span(text, is_bold=True)
    return Message(
        heading=text,
        title=text,
        fields=(Field(text, text),) * 12,
        body=tuple(Block(kind, (span, Span(text, href="https://x.test/"))) for kind in BlockKind),
        links=(Link(text, "https://x.test/"),) * 30,
        images=(Image("a.png", PNG, text),),
    )


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("made", [everywhere, lambda text: Message(text, "")], ids=["all", "title"])
def test_each_nasty_text_is_taken_wherever_it_stands(
    way: Way, made: Callable[[str], Message]
) -> None:
    for text in NASTY:
        check_taken(way, made(text))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("tone", Tone)
def test_a_message_that_says_nothing_is_taken(way: Way, tone: Tone) -> None:
    for event_type in ("canary_started", "note", "digest"):
        check_taken(way, Message("", "", tone), event_type)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(MESSAGES)
def test_any_message_is_a_mail_that_can_be_read(message: Message) -> None:
    sender, to = address_of("Tocsin <tocsin@example.com>"), address_of("ann@example.com")

    raw = mail_of(outgoing(bounded(message)), sender, [to], [], START).raw

    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert len(raw) < 10_000_000
    read = message_from_bytes(raw, policy=SMTP)
    assert read.defects == []
    assert str(read["Subject"]).strip()
    assert str(read["To"]) == "ann@example.com"
    text = read.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip()


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_message_is_what_is_sent_unless_the_channel_says_otherwise(way: Way) -> None:
    bodies = []
    for title in ("one", "two"):
        taking = Taking(way)
        taking.send(Message("", title), "note")
        bodies.append(taking.reach.calls[-1].body)

    assert (bodies[0] != bodies[1]) is extras_of(find_channels()[way.kind]).HAS_MESSAGE


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_what_may_replace_a_message_tells_by_what(way: Way) -> None:
    taking = Taking(way)
    can = extras_of(taking.channel).CAN_UPDATE
    told = outgoing(bounded(Message("", "one")))

    receipt = asyncio.run(taking.channel.send(told, taking.options, taking.reach))

    assert bool(receipt.handle) is (can(taking.options) if callable(can) else can)


def test_a_message_is_tried_at_every_platform() -> None:
    assert {way.kind for way in WAYS} | {"email"} == set(find_channels())
    assert replace(Message("", ""), title="x").full_title == "x"
