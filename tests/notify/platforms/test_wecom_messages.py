"""WeCom's Markdown, which has no escapes, and messages of which only the first must arrive."""

import pytest

from tests.notify.reaching import message, outgoing
from tocsin.errors import GiveUp, Reason, TryLater
from tocsin.model.message import Block, BlockKind, Field, Link, Span
from tocsin.notify.drawing.dialect import draw, in_bytes
from tocsin.notify.platforms.wecom_messages import DIALECT, do_all, escaped, texts_of

UNSEEN = "\u200b"


def block(kind: BlockKind, *spans: Span) -> Block:
    return Block(kind, spans)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<@all>", f"<{UNSEEN}@all>"),
        ("<@ZhangSan>", f"<{UNSEEN}@ZhangSan>"),
        ('<font color="warning">', f'<{UNSEEN}font color="warning">'),
        ("[x](https://evil.example)", f"[x]{UNSEEN}(https://evil.example)"),
        ("a **b**", f"a *{UNSEEN}*b*{UNSEEN}*"),
        ("# big\n> quoted", f"{UNSEEN}# big\n{UNSEEN}> quoted"),
        ("__init__ `x`", f"_{UNSEEN}_init_{UNSEEN}_ ˋxˋ"),
        ("my_app v1.2.3 a < b * c (d)", "my_app v1.2.3 a < b * c (d)"),
    ],
)
def test_a_strangers_marks_are_broken_unseen(text: str, shown: str) -> None:
    assert escaped(text) == shown
    assert escaped(text).replace(UNSEEN, "").replace("ˋ", "`") == text


def test_every_kind_of_block_is_drawn_in_what_wecom_knows() -> None:
    blocks = [
        block(BlockKind.HEADING, Span("Log")),
        block(BlockKind.PARAGRAPH, Span("a ", is_italic=True), Span("b", is_bold=True)),
        block(BlockKind.PARAGRAPH, Span("see", href="https://a.example/1"), Span(" `")),
        block(BlockKind.PARAGRAPH, Span("x`y", is_code=True)),
        block(BlockKind.ITEM, Span("one")),
        block(BlockKind.ITEM, Span("two")),
        block(BlockKind.QUOTE, Span("q\nr")),
        block(BlockKind.CODE, Span("# c\n<@all>")),
    ]

    assert draw(blocks, DIALECT) == (
        "## Log\n\na **b**\n\n[see](https://a.example/1) ˋ\n\n`xˋy`\n\n• one\n• two\n\n>q\n>r\n\n"
        f">{UNSEEN}# c\n><{UNSEEN}@all>"
    )


def test_a_message_is_drawn_as_the_document_has_it() -> None:
    fields = (Field("项目", "my-app"), Field("版本", "v1.2.3"))

    assert texts_of(outgoing(message(fields=fields)), 2048) == [
        "## 发布通知\n\n>项目: my-app\n>版本: v1.2.3"
    ]


def test_links_and_mentions_stand_below_the_last_part_and_all_keep_to_the_limit() -> None:
    body = (block(BlockKind.PARAGRAPH, Span("很长的说明。" * 300)),)
    links = (Link("查看", "https://tocsin.example/d/1"),)

    texts = texts_of(outgoing(message(body=body, links=links)), 2048, "<@zhang>")

    assert len(texts) == 3
    assert all(in_bytes(text) <= 2048 for text in texts)
    assert texts[0].startswith("## 发布通知\n\n>项目: my-app\n")
    assert texts[-1].endswith("\n\n[查看](https://tocsin.example/d/1)\n\n<@zhang>\n\n(3/3)")
    assert "查看" not in "".join(texts[:-1])


def test_fields_that_are_too_long_for_a_message_are_cut_first() -> None:
    fields = tuple(Field(f"name {n}", "值" * 2_000) for n in range(3))

    texts = texts_of(outgoing(message(fields=fields)), 2048)

    assert all(in_bytes(text) <= 2048 for text in texts)
    assert len(texts) == 3


class Step:
    """A message that says `note`, or fails."""

    def __init__(self, note: str = "", error: Exception | None = None) -> None:
        self.note = note
        self.error = error
        self.is_done = False

    async def __call__(self) -> str:
        if self.error:
            raise self.error
        self.is_done = True
        return self.note


async def test_all_is_sent_and_each_note_told_once() -> None:
    steps = [Step("a"), Step(), Step("a"), Step("b")]

    assert await do_all(steps) == "a b"
    assert all(step.is_done for step in steps)


async def test_the_first_has_to_arrive() -> None:
    with pytest.raises(TryLater):
        await do_all([Step(error=TryLater("busy", reason=Reason.BUSY)), Step()])


async def test_what_fails_behind_the_first_is_noted_and_ends_it() -> None:
    last = Step()

    note = await do_all([Step("a"), Step(error=GiveUp("No.", reason=Reason.REFUSED)), last])

    assert note == "a 1 of 3 messages were sent. No."
    assert not last.is_done
