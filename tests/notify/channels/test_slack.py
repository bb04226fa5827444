"""Slack: a webhook that answers in words, and a bot that updates and uploads."""

from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.notify.reaching import FakeReach, answer, message, options_of, outgoing
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Span, Tone
from tocsin.notify.channel import Rate, Receipt, extras_of, find_channels

CHANNEL = find_channels()["slack"]
EXTRAS = extras_of(CHANNEL)
WEBHOOK = "https://hooks.slack.com/services/T000/B000/canarysecret1234"
TOKEN = "xoxb-canary-token-5678"
OK = answer("ok")
POSTED = answer({"ok": True, "channel": "C9", "ts": "1700.01"})
# What a proxy may say, or nobody.
NO_WORDS = ("null", "true", "[0]", "5", '"ok"', "[]")
IMAGE = Image("chart.png", b"\x89PNG bytes", "Chart of the week")


async def sent(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    given = config or {"webhook_url": WEBHOOK}
    return await CHANNEL.send(of or outgoing(), options_of(CHANNEL, **given), reach)


async def sent_by_bot(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    return await sent(reach, of, bot_token=TOKEN, channel="#deploys", **config)


def paragraph(text: str) -> Block:
    return Block(BlockKind.PARAGRAPH, (Span(text),))


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


async def test_a_webhook_is_given_blocks_and_the_same_as_text() -> None:
    reach = FakeReach(OK)
    links = (Link("Open", "https://x.test/?a=1&b=|"),)

    receipt = await sent(reach, outgoing(message(links=links)))

    assert receipt == Receipt()
    assert (reach.call_made.method, reach.call_made.url) == ("POST", WEBHOOK)
    fields = "*项目*: my-app\n*版本*: v1.2.3\n*状态*: 发布中..."
    title = "🔵 发布通知：金丝雀发布开始"
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": "Open", "emoji": False},
        "url": "https://x.test/?a=1&b=|",
        "action_id": "link-1",
    }
    assert reach.call_made.json == {
        "text": f"*{title}*\n\n{fields}\n\n<https://x.test/?a=1&amp;b=%7C|Open>",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}},
            section(fields),
            {"type": "actions", "elements": [button]},
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }


async def test_a_strangers_text_mentions_nobody_and_links_nowhere() -> None:
    reach = FakeReach(OK)
    of = message(
        fields=(Field("a<b", "<!channel> & <@U1>"),),
        body=(Block(BlockKind.CODE, (Span("<!here> ```\n*x*"),)),),
    )

    await sent(reach, outgoing(of))

    assert reach.call_made.json["blocks"][1] == section(
        "*a&lt;b*: &lt;!channel&gt; &amp; &lt;@U1&gt;\n\n```\n&lt;!here&gt; ˋˋˋ\n*x*\n```"
    )


async def test_every_kind_of_text_has_its_mark() -> None:
    reach = FakeReach(OK)
    spans = (
        Span("b", is_bold=True),
        Span(" "),
        Span("i", is_italic=True),
        Span(" "),
        Span("`c`", is_code=True),
        Span(" "),
        Span("l", href="https://x.test"),
    )
    body = (
        Block(BlockKind.HEADING, (Span("H"),)),
        Block(BlockKind.PARAGRAPH, spans),
        Block(BlockKind.ITEM, (Span("one"),)),
        Block(BlockKind.QUOTE, (Span("q\nr"),)),
    )

    await sent(reach, outgoing(message(fields=(), body=body)))

    assert reach.call_made.json["blocks"][1] == section(
        "*H*\n\n*b* _i_ `ˋcˋ` <https://x.test|l>\n\n• one\n\n>q\n>r"
    )


async def test_whom_the_options_name_is_mentioned() -> None:
    reach = FakeReach(OK)

    await sent(reach, webhook_url=WEBHOOK, mentions=["U12", "S34", "here", "<@U56>"])

    named = "<@U12> <!subteam^S34> <!here> <@U56>"
    assert reach.call_made.json["blocks"][-1] == section(named)
    assert reach.call_made.json["text"].endswith(f"\n\n{named}")


async def test_a_long_text_has_sections_that_are_short_enough_and_an_end() -> None:
    reach = FakeReach(OK)
    long = message(title="t" * 400, tone=Tone.BAD, body=(paragraph("word & " * 5_000),), links=())

    await sent(reach, outgoing(long))

    header, *sections = reach.call_made.json["blocks"]
    assert len(header["text"]["text"]) == 150
    assert len(sections) == 4
    assert all(len(one["text"]["text"]) <= 3_000 for one in sections)
    assert all(
        one["text"]["text"].count("&") == one["text"]["text"].count("&amp;") for one in sections
    )
    assert sections[-1]["text"]["text"].endswith("\n…")
    assert len(reach.call_made.json["text"]) <= 3_000


async def test_buttons_are_as_many_and_as_long_as_slack_takes() -> None:
    reach = FakeReach(OK)
    links = (Link("far", "https://x.test/" + "p" * 3_000), *[Link("t" * 90, "https://x.test")] * 30)

    await sent(reach, outgoing(message(links=links)))

    buttons = reach.call_made.json["blocks"][-1]["elements"]
    assert len(buttons) == 25
    assert all(len(one["text"]["text"]) == 75 and len(one["url"]) <= 3_000 for one in buttons)


@pytest.mark.parametrize(
    ("given", "kind", "reason", "after_s"),
    [
        (answer("user_not_found", 400), GiveUp, Reason.REFUSED, None),
        (answer("no_text", 400), GiveUp, Reason.REFUSED, None),
        (answer("invalid_payload", 400), GiveUp, Reason.REFUSED, None),
        (answer("invalid_payload", 404), GiveUp, Reason.REFUSED, None),
        (answer("invalid_blocks", 500), GiveUp, Reason.REFUSED, None),
        (answer("too_many_attachments", 400), GiveUp, Reason.REFUSED, None),
        (answer("some_new_word", 200), GiveUp, Reason.REFUSED, None),
        (answer("invalid_token", 403), Disable, Reason.BAD_CREDENTIALS, None),
        (answer("action_prohibited", 403), Disable, Reason.NOT_ALLOWED, None),
        (answer("posting_to_general_channel_denied", 400), Disable, Reason.NOT_ALLOWED, None),
        (answer("channel_not_found", 403), Disable, Reason.GONE, None),
        (answer("no_service", 404), Disable, Reason.GONE, None),
        (answer("no_active_hooks\n", 403), Disable, Reason.GONE, None),
        (answer("no_service_id", 404), Disable, Reason.GONE, None),
        (answer("no_team", 404), Disable, Reason.GONE, None),
        (answer("team_disabled", 403), Disable, Reason.GONE, None),
        (answer("channel_is_archived", 410), Disable, Reason.GONE, None),
        (answer("channel_is_archived", 500), Disable, Reason.GONE, None),
        (answer("<html>", 404), Disable, Reason.GONE, None),
        (answer("what", 403), GiveUp, Reason.NOT_ALLOWED, None),
        (answer("rollup_error", 500), TryLater, Reason.BUSY, None),
        (answer("rollup_error", 200), TryLater, Reason.BUSY, None),
        (answer("<html>", 502), TryLater, Reason.BUSY, None),
        (answer("late", 408), TryLater, Reason.TIMED_OUT, None),
        (answer("<html>ok</html>"), TryLater, Reason.BAD_ANSWER, None),
        (answer(""), TryLater, Reason.BAD_ANSWER, None),
        (answer({"ok": True}), TryLater, Reason.BAD_ANSWER, None),
        *((answer(one), TryLater, Reason.BAD_ANSWER, None) for one in NO_WORDS),
        (answer("", 429, {"Retry-After": "30"}), TryLater, Reason.RATE_LIMITED, 30.0),
        (answer("<html>", 429), TryLater, Reason.RATE_LIMITED, None),
        (
            answer({"ok": False, "error": "rate_limited", "retry_after": 1}, 429),
            TryLater,
            Reason.RATE_LIMITED,
            1.0,
        ),
    ],
)
async def test_a_webhooks_word_decides_before_its_status(
    given: Answer, kind: type[DeliveryFailed], reason: Reason, after_s: float | None
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await sent(FakeReach(always=given))

    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert getattr(caught.value, "after_s", None) == after_s
    assert "canarysecret" not in caught.value.message


@pytest.mark.parametrize(
    ("given", "kind", "reason"),
    [
        *((word, Disable, Reason.BAD_CREDENTIALS) for word in ("invalid_auth", "token_revoked")),
        ("account_inactive", Disable, Reason.BAD_CREDENTIALS),
        ("channel_not_found", Disable, Reason.GONE),
        ("is_archived", Disable, Reason.GONE),
        ("not_in_channel", GiveUp, Reason.NOT_ALLOWED),
        ("missing_scope", GiveUp, Reason.NOT_ALLOWED),
        ("msg_too_long", GiveUp, Reason.TOO_LARGE),
        ("invalid_blocks", GiveUp, Reason.REFUSED),
        ("ratelimited", TryLater, Reason.RATE_LIMITED),
        ("internal_error", TryLater, Reason.BUSY),
        ("fatal_error", TryLater, Reason.BUSY),
        ("service_unavailable", TryLater, Reason.BUSY),
        ("request_timeout", TryLater, Reason.TIMED_OUT),
    ],
)
async def test_a_refusal_of_the_api_has_status_200(
    given: str, kind: type[DeliveryFailed], reason: Reason
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await sent_by_bot(FakeReach(always=answer({"ok": False, "error": given})))

    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert caught.value.message.startswith(f"Slack answers {given}.")


@pytest.mark.parametrize(
    "said", [*NO_WORDS, "ok", "no_service", "<html>", "", {"ok": 1}, {"ok": None}]
)
async def test_what_is_none_of_the_apis_answers_may_be_better_later(said: Any) -> None:
    with pytest.raises(TryLater) as caught:
        await sent_by_bot(FakeReach(always=answer(said)))

    assert caught.value.reason is Reason.BAD_ANSWER


async def test_when_blocks_are_refused_the_text_goes_alone() -> None:
    reach = FakeReach(answer("invalid_blocks", 400), OK)

    receipt = await sent(reach)

    first, second = reach.calls
    assert second.json == {name: first.json[name] for name in first.json if name != "blocks"}
    assert receipt.note == "Sent as plain text: Slack answers invalid_blocks."


async def test_a_bot_posts_with_its_token_and_knows_the_message_again() -> None:
    reach = FakeReach(POSTED)

    receipt = await sent_by_bot(reach)

    assert receipt == Receipt(handle="C9:1700.01")
    assert reach.call_made.url == "https://slack.com/api/chat.postMessage"
    assert reach.call_made.headers == {"Authorization": f"Bearer {TOKEN}"}
    assert reach.call_made.json["channel"] == "#deploys"
    assert reach.call_made.json["blocks"][0]["type"] == "header"


async def test_a_bot_replaces_a_message_in_place_without_its_images() -> None:
    reach = FakeReach(POSTED)

    receipt = await sent_by_bot(reach, outgoing(message(images=(IMAGE,)), handle="C9:1700.01"))

    assert receipt == Receipt(handle="C9:1700.01")
    assert reach.call_made.url == "https://slack.com/api/chat.update"
    assert (reach.call_made.json["channel"], reach.call_made.json["ts"]) == ("C9", "1700.01")


async def test_a_message_that_is_not_there_to_be_replaced_is_no_reason_to_disable() -> None:
    reach = FakeReach(answer({"ok": False, "error": "message_not_found"}))

    with pytest.raises(GiveUp) as caught:
        await sent_by_bot(reach, outgoing(handle="C9:1700.01"))

    assert (type(caught.value), caught.value.reason) == (GiveUp, Reason.GONE)


async def test_an_image_goes_up_in_three_steps_around_the_message() -> None:
    upload = {"ok": True, "upload_url": "https://files.slack.com/upload/v1/abc", "file_id": "F1"}
    reach = FakeReach(answer(upload), answer("OK - 10"), POSTED, answer({"ok": True}))

    receipt = await sent_by_bot(reach, outgoing(message(images=(IMAGE,))))

    assert receipt == Receipt(handle="C9:1700.01")
    asked, put, _posted, shown = reach.calls
    assert asked.url == "https://slack.com/api/files.getUploadURLExternal"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {
        "filename": ["chart.png"],
        "length": [str(len(IMAGE.png))],
        "alt_txt": ["Chart of the week"],
    }
    assert (put.url, put.body) == ("https://files.slack.com/upload/v1/abc", IMAGE.png)
    assert "Authorization" not in put.headers
    assert reach.hidden == ["https://files.slack.com/upload/v1/abc"]
    assert reach.paths[2:] == ["/api/chat.postMessage", "/api/files.completeUploadExternal"]
    assert shown.json == {
        "files": [{"id": "F1", "title": "Chart of the week"}],
        "channel_id": "C9",
    }


@pytest.mark.parametrize(
    "replies",
    [
        (answer({"ok": False, "error": "missing_scope"}), POSTED),
        (
            answer({"ok": True, "upload_url": "https://files.slack.com/u", "file_id": "F1"}),
            answer("no", 413),
            POSTED,
        ),
        (
            answer({"ok": True, "upload_url": "https://files.slack.com/u", "file_id": "F1"}),
            answer("OK"),
            POSTED,
            answer({"ok": False, "error": "internal_error"}),
        ),
    ],
)
async def test_a_message_arrives_once_whatever_becomes_of_its_images(
    replies: tuple[Answer, ...],
) -> None:
    reach = FakeReach(*replies)

    receipt = await sent_by_bot(reach, outgoing(message(images=(IMAGE,))))

    assert reach.paths.count("/api/chat.postMessage") == 1
    assert receipt.handle == "C9:1700.01"
    assert receipt.note.startswith("The images were ")


async def test_an_upload_that_may_work_later_is_tried_again_before_anything_is_posted() -> None:
    reach = FakeReach(answer("<html>", 503))

    with pytest.raises(TryLater):
        await sent_by_bot(reach, outgoing(message(images=(IMAGE,))))

    assert len(reach.calls) == 1


async def test_a_webhook_takes_no_images_and_says_so() -> None:
    receipt = await sent(FakeReach(OK), outgoing(message(images=(IMAGE,))))

    assert receipt.note == "1 images were left out: a webhook takes none."


async def test_an_answer_without_a_place_gives_nothing_to_replace() -> None:
    assert (await sent_by_bot(FakeReach(answer({"ok": True})))).handle is None


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({}, "either"),
        ({"webhook_url": WEBHOOK, "bot_token": TOKEN, "channel": "C1"}, "either"),
        ({"bot_token": TOKEN}, "needs a channel"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(config: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        EXTRAS.check(options_of(CHANNEL, **config))


def test_the_way_of_sending_says_what_else_there_is() -> None:
    webhook = options_of(CHANNEL, webhook_url=WEBHOOK)
    bot = options_of(CHANNEL, bot_token=TOKEN, channel="C1")
    EXTRAS.check(webhook)
    EXTRAS.check(bot)

    assert callable(EXTRAS.CAN_UPDATE)
    assert (EXTRAS.CAN_UPDATE(webhook), EXTRAS.CAN_UPDATE(bot)) == (False, True)
    assert CHANNEL.destination(webhook) == WEBHOOK
    assert CHANNEL.destination(bot) != CHANNEL.destination(
        options_of(CHANNEL, bot_token=TOKEN, channel="C2")
    )
    assert (EXTRAS.label(webhook), EXTRAS.label(bot)) == ("hooks.slack.com", "C1")
    assert (tuple(EXTRAS.addresses(webhook)), tuple(EXTRAS.addresses(bot))) == ((WEBHOOK,), ())
    assert CHANNEL.LIMITS.rates == (Rate(1, 1.0),)
    assert TOKEN not in repr(bot)
