"""Telegram: HTML that is cut before it is marked, and a text that arrives whatever its looks."""

from typing import Any

import pytest

from tests.notify.reaching import FakeReach, answer, message, options_of, outgoing
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Span
from tocsin.notify.channel import Rate, Receipt, extras_of, find_channels
from tocsin.notify.drawing.dialect import in_utf16

CHANNEL = find_channels()["telegram"]
EXTRAS = extras_of(CHANNEL)
TOKEN = "4711:canary-token-5678"
API = f"https://api.telegram.org/bot{TOKEN}"
SENT = answer({"ok": True, "result": {"message_id": 7}})
IMAGE = Image("chart.png", b"\x89PNG bytes", "Chart of @ops")


def refused(status: int, description: str, **parameters: Any) -> Answer:
    body = {"ok": False, "error_code": status, "description": description}
    return answer(body | ({"parameters": parameters} if parameters else {}), status)


UNREADABLE = refused(400, "Bad Request: can't parse entities: Unsupported start tag")


async def sent(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    options = options_of(CHANNEL, **({"bot_token": TOKEN, "chat_id": "-100"} | config))
    return await CHANNEL.send(of or outgoing(), options, reach)


def paragraph(*spans: Span | str) -> Block:
    made = (Span(one) if isinstance(one, str) else one for one in spans)
    return Block(BlockKind.PARAGRAPH, tuple(made))


async def test_a_message_is_html_and_known_again() -> None:
    reach = FakeReach(SENT)
    links = (Link("Open <it>", "https://x.test/?a=1&b"),)

    receipt = await sent(reach, outgoing(message(links=links)))

    assert receipt == Receipt(handle="-100:7")
    assert (reach.call_made.method, reach.call_made.url) == ("POST", f"{API}/sendMessage")
    assert reach.call_made.json == {
        "chat_id": "-100",
        "text": (
            "<b>🔵 发布通知：金丝雀发布开始</b>\n\n"
            "<b>项目</b>: my-app\n<b>版本</b>: v1.2.3\n<b>状态</b>: 发布中...\n\n"
            '<a href="https://x.test/?a=1&amp;b">Open &lt;it&gt;</a>'
        ),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    assert reach.hidden == [TOKEN]


async def test_a_topic_and_silence_are_asked_for() -> None:
    reach = FakeReach(SENT)

    await sent(reach, chat_id=-100, message_thread_id=5, silent=True)

    assert reach.call_made.json["chat_id"] == "-100"
    assert reach.call_made.json["message_thread_id"] == 5
    assert reach.call_made.json["disable_notification"] is True


async def test_every_kind_of_text_has_its_mark_and_a_strangers_has_none() -> None:
    reach = FakeReach(SENT)
    body = (
        Block(BlockKind.HEADING, (Span("H"),)),
        paragraph(
            Span("b", is_bold=True),
            Span("i", is_italic=True),
            Span("<c> @x", is_code=True),
            Span("l", href='https://x.test/"'),
            " <b>&amp; @all a@b.test @@x",
        ),
        Block(BlockKind.ITEM, (Span("one"),)),
        Block(BlockKind.QUOTE, (Span("q\nr"),)),
        Block(BlockKind.CODE, (Span("if a < b: @go"),)),
    )

    await sent(reach, outgoing(message(fields=(), body=body)))

    assert reach.call_made.json["text"].partition("</b>\n\n")[2] == (
        "<b>H</b>\n\n"
        '<b>b</b><i>i</i><code>&lt;c&gt; @x</code><a href="https://x.test/&quot;">l</a>'
        " &lt;b&gt;&amp;amp; @\u2060all a@b.test @@x\n\n"
        "• one\n\n<blockquote>q\nr</blockquote>\n\n<pre>if a &lt; b: @go</pre>"
    )


async def test_whom_the_options_name_is_mentioned() -> None:
    reach = FakeReach(SENT)

    await sent(reach, mentions=["@alice", "bob", "42"])

    assert reach.call_made.json["text"].endswith('\n\n@alice @bob <a href="tg://user?id=42">42</a>')


async def test_a_long_text_is_cut_and_keeps_its_tags_and_links() -> None:
    reach = FakeReach(SENT)
    body = (paragraph(Span("bold & <b> 🚀 " * 2_000, is_bold=True)),)
    of = message(title="t" * 900, body=body, links=(Link("Open", "https://x.test"),))

    await sent(reach, outgoing(of))

    text = reach.call_made.json["text"]
    assert 3_500 < in_utf16(text) <= 4_096
    assert text.count("<b>") == text.count("</b>")
    assert text.endswith('\n…\n\n<a href="https://x.test">Open</a>')


async def test_what_telegram_cannot_read_goes_once_more_as_plain_text() -> None:
    reach = FakeReach(UNREADABLE, SENT)
    of = message(fields=(Field("by", "<b>@ops</b>"),), links=(Link("Open", "https://x.test"),))

    receipt = await sent(reach, outgoing(of), mentions=["alice", "42"])

    assert receipt.handle == "-100:7"
    assert receipt.note.startswith("Sent as plain text: Telegram answers 400: Bad Request: can't")
    second = reach.calls[1].json
    assert "parse_mode" not in second
    assert second["text"] == (
        "🔵 发布通知：金丝雀发布开始\n\nby: <b>@\u2060ops</b>\n\nOpen (https://x.test)\n\n@alice 42"
    )


async def test_what_is_unreadable_as_plain_text_too_is_given_up() -> None:
    reach = FakeReach(UNREADABLE, UNREADABLE)

    with pytest.raises(GiveUp) as caught:
        await sent(reach)

    assert caught.value.reason is Reason.REFUSED
    assert len(reach.calls) == 2


async def test_a_group_that_has_another_id_now_is_written_to_there_at_once() -> None:
    reach = FakeReach(refused(400, "upgraded", migrate_to_chat_id=-1005), SENT)

    receipt = await sent(reach, chat_id="-101")

    assert [call.json["chat_id"] for call in reach.calls] == ["-101", "-1005"]
    assert receipt.handle == "-1005:7"
    assert receipt.note == "The group's id is -1005 now: put that into chat_id."


async def test_what_comes_next_goes_to_its_new_id_alone_and_says_so() -> None:
    limited = refused(429, "Too Many Requests", retry_after=3)
    reach = FakeReach(refused(400, "upgraded", migrate_to_chat_id=-1006), limited, SENT)
    with pytest.raises(TryLater):
        await sent(reach, chat_id="-102")

    receipt = await sent(reach, chat_id="-102")

    assert [call.json["chat_id"] for call in reach.calls] == ["-102", "-1006", "-1006"]
    assert receipt == Receipt("-1006:7", "The group's id is -1006 now: put that into chat_id.")


async def test_a_message_is_replaced_in_the_chat_where_it_is() -> None:
    reach = FakeReach(SENT)

    receipt = await sent(reach, outgoing(message(images=(IMAGE,)), handle="-1005:7"))

    assert receipt == Receipt(handle="-1005:7")
    assert reach.call_made.url == f"{API}/editMessageText"
    assert (reach.call_made.json["chat_id"], reach.call_made.json["message_id"]) == ("-1005", 7)


async def test_a_message_that_says_the_same_already_is_a_success() -> None:
    reach = FakeReach(refused(400, "Bad Request: message is not modified: specified new …"))

    assert await sent(reach, outgoing(handle="-100:7")) == Receipt(handle="-100:7")


async def test_a_short_text_stands_under_its_image() -> None:
    reach = FakeReach(SENT)

    receipt = await sent(reach, outgoing(message(images=(IMAGE,))), message_thread_id=5)

    assert receipt == Receipt()
    assert reach.call_made.url == f"{API}/sendPhoto"
    body = reach.call_made.body
    assert b'name="photo"; filename="chart.png"' in body
    assert b"\x89PNG bytes" in body
    assert 'name="caption"\r\n\r\n<b>🔵 发布通知'.encode() in body
    assert b'name="message_thread_id"\r\n\r\n5\r\n' in body
    assert b'name="parse_mode"\r\n\r\nHTML\r\n' in body


async def test_an_image_that_is_too_large_is_left_out_and_noted() -> None:
    large = Image("chart.png", bytes(10 * 1024 * 1024 + 1), "")

    receipt = await sent(FakeReach(SENT), outgoing(message(images=(large,))))

    assert receipt.handle == "-100:7"
    assert receipt.note == "Images of more than 10 MB were left out: 1."


async def test_a_long_text_comes_before_its_images() -> None:
    reach = FakeReach(always=SENT)
    of = message(body=(paragraph("word " * 300),), images=(IMAGE, IMAGE))

    receipt = await sent(reach, outgoing(of))

    assert receipt == Receipt(handle="-100:7")
    methods = [path.rpartition("/")[2] for path in reach.paths]
    assert methods == ["sendMessage", "sendPhoto", "sendPhoto"]
    assert "Chart of @\u2060ops".encode() in reach.calls[1].body


async def test_without_its_image_a_message_arrives_all_the_same() -> None:
    reach = FakeReach(refused(400, "Bad Request: IMAGE_PROCESS_FAILED"), SENT)

    receipt = await sent(reach, outgoing(message(images=(IMAGE,))))

    assert reach.calls[1].url == f"{API}/sendMessage"
    assert receipt.handle == "-100:7"
    assert receipt.note.startswith("An image was left out: Telegram answers 400")


async def test_an_image_that_cannot_go_now_takes_its_text_with_it_and_may_go_later() -> None:
    reach = FakeReach(refused(429, "Too Many Requests", retry_after=3))

    with pytest.raises(TryLater):
        await sent(reach, outgoing(message(images=(IMAGE,))))


async def test_an_image_in_a_chat_that_is_not_there_is_not_tried_without_it() -> None:
    reach = FakeReach(refused(400, "Bad Request: chat not found"))

    with pytest.raises(GiveUp) as caught:
        await sent(reach, outgoing(message(images=(IMAGE,))))

    assert caught.value.reason is Reason.NO_RECIPIENT


async def test_further_images_are_left_out_when_the_message_is_there() -> None:
    reach = FakeReach(SENT, refused(429, "Too Many Requests", retry_after=3))

    receipt = await sent(reach, outgoing(message(images=(IMAGE, IMAGE, IMAGE))))

    assert len(reach.calls) == 2
    assert receipt.note.startswith("An image was left out: Telegram answers 429")


@pytest.mark.parametrize(
    ("given", "kind", "reason", "after_s"),
    [
        (refused(429, "Too Many", retry_after=35), TryLater, Reason.RATE_LIMITED, 35.0),
        (answer("<html>", 429, {"Retry-After": "9"}), TryLater, Reason.RATE_LIMITED, 9.0),
        (answer("<html>", 429), TryLater, Reason.RATE_LIMITED, None),
        (refused(500, "Internal"), TryLater, Reason.BUSY, None),
        (answer("<html>", 502), TryLater, Reason.BUSY, None),
        (answer("<html>"), TryLater, Reason.BAD_ANSWER, None),
        (answer({"result": {}}), TryLater, Reason.BAD_ANSWER, None),
        (refused(401, "Unauthorized"), Disable, Reason.BAD_CREDENTIALS, None),
        (refused(404, "Not Found"), Disable, Reason.BAD_CREDENTIALS, None),
        (refused(403, "Forbidden: bot was kicked"), GiveUp, Reason.NOT_ALLOWED, None),
        (refused(403, "Forbidden: bot was blocked"), GiveUp, Reason.NOT_ALLOWED, None),
        (refused(400, "Bad Request: chat not found"), GiveUp, Reason.NO_RECIPIENT, None),
        (refused(400, "Bad Request: message is too long"), GiveUp, Reason.TOO_LARGE, None),
        (refused(400, "Bad Request: anything"), GiveUp, Reason.REFUSED, None),
        (answer("", 413), GiveUp, Reason.TOO_LARGE, None),
        (answer({"parameters": 1, "description": 2}, 400), GiveUp, Reason.REFUSED, None),
    ],
)
async def test_each_answer_leads_to_the_right_end(
    given: Answer, kind: type[DeliveryFailed], reason: Reason, after_s: float | None
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await sent(FakeReach(given))

    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert getattr(caught.value, "after_s", None) == after_s
    assert "canary" not in caught.value.message


@pytest.mark.parametrize("result", [True, None, {}])
async def test_an_answer_without_a_message_gives_nothing_to_replace(result: object) -> None:
    assert await sent(FakeReach(answer({"ok": True, "result": result}))) == Receipt()


@pytest.mark.parametrize(
    ("chat_id", "rates"),
    [
        ("-100", (Rate(1, 1.0), Rate(18, 60.0))),
        ("@news", (Rate(1, 1.0), Rate(18, 60.0))),
        (4711, (Rate(1, 1.0),)),
    ],
)
def test_a_group_takes_fewer_than_a_person(chat_id: object, rates: tuple[Rate, ...]) -> None:
    options = options_of(CHANNEL, bot_token=TOKEN, chat_id=chat_id)

    assert EXTRAS.limits is not None
    assert EXTRAS.limits(options).rates == rates
    assert EXTRAS.label(options) == str(chat_id)
    assert CHANNEL.destination(options) == f"{TOKEN}\n{chat_id}"


@pytest.mark.parametrize("chat_id", ["", "ops", "1 2", "@", "-"])
def test_what_is_no_chat_is_refused(chat_id: str) -> None:
    with pytest.raises(ValueError, match="chat_id"):
        options_of(CHANNEL, bot_token=TOKEN, chat_id=chat_id)
