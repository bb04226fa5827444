"""Discord: an embed within its limits, waited for, at the pace the answers tell."""

from typing import Any

import orjson
import pytest

from tests.notify.reaching import FakeReach, answer, message, options_of, outgoing
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Span, Tone
from tocsin.notify.channel import Account, Rate, Receipt, extras_of, find_channels
from tocsin.notify.drawing.dialect import in_utf16

CHANNEL = find_channels()["discord"]
EXTRAS = extras_of(CHANNEL)
WEBHOOK = "https://discord.com/api/webhooks/4711/canarysecret1234"
OK = answer({"id": "99", "channel_id": "1"})
IMAGE = Image("chart.png", b"\x89PNG bytes", "Chart of the week")


async def sent(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    options = options_of(CHANNEL, **({"webhook_url": WEBHOOK} | config))
    return await CHANNEL.send(of or outgoing(), options, reach)


def paragraph(text: str) -> Block:
    return Block(BlockKind.PARAGRAPH, (Span(text),))


def size_of(embeds: list[dict[str, Any]]) -> int:
    texts = [
        text
        for one in embeds
        for text in (
            one.get("title", ""),
            one.get("description", ""),
            *(field[part] for field in one.get("fields", ()) for part in ("name", "value")),
        )
    ]
    return sum(map(in_utf16, texts))


async def test_a_message_is_an_embed_that_is_waited_for() -> None:
    reach = FakeReach(OK)
    of = message(
        fields=(Field("项目", "my-app"), Field("日志", "long", is_short=False), Field("x", " ")),
        body=(paragraph("All *good*"),),
        links=(Link("Open", "https://x.test/(a)"),),
    )

    receipt = await sent(reach, outgoing(of))

    assert receipt == Receipt(handle="99")
    assert reach.call_made.method == "POST"
    assert reach.call_made.url == f"{WEBHOOK}?wait=true"
    assert reach.call_made.json == {
        "content": "",
        "allowed_mentions": {"parse": [], "users": [], "roles": []},
        "embeds": [
            {
                "title": "发布通知：金丝雀发布开始",
                "description": "All \\*good\\*\n\n[Open](https://x.test/%28a%29)",
                "color": 0x3498DB,
                "fields": [
                    {"name": "项目", "value": "my-app", "inline": True},
                    {"name": "日志", "value": "long", "inline": False},
                ],
            }
        ],
        "attachments": [],
    }


async def test_a_thread_and_what_the_address_has_already_stay_in_the_address() -> None:
    reach = FakeReach(OK)

    await sent(reach, webhook_url=f"{WEBHOOK}/?with_components=true", thread_id="12")

    assert reach.call_made.url.startswith(f"{WEBHOOK}?")
    assert reach.call_made.query == {
        "with_components": "true",
        "wait": "true",
        "thread_id": "12",
    }


async def test_a_message_is_replaced_by_its_id_and_loses_its_former_images() -> None:
    reach = FakeReach(OK)

    receipt = await sent(reach, outgoing(handle="99"), thread_id="12")

    assert receipt.handle == "99"
    assert (reach.call_made.method, reach.call_made.path) == (
        "PATCH",
        "/api/webhooks/4711/canarysecret1234/messages/99",
    )
    assert reach.call_made.query["thread_id"] == "12"
    assert reach.call_made.json["attachments"] == []


async def test_whom_the_options_name_is_mentioned_and_nobody_else() -> None:
    reach = FakeReach(OK)
    of = message(title="@everyone <@1>", fields=(Field("by", "<@&2> @here"),))

    await sent(reach, outgoing(of), mentions=["11", "&22", "here"])

    payload = reach.call_made.json
    assert payload["content"] == "<@11> <@&22> @here"
    assert payload["allowed_mentions"] == {"parse": ["everyone"], "users": ["11"], "roles": ["22"]}
    assert payload["embeds"][0]["title"] == "发布通知：@everyone \\<@1\\>"
    assert payload["embeds"][0]["fields"][0]["value"] == "\\<@&2\\> @here"


async def test_every_kind_of_text_has_its_mark_and_a_strangers_has_none() -> None:
    reach = FakeReach(OK)
    spans = (
        Span("b", is_bold=True),
        Span(" "),
        Span("i", is_italic=True),
        Span(" "),
        Span("`c`", is_code=True),
        Span(" "),
        Span("l", href="https://x.test"),
        Span("\n*_~|>#[]`\\< https://x.test/a_b_c?d=*e*"),
    )
    body = (
        Block(BlockKind.HEADING, (Span("H"),)),
        Block(BlockKind.PARAGRAPH, spans),
        Block(BlockKind.ITEM, (Span("one"),)),
        Block(BlockKind.QUOTE, (Span("q\nr"),)),
        Block(BlockKind.CODE, (Span("a_b ```"),)),
    )

    await sent(reach, outgoing(message(body=body)))

    assert reach.call_made.json["embeds"][0]["description"] == (
        "### H\n\n**b** *i* `ˋcˋ` [l](https://x.test)\n"
        r"\*\_\~\|\>\#\[\]\`\\\< https://x.test/a_b_c?d=\*e\*"
        "\n\n- one\n\n> q\n> r\n\n```\na_b ˋˋˋ\n```"
    )


async def test_all_limits_hold_and_what_has_no_field_stands_in_the_text() -> None:
    reach = FakeReach(OK)
    fields = tuple(Field(f"*name*{n}" * 20, "🚀_" * 900) for n in range(40))
    links = tuple(Link("t" * 100, f"https://x.test/{n}") for n in range(40))
    of = message(title="*" * 900, fields=fields, body=(paragraph("word " * 5_000),), links=links)

    await sent(reach, outgoing(of))

    (embed,) = reach.call_made.json["embeds"]
    assert in_utf16(embed["title"]) <= 256
    assert in_utf16(embed["description"]) <= 4_096
    assert len(embed["fields"]) <= 25
    assert all(in_utf16(one["name"]) <= 256 for one in embed["fields"])
    assert all(in_utf16(one["value"]) <= 1_024 for one in embed["fields"])
    assert size_of([embed]) <= 6_000
    assert "[ttt" in embed["description"]


async def test_more_fields_than_an_embed_has_become_lines() -> None:
    reach = FakeReach(OK)

    await sent(reach, outgoing(message(fields=tuple(Field(f"n{n}", "v") for n in range(27)))))

    (embed,) = reach.call_made.json["embeds"]
    assert len(embed["fields"]) == 25
    assert embed["description"] == "**n25**: v\n**n26**: v"


async def test_images_go_along_as_files() -> None:
    reach = FakeReach(OK)
    images = (IMAGE, Image("日 报.png", b"other", "a" * 2_000))

    await sent(reach, outgoing(message(images=images)))

    body = reach.call_made.body
    assert reach.call_made.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    payload = orjson.loads(body.split(b'name="payload_json"\r\n\r\n')[1].split(b"\r\n--")[0])
    assert [one["image"]["url"] for one in payload["embeds"]] == [
        "attachment://image-1.png",
        "attachment://image-2.png",
    ]
    assert [one["filename"] for one in payload["attachments"]] == ["image-1.png", "image-2.png"]
    assert [len(one["description"]) for one in payload["attachments"]] == [17, 1_024]
    assert b'name="files[0]"; filename="image-1.png"' in body
    assert b"\r\n\r\n\x89PNG bytes\r\n" in body


async def test_images_that_are_too_large_or_too_many_are_left_out_and_noted() -> None:
    reach = FakeReach(OK)
    large = Image("l.png", b"1" * (10 * 1024 * 1024 + 1), "large")

    receipt = await sent(reach, outgoing(message(images=(large, *[IMAGE] * 11))))

    assert receipt.note == "Images of more than 10 MB were left out: 1."
    assert reach.call_made.body.count(b'name="files[') == 9


async def test_when_the_embed_is_refused_the_text_goes_alone() -> None:
    faults = [{"code": "X", "message": "Not well formed"}]
    detail = {"embeds": {"0": {"_errors": faults}}, "users": "odd"}
    refused = answer({"code": 50035, "message": "Invalid Form Body", "errors": detail}, 400)
    reach = FakeReach(refused, OK)
    of = message(body=(paragraph("word " * 5_000),), links=(Link("Open", "https://x.test"),))

    receipt = await sent(reach, outgoing(of), mentions=["11"])

    assert receipt.handle == "99"
    why = "50035: Invalid Form Body (embeds.0: Not well formed; users: odd)"
    assert receipt.note == f"Sent as plain text: Discord answers {why}."
    plain = reach.calls[1].json
    assert plain["content"].startswith(
        "<@11>\n\n### 发布通知：金丝雀发布开始\n\n**项目**: my-app\n"
    )
    assert plain["content"].endswith("\n…\n\n[Open](https://x.test)")
    assert in_utf16(plain["content"]) <= 2_000
    assert plain["embeds"] == []
    assert plain["allowed_mentions"]["parse"] == []


@pytest.mark.parametrize(
    ("given", "kind", "reason", "after_s"),
    [
        (answer({"code": 10015}, 404), Disable, Reason.GONE, None),
        (answer({"code": 50027}, 401), Disable, Reason.BAD_CREDENTIALS, None),
        (answer({"message": "404: Not Found", "code": 0}, 404), Disable, Reason.GONE, None),
        (answer("<html>", 404), Disable, Reason.GONE, None),
        (answer({"code": 10008}, 404), GiveUp, Reason.GONE, None),
        (answer("", 401), Disable, Reason.BAD_CREDENTIALS, None),
        (answer({"code": 50013}, 403), GiveUp, Reason.NOT_ALLOWED, None),
        (answer({"code": 50035, "errors": "?"}, 400), GiveUp, Reason.REFUSED, None),
        (answer({"code": 50006}, 400), GiveUp, Reason.REFUSED, None),
        (answer({"code": 40005}, 413), GiveUp, Reason.TOO_LARGE, None),
        (answer({"code": 200000}, 400), GiveUp, Reason.CONTENT_REFUSED, None),
        *(
            (answer({"code": code}, 400), GiveUp, Reason.NO_RECIPIENT, None)
            for code in (220001, 220002, 220003, 220004)
        ),
        (answer({"code": "odd"}, 400), GiveUp, Reason.REFUSED, None),
        (answer("<html>", 502), TryLater, Reason.BUSY, None),
        (answer("<html>"), TryLater, Reason.BAD_ANSWER, None),
        (answer({"ok": True}), TryLater, Reason.BAD_ANSWER, None),
        (answer("", 302), TryLater, Reason.BAD_ANSWER, None),
        (
            answer({"retry_after": 0.75, "global": False}, 429, {"Retry-After": "1"}),
            TryLater,
            Reason.RATE_LIMITED,
            0.75,
        ),
        (answer({"code": 20028, "retry_after": 2}, 429), TryLater, Reason.RATE_LIMITED, 2.0),
        (answer("<html>1015", 429, {"Retry-After": "90"}), TryLater, Reason.RATE_LIMITED, 90.0),
        (
            answer("<html>", 429, {"X-RateLimit-Reset-After": "1.5"}),
            TryLater,
            Reason.RATE_LIMITED,
            1.5,
        ),
        (answer("<html>error code: 1015", 429), TryLater, Reason.RATE_LIMITED, 60.0),
    ],
)
async def test_each_answer_leads_to_the_right_end(
    given: Answer, kind: type[DeliveryFailed], reason: Reason, after_s: float | None
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await sent(FakeReach(always=given))

    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert getattr(caught.value, "after_s", None) == after_s
    assert "canarysecret" not in caught.value.message


async def test_an_answer_that_tells_less_than_was_asked_for_is_a_success_all_the_same() -> None:
    assert await sent(FakeReach(answer(b"", 204))) == Receipt()


@pytest.mark.parametrize(
    ("remaining", "pause_s"), [("1", 0.0), ("0", 1.25), ("", 0.0)], ids=["some", "none", "untold"]
)
async def test_a_pace_that_is_used_up_is_kept(remaining: str, pause_s: float) -> None:
    headers = {"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset-After": "1.25"}

    receipt = await sent(FakeReach(answer({"id": "99"}, headers=headers)))

    assert receipt.pause_s == pause_s


async def test_details_may_be_as_deep_as_they_like() -> None:
    errors: dict[str, Any] = {"_errors": [{"message": "deep"}, "odd"]}
    for _ in range(100):
        errors = {"a": errors}

    with pytest.raises(GiveUp) as caught:
        await sent(FakeReach(always=answer({"code": 50035, "errors": errors}, 400)))

    assert caught.value.reason is Reason.REFUSED


@pytest.mark.parametrize("tone", Tone)
async def test_every_tone_has_a_colour(tone: Tone) -> None:
    reach = FakeReach(OK)

    await sent(reach, outgoing(message(tone=tone)))

    assert 0 < reach.call_made.json["embeds"][0]["color"] < 2**24


def test_the_webhook_is_the_destination_and_only_its_host_is_shown() -> None:
    options = options_of(CHANNEL, webhook_url=WEBHOOK)

    assert CHANNEL.destination(options) == WEBHOOK
    assert EXTRAS.label(options) == "discord.com"
    assert tuple(EXTRAS.addresses(options)) == (WEBHOOK,)
    assert EXTRAS.CAN_UPDATE is True
    assert CHANNEL.LIMITS.rates == ()
    with pytest.raises(ValueError, match="thread_id"):
        options_of(CHANNEL, webhook_url=WEBHOOK, thread_id="x&wait=false")


def test_discords_own_hosts_are_one_account_and_any_other_host_is_its_own() -> None:
    def account(host: str) -> Account | None:
        return EXTRAS.account(
            options_of(CHANNEL, webhook_url=f"https://{host}/api/webhooks/1/canary{host}")
        )

    own = ["discord.com", "DISCORD.com", "discordapp.com", "ptb.discord.com", "canary.discord.com."]
    others = ["proxy.example", "evildiscord.com", "discord.com.example", "[2001:db8::1]"]

    assert {account(one) for one in own} == {Account("", (Rate(45, 1.0),))}
    assert len({account(one) for one in (*own, *others)}) == 1 + len(others)
    assert account("proxy.example") == account("proxy.example.:8443")


@pytest.mark.parametrize(
    ("given", "is_accounts"),
    [
        (answer({"retry_after": 1, "global": True}, 429), True),
        (answer({"retry_after": 1}, 429, {"X-RateLimit-Scope": "global"}), True),
        (answer("<html>error code: 1015", 429), True),
        (answer({"retry_after": 1, "global": False}, 429, {"X-RateLimit-Scope": "user"}), False),
        (answer({"retry_after": 1}, 429, {"X-RateLimit-Scope": "shared"}), False),
        (answer({}, 503), False),
    ],
)
async def test_some_limits_are_those_of_all_webhooks(given: Answer, *, is_accounts: bool) -> None:
    with pytest.raises(TryLater) as caught:
        await sent(FakeReach(given))

    assert caught.value.is_accounts is is_accounts
