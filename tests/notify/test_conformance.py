"""What holds for every channel, whichever it is: seen at its fake platform, by real calls."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from pydantic import TypeAdapter

from tests.notify.conforming import (
    Hall,
    Stand,
    Way,
    channels_without_a_fake,
    hall_in,
    outgoing_of_event,
    ways,
)
from tests.notify.reaching import message, options_of, outgoing
from tests.notify.working import target_of
from tocsin.errors import Reason
from tocsin.model.delivery import Outcome
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Message, Span, Tone
from tocsin.notify.channel import extras_of, find_channels
from tocsin.notify.delivery.attempt import Tried
from tocsin.notify.options import faults_of, kind_of
from tocsin.notify.platforms import smtp
from tocsin.notify.wording import values
from tocsin.notify.wording.messages import digest_of, message_of
from tocsin.notify.wording.template import sample_event
from tocsin.testing.outside import Reply, outside
from tocsin.testing.platform import COMMON_FAULTS, find_platforms

# One loop for all of it, for a database is opened once.
on_one_loop = pytest.mark.asyncio(loop_scope="module")

EVENT_TYPES = (
    *("canary_started", "canary_completed", "full_completed", "step_completed", "log_entry"),
    *("deployment_completed", "deployment.stalled", "deployment.running_long", "alert.firing"),
    *("alert.resolved", "training.completed", "something.new"),
)
LANGUAGES = ("zh", "en", "ko", "ru")
DELIVERED, LATER = (Outcome.DELIVERED, None), Outcome.LATER
GIVEN_UP, DISABLED = Outcome.GIVEN_UP, Outcome.DISABLED
# A platform's answer to a second try of what it has taken.
KNOWS_REPEATS = {
    *("custom-post", "custom-put", "email-smtp", "feishu-app", "wechat-all", "wechat-member"),
}
Ending = tuple[Outcome, Reason | None]
UNREADABLE = (LATER, Reason.BAD_ANSWER)
BUSY, LIMITED = (LATER, Reason.BUSY), (LATER, Reason.RATE_LIMITED)
# By the fault; where ways differ by the way, or its kind, and the fault.
ENDS: dict[str, Ending] = {
    "slow": (LATER, Reason.TIMED_OUT),
    "cut": (LATER, Reason.UNREACHABLE),
    "expired_token": DELIVERED,
    "html_429": LIMITED,
    "html_502": BUSY,
    "busy": BUSY,
    "rate_limited": LIMITED,
    "not_allowed": (GIVEN_UP, Reason.NOT_ALLOWED),
    "content": (GIVEN_UP, Reason.CONTENT_REFUSED),
    "automod": (GIVEN_UP, Reason.CONTENT_REFUSED),
    "gone": (DISABLED, Reason.GONE),
    "edge_throttle": LIMITED,
    "daily_cap": LIMITED,
    "shared": LIMITED,
    "global": LIMITED,
    "concurrency": BUSY,
    "archived": (DISABLED, Reason.GONE),
    "redirect": (LATER, Reason.REFUSED),
    "unparsed": DELIVERED,
}
ENDS_OF: dict[tuple[str, str], Ending] = {
    # Sent again as plain text, which is taken.
    ("dingtalk", "content"): DELIVERED,
    # Only who asks for an answer after it was stored hears of it; by Teams nobody can.
    ("discord", "lost"): BUSY,
    ("teams", "lost"): DELIVERED,
    ("email", "gone"): (GIVEN_UP, Reason.NO_RECIPIENT),
    # A bot has one code for both.
    ("feishu-bot", "busy"): LIMITED,
    ("feishu-images", "busy"): LIMITED,
    ("feishu-bot", "gone"): (GIVEN_UP, Reason.BAD_CREDENTIALS),
    ("feishu-images", "gone"): (GIVEN_UP, Reason.BAD_CREDENTIALS),
    ("slack-bot", "gone"): (DISABLED, Reason.BAD_CREDENTIALS),
    ("telegram", "gone"): (GIVEN_UP, Reason.NOT_ALLOWED),
    ("wechat", "concurrency"): LIMITED,
    ("wechat", "gone"): (GIVEN_UP, Reason.NOT_ALLOWED),
    ("wecom", "concurrency"): LIMITED,
    ("wecom", "gone"): (DISABLED, Reason.BAD_CREDENTIALS),
    # It does not say for how long.
    ("custom-post", "html_429"): BUSY,
    ("custom-put", "html_429"): BUSY,
    # The library sends it again where HTTP calls a method idempotent: it has the same id.
    ("custom-put", "cut"): DELIVERED,
}
CASES = [
    (way, fault)
    for way in ways()
    for fault in (*COMMON_FAULTS, *find_platforms()[way.kind].Platform.FAULTS)
    if fault != "code:N" and not (way.kind == "email" and fault.startswith("html_"))
]

MARKDOWN = "**a** _b_ `c` ~d~ # e\n> f\n- g\n```\nh\n``` | i | \\ ![x](https://evil.example/x.png)"
MENTIONS = (
    "@all @everyone @here <@U024BE7LH> <!channel> <!here|here> <@&1> <@everyone> "
    "<at id=all></at> <at user_id='all'>x</at> <at>Ann</at> @13800138000 <@zhangsan> "
    "tg://user?id=1 @channel ＠all"
)
STRANGERS: dict[str, str] = {
    "nothing": "",
    "blanks": " \t\n \r\n ",
    "Markdown": MARKDOWN,
    "mentions": MENTIONS,
    "HTML": "<script>alert(1)</script><b>b</b><a href='https://evil.example'>x</a> &amp; &lt; ]]>",
    "links": "[click me](https://evil.example) <https://evil.example|click me> <javascript:x>",
    "JSON": '{"a": "\\u0000\\"}]}',
    "templates": "{{ 7*7 }} {% x %} ${env} {name} %s %(x)s",
    "signs": "\x00\x01\x08\x1b[31m\u202e\u2066\u200b\ufeff\uffff\u2028\u2029",
    "emoji": "👩‍👩‍👧‍👦🇨🇳👍🏽" * 60,
    "one word": "W" * 40_000,
    "Chinese": "发布通知全部完成" * 6_000,
    "long emoji": "👩‍👩‍👧‍👦" * 6_000,
    "combining": "e" + "\u0301" * 9_000,
    "fences": "```\n" * 4_000,
    "stars": "**" * 12_000,
    "backslashes": "\\" * 24_000,
    "lines": "line\n" * 9_000,
    "quotes": '"' * 24_000,
    "markup": "<&>" * 9_000,
    "addresses": "https://example.org/a?b=c&d=e " * 900,
    "long mentions": "@all <!channel> <at id=all></at> " * 900,
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    async with hall_in(tmp_path_factory.mktemp("conformance")) as made:
        yield made


def ending(found: Tried) -> Ending:
    return found.outcome, found.reason


def strange(text: str) -> Message:
    """A stranger's text wherever one can stand."""
    line, text = values.text(text, 2_000) or "-", values.paragraph(text, 3_000)
    spans = (Span(text), Span(text, is_bold=True), Span(text, href="https://tocsin.example/1"))
    fields = tuple(Field(line[:900], text, is_short=one % 2 == 0) for one in range(5))
    return message(
        heading=line,
        title=line,
        fields=fields,
        body=tuple(Block(kind, spans) for kind in BlockKind),
        links=(Link(line[:500], "https://tocsin.example/2"),),
    )


def seen(stand: Stand) -> str:
    """All that people see of it."""
    taken = stand.fake.taken
    return "\n".join(f"{one.title}\n{one.text}" for one in taken)


# --- what is told


def test_every_channel_has_a_fake_platform() -> None:
    assert channels_without_a_fake() == set()


@on_one_loop
@pytest.mark.parametrize("way", ways(), ids=str)
@pytest.mark.parametrize("event_type", EVENT_TYPES)
async def test_an_event_of_each_kind_is_taken_and_can_be_read(
    hall: Hall, way: Way, event_type: str
) -> None:
    event = sample_event(event_type)
    language = LANGUAGES[EVENT_TYPES.index(event_type) % len(LANGUAGES)]
    told = message_of(event, language, "https://tocsin.example")
    async with hall.stand(way) as stand:
        found = await stand.send(outgoing_of_event(event, told))

        assert ending(found) == DELIVERED, found.error
        assert stand.refusals == []
        assert len(stand.fake.taken) == 1
        check_readable(stand, told)


def check_readable(stand: Stand, told: Message) -> None:
    if stand.way.kind == "custom":
        # It has the standard message, in nobody's language.
        return
    text = seen(stand)
    # The document's own form of some has the heading in place of the title.
    titles = {told.title, told.heading} - {""}
    assert any(squeezed(one) in squeezed(text) for one in titles), text
    words = [*(part for one in told.fields for part in (one.name, one.value))]
    missing = [word for word in words if squeezed(word) not in squeezed(text)]
    assert not missing, text
    hrefs = [link.url for one in stand.fake.taken for link in one.links]
    assert [one.url for one in told.links if one.url not in hrefs and one.url not in text] == []


def squeezed(text: str) -> str:
    """Without what a platform may draw otherwise: blanks, and what cannot be seen."""
    return "".join(one for one in text if not one.isspace() and one not in "\u200b\u2060\ufeff\\")


@on_one_loop
@pytest.mark.parametrize("way", ways(), ids=str)
async def test_a_digest_of_a_hundred_is_one_message(hall: Hall, way: Way) -> None:
    some = [message_of(sample_event(one), "zh") for one in EVENT_TYPES] * 9
    async with hall.stand(way) as stand:
        found = await stand.send(digest_of(some, "zh"))

        assert ending(found) == DELIVERED, found.error
        assert stand.refusals == []
        assert len(stand.fake.taken) == 1


@on_one_loop
@pytest.mark.parametrize("way", ways(), ids=str)
@pytest.mark.parametrize("tone", Tone)
async def test_a_message_of_each_tone_and_with_pictures_is_taken(
    hall: Hall, way: Way, tone: Tone
) -> None:
    told = message(tone=tone, images=(Image("chart.png", PNG, "a chart"),))
    async with hall.stand(way) as stand:
        found = await stand.send(told)

        assert ending(found) == DELIVERED, found.error
        assert stand.refusals == []
        pictures = sum(len(one.images) for one in stand.fake.taken)
        assert pictures == 1 or "eft out" in found.note or way.kind == "custom"


# --- texts of strangers


@on_one_loop
@pytest.mark.parametrize("way", ways(), ids=str)
@pytest.mark.parametrize("name", STRANGERS)
async def test_whatever_a_text_is_it_breaks_no_rule_and_calls_nobody(
    hall: Hall, way: Way, name: str
) -> None:
    async with hall.stand(way) as stand:
        found = await stand.send(strange(STRANGERS[name]))

        assert ending(found) == DELIVERED, found.error
        assert stand.refusals == []
        assert stand.fake.lost == []
        taken = stand.fake.taken
        assert [one.mentions for one in taken if one.mentions] == []
        links = [link for one in taken for link in one.links]
        assert [one for one in links if "evil" in one.url and one.text != one.url] == []
        assert len(taken) <= 10


# --- how it may end


def expected(way: Way, fault: str) -> Ending:
    keys = ((str(way), fault), (way.kind, fault))
    return next((ENDS_OF[key] for key in keys if key in ENDS_OF), None) or ENDS[fault]


@on_one_loop
@pytest.mark.parametrize(("way", "fault"), CASES, ids=str)
async def test_each_fault_leads_to_the_right_end(
    hall: Hall, way: Way, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_slow = fault == "slow"
    with monkeypatch.context() as patched:
        patched.setattr(smtp, "TIMEOUT_S", 0.3 if is_slow else 5.0)
        own = {"timeout": 1} if is_slow and way.kind == "custom" else {}
        async with hall.stand(way, **own) as stand:
            stand.fake.script(fault)
            found = await stand.send(message(), timeout_s=0.3 if is_slow else 5.0)

            assert ending(found) == expected(way, fault), found


@on_one_loop
@pytest.mark.parametrize("way", ways(), ids=str)
async def test_a_token_that_has_ended_is_renewed_once(hall: Hall, way: Way) -> None:
    async with hall.stand(way) as stand:
        first = await stand.send(message())
        calls = len(stand.fake.requests)
        stand.fake.expire_tokens()
        again = await stand.send(outgoing(id="another"))

        assert ending(first) == ending(again) == DELIVERED
        assert len(stand.fake.taken) == 2
        # The call that was refused, the one for a token, and the call again.
        assert len(stand.fake.requests) <= calls + 3
        assert len(stand.refusals) <= 1


@on_one_loop
@pytest.mark.parametrize("way", ways(), ids=str)
async def test_a_second_try_of_what_was_taken_is_taken_once_where_the_platform_can(
    hall: Hall, way: Way
) -> None:
    async with hall.stand(way) as stand:
        stand.fake.script("cut")
        first = await stand.send(message())
        second = await stand.send(message())

        assert first.outcome is expected(way, "cut")[0]
        assert second.outcome is Outcome.DELIVERED
        assert len(stand.fake.taken) == (1 if str(way) in KNOWS_REPEATS else 2)


@on_one_loop
@pytest.mark.parametrize("way", ways(), ids=str)
async def test_a_message_is_replaced_in_its_place_where_the_channel_says_so(
    hall: Hall, way: Way
) -> None:
    async with hall.stand(way) as stand:
        can = stand.target.extras.CAN_UPDATE
        can_update = can(stand.target.options) if callable(can) else can
        first = await stand.send(message())
        later = replace(outgoing(message(title="changed"), id="next"), handle=first.handle)
        found = await stand.send(later)

        assert ending(found) == DELIVERED, found
        assert bool(first.handle) == can_update
        assert [one.edits for one in stand.fake.taken] == ([1] if can_update else [0, 0])
        assert stand.refusals == []


@on_one_loop
@pytest.mark.parametrize("way", ways(), ids=str)
async def test_what_cannot_be_replaced_any_more_is_sent_anew(hall: Hall, way: Way) -> None:
    async with hall.stand(way) as old:
        handle = (await old.send(message())).handle
    async with hall.stand(way) as stand:
        found = await stand.send(outgoing(handle=handle))

        assert ending(found) == DELIVERED, found
        assert len(stand.fake.taken) == 1


STATUSES = (204, 302, 400, 401, 403, 404, 405, 408, 410, 413, 418, 429, 500, 503, 520)
BODIES = {
    "nothing": b"",
    "a page": b"<html><body>Sorry</body></html>",
    "a half": b'{"code": 0, "err',
    "null": b"null",
    "a list": b"[0]",
    "a text": b'"ok"',
    "odd types": b'{"code": "0x", "errcode": [], "ok": 1, "StatusCode": {}, "error": {"a": []}}',
    "depths": b"[" * 50_000,
    "no UTF-8": b"\xff\xfe\x00",
    "much": b"a" * 200_000,
}
OF_HTTP = [way for way in ways() if way.kind != "email"]


@on_one_loop
@pytest.mark.parametrize("way", OF_HTTP, ids=str)
async def test_each_status_of_nobody_knows_whom_leads_to_an_end(hall: Hall, way: Way) -> None:
    for status in STATUSES:
        found = await met_by(hall, way, Reply(status=status, body=BODIES["a page"]))

        assert found.outcome is not Outcome.DELIVERED or status == 204, found
        if status == 429:
            assert ending(found) == (BUSY if way.kind == "custom" else LIMITED), found
        if status >= 500 or status == 408:
            assert found.outcome is LATER, found


@on_one_loop
@pytest.mark.parametrize("way", OF_HTTP, ids=str)
@pytest.mark.parametrize("name", BODIES)
async def test_an_answer_that_cannot_be_understood_is_no_success(
    hall: Hall, way: Way, name: str
) -> None:
    found = await met_by(hall, way, Reply(status=200, body=BODIES[name]))

    if way.kind not in {"custom", "teams"}:  # which say it by the status
        assert ending(found) == UNREADABLE, found


@on_one_loop
@pytest.mark.parametrize("way", OF_HTTP, ids=str)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_what_an_answer_repeats_of_the_request_is_masked(
    hall: Hall, way: Way, status: int
) -> None:
    async with hall.stand(way) as stand:
        await stand.send(message())
        echoes = [
            f"{one.path}?{dict(one.query)} {dict(one.headers)} {one.body!r}"
            for one in stand.fake.requests
        ]
    told = " ".join((*echoes, *stand.secrets))
    names = ("msg", "errmsg", "message", "description", "error")
    body = {"code": 1, "errcode": 1, "ok": False, "error_code": status}
    await met_by(hall, way, Reply.of({**body, **dict.fromkeys(names, told[:4_000])}, status))


async def met_by(hall: Hall, way: Way, reply: Reply) -> Tried:
    """What comes of a message to which somebody else answers, whatever is asked."""
    async with hall.stand(way) as stand, outside() as world:
        world.always = reply
        elsewhere = {
            name: value.replace(stand.fake.url, world.url) if isinstance(value, str) else value
            for name, value in stand.fake.configs[way.name].items()
        }
        return await replace(stand, target=target_of(way.kind, **elsewhere)).send(
            message(), base_url=world.url
        )


# --- options


@pytest.mark.parametrize("name", find_channels())
def test_the_example_can_be_used_as_it_is(name: str) -> None:
    channel = find_channels()[name]
    example = extras_of(channel).EXAMPLE

    assert example
    assert faults_of(channel, example) == []
    assert channel.destination(options_of(channel, **example))


@pytest.mark.parametrize("name", find_channels())
def test_every_option_has_a_title_and_a_description_and_what_is_typed_an_example(name: str) -> None:
    channel = find_channels()[name]
    kind = kind_of(name, channel, "")

    for option, said in kind.schema["properties"].items():
        assert said["title"][:1].isupper(), option
        assert said["title"] != option
        assert said["description"].endswith("."), option
        is_chosen = said.get("type") == "boolean" or "enum" in said
        if not is_chosen and option not in kind.secrets and said.get("default") in (None, "", []):
            assert said["examples"], option


@pytest.mark.parametrize("name", find_channels())
def test_every_example_of_an_option_fits(name: str) -> None:
    channel = find_channels()[name]
    for option, said in kind_of(name, channel, "").schema["properties"].items():
        for example in said.get("examples", ()):
            config = {**extras_of(channel).EXAMPLE, option: example}
            faults = faults_of(channel, config)

            # Some need others beside them, which is said of the whole and not of one.
            assert [one for one in faults if one.field == option] == []


@pytest.mark.parametrize("name", find_channels())
def test_what_is_missing_or_of_the_wrong_kind_is_told_without_what_was_given(name: str) -> None:
    channel = find_channels()[name]
    for option in TypeAdapter(channel.Options).json_schema()["properties"]:
        for wrong in ({"canary-1": "canary-2"}, ["canary-3"], 1.5, None, "canary-4\ud7ff\x00"):
            faults = faults_of(channel, {**extras_of(channel).EXAMPLE, option: wrong})

            assert "canary" not in str([one.message for one in faults])
