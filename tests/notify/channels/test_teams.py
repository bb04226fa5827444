"""Teams: an Adaptive Card of which only "accepted" is ever known."""

from typing import Any

import orjson
import pytest

from tests.notify.reaching import FakeReach, answer, message, options_of, outgoing
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Span, Tone
from tocsin.notify.channel import Rate, Receipt, extras_of, find_channels

CHANNEL = find_channels()["teams"]
EXTRAS = extras_of(CHANNEL)
FLOW = "https://prod-1.westeurope.logic.azure.com/workflows/1/paths/invoke?sig=canarysecret"
QUEUED = answer(b"", 202)


async def sent(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    options = options_of(CHANNEL, **({"webhook_url": FLOW} | config))
    return await CHANNEL.send(of or outgoing(), options, reach)


async def card_of(of: Any = None, **config: Any) -> dict[str, Any]:
    reach = FakeReach(QUEUED)
    await sent(reach, outgoing(of), **config)
    (attachment,) = reach.call_made.json["attachments"]
    return dict(attachment["content"])


def paragraph(*spans: Span | str) -> Block:
    made = (Span(one) if isinstance(one, str) else one for one in spans)
    return Block(BlockKind.PARAGRAPH, tuple(made))


def block(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **more}


CARD = {
    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "type": "AdaptiveCard",
    "version": "1.4",
    "msteams": {"width": "Full"},
    "body": [
        {
            "type": "Container",
            "style": "accent",
            "bleed": True,
            "items": [block("发布通知：金丝雀发布开始", weight="Bolder")],
        },
        {
            "type": "FactSet",
            "facts": [
                {"title": "项目:", "value": "my-app"},
                {"title": "版本:", "value": "v1.2.3"},
                {"title": "状态:", "value": "发布中..."},
            ],
        },
    ],
    "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": "https://x.test"}],
}
OF = message(links=(Link("Open", "https://x.test"),))


async def test_a_message_is_a_card_in_an_envelope() -> None:
    reach = FakeReach(QUEUED)

    receipt = await sent(reach, outgoing(OF))

    assert receipt == Receipt(note="accepted")
    assert (reach.call_made.method, reach.call_made.url) == ("POST", FLOW)
    assert reach.call_made.json == {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": CARD,
            }
        ],
    }


async def test_a_flow_may_want_the_card_alone() -> None:
    reach = FakeReach(QUEUED)

    await sent(reach, outgoing(OF), wrap=False)

    assert reach.call_made.json == CARD


async def test_text_has_neither_headings_nor_fences_and_a_strangers_no_marks() -> None:
    body = (
        Block(BlockKind.HEADING, (Span("H"),)),
        paragraph(
            Span("b", is_bold=True),
            Span("i", is_italic=True),
            Span("c_d", is_code=True),
            Span("l", href="https://x.test/(a)"),
            " *x* [y] my_app _z_ \\ <at>all</AT>\nnext",
        ),
        Block(BlockKind.ITEM, (Span("one"),)),
        Block(BlockKind.QUOTE, (Span("q\nr"),)),
        Block(BlockKind.CODE, (Span("if a:\n  b()"),)),
        paragraph("end"),
    )

    card = await card_of(message(fields=(), body=body))

    assert card["body"][1:] == [
        block(
            "**H**\n\n**b**_i_c_d[l](https://x.test/%28a%29)"
            " \\*x\\* \\[y\\] my_app \\_z\\_ \\\\ <\u200bat>all<\u200b/AT>\n\nnext\n\n"
            "- one\n\n> q\n\n> r"
        ),
        block("if a:\n\n\u00a0\u00a0b()", fontType="Monospace"),
        block("end"),
    ]


async def test_whom_the_options_name_is_mentioned_below() -> None:
    card = await card_of(mentions=["ann@x.test", "bob@x.test"])

    assert card["body"][-1] == block("<at>ann</at> <at>bob</at>")
    assert card["msteams"]["entities"] == [
        {
            "type": "mention",
            "text": f"<at>{name}</at>",
            "mentioned": {"id": f"{name}@x.test", "name": name},
        }
        for name in ("ann", "bob")
    ]


@pytest.mark.parametrize("text", ["word ", "发布。", '"\\\n', "🚀"])
@pytest.mark.parametrize("kind", BlockKind)
async def test_the_whole_message_is_never_too_large(kind: BlockKind, text: str) -> None:
    reach = FakeReach(QUEUED)
    fields = tuple(Field(text * 50, text * 500) for _ in range(20))
    links = tuple(Link(text * 50, "https://x.test/" + "p" * n * 300) for n in range(12))
    of = message(
        title=text * 99, fields=fields, body=(Block(kind, (Span(text * 9_000),)),), links=links
    )

    await sent(reach, outgoing(of), mentions=["ann@x.test"] * 20)

    body = reach.call_made.body
    assert 15_000 < len(body) <= 21_000
    content = orjson.loads(body)["attachments"][0]["content"]
    assert len(content["actions"]) == 5
    assert content["body"][-1]["text"].startswith("<at>ann</at>")


async def test_a_long_text_is_cut_where_it_is() -> None:
    code = Block(BlockKind.CODE, (Span("line\n" * 9_000),))

    card = await card_of(message(body=(paragraph("before"), code, paragraph("after"))))

    first, second = card["body"][2:]
    assert first["text"] == "before"
    assert second["text"].endswith("line\n\n…")


@pytest.mark.parametrize("tone", Tone)
async def test_every_tone_has_a_style(tone: Tone) -> None:
    card = await card_of(message(tone=tone))

    assert card["body"][0]["style"] in {"emphasis", "accent", "good", "warning", "attention"}


async def test_images_are_left_out_and_noted() -> None:
    of = message(images=(Image("a.png", b"1", "a"),))

    receipt = await sent(FakeReach(QUEUED), outgoing(of))

    assert receipt.note == "accepted; 1 images were left out: Teams takes none"


@pytest.mark.parametrize(
    "given", [QUEUED, answer("1"), answer(b"", 201), answer({"any": "thing"}), answer(b"", 204)]
)
async def test_any_2xx_is_accepted(given: Answer) -> None:
    assert (await sent(FakeReach(given))).note == "accepted"


@pytest.mark.parametrize(
    ("given", "kind", "reason", "after_s"),
    [
        (answer("", 429, {"Retry-After": "17"}), TryLater, Reason.RATE_LIMITED, 17.0),
        (answer("<html>", 429), TryLater, Reason.RATE_LIMITED, None),
        (
            answer(
                "Webhook message delivery failed with error: Microsoft Teams endpoint "
                "returned HTTP error 429 with ContextId tcid=0"
            ),
            TryLater,
            Reason.RATE_LIMITED,
            None,
        ),
        (answer("… returned HTTP error 413 …"), GiveUp, Reason.TOO_LARGE, None),
        (answer("… returned HTTP error 500 …"), TryLater, Reason.BUSY, None),
        (answer("", 502), TryLater, Reason.BUSY, None),
        (answer("", 302), TryLater, Reason.BAD_ANSWER, None),
        (answer("", 408), TryLater, Reason.TIMED_OUT, None),
        (answer("", 400), GiveUp, Reason.REFUSED, None),
        (answer({"error": {"code": "Forbidden"}}, 403), GiveUp, Reason.NOT_ALLOWED, None),
        (answer("", 413), GiveUp, Reason.TOO_LARGE, None),
        (answer({"error": {"code": "Unauthorized"}}, 401), Disable, Reason.BAD_CREDENTIALS, None),
        (answer({"error": {"code": "WorkflowNotFound"}}, 404), Disable, Reason.GONE, None),
        (answer("", 410), Disable, Reason.GONE, None),
    ],
)
async def test_each_answer_leads_to_the_right_end(
    given: Answer, kind: type[DeliveryFailed], reason: Reason, after_s: float | None
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await sent(FakeReach(given))

    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert getattr(caught.value, "after_s", None) == after_s
    assert "canarysecret" not in caught.value.message


async def test_what_is_wrong_is_told_by_its_code() -> None:
    with pytest.raises(GiveUp) as caught:
        await sent(FakeReach(answer({"error": {"code": "WorkflowNotFound"}}, 404)))

    assert caught.value.message.startswith("Teams answers 404: WorkflowNotFound. The flow")


def test_the_flow_is_the_destination_and_only_its_host_is_shown() -> None:
    options = options_of(CHANNEL, webhook_url=FLOW)

    assert CHANNEL.destination(options) == FLOW
    assert EXTRAS.label(options) == "prod-1.westeurope.logic.azure.com"
    assert tuple(EXTRAS.addresses(options)) == (FLOW,)
    assert EXTRAS.CAN_UPDATE is False
    assert CHANNEL.LIMITS.rates == (Rate(4, 1.0),)
