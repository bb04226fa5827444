"""A message as a mail: both forms, images within, and headers that nothing can break out of."""

import re
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.appending import after
from tests.notify.reaching import ID, message, outgoing
from tocsin.model.message import Block, BlockKind, Image, Link, Message, Outgoing, Span
from tocsin.notify.platforms import mail as module
from tocsin.notify.platforms.mail import address_of, html_of, mail_of, subject_of, text_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
STANDARD = {"project": {"id": "my-app", "name": "my-app"}, "task": {"id": "task-1"}}
SENDER = address_of("发布 <bot@example.com>")


def sent(of: Outgoing | None = None, to: str = "team@example.com") -> EmailMessage:
    """The mail as it is read at the other end."""
    mail = mail_of(of or outgoing(standard=STANDARD), SENDER, [address_of(to)], [], after(0))
    read = message_from_bytes(mail.raw, policy=default)
    assert isinstance(read, EmailMessage)
    return read


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def full() -> Message:
    return message(
        body=(
            Block(BlockKind.HEADING, (Span("Why"),)),
            Block(BlockKind.PARAGRAPH, (Span("a < b", is_bold=True), Span(" & c\nd"))),
            Block(BlockKind.ITEM, (Span("see "), Span("here", href="https://x.example/?a=1&b=2"))),
            Block(BlockKind.QUOTE, (Span("said"),)),
            Block(BlockKind.CODE, (Span("if a < b:\n  pass"),)),
        ),
        links=(Link("Open", 'https://x.example/"><script>'),),
    )


def test_it_is_both_text_and_html() -> None:
    mail = sent()

    assert mail.get_content_type() == "multipart/alternative"
    assert body(mail, "plain") == (
        "发布通知：金丝雀发布开始\n\n项目: my-app\n版本: v1.2.3\n状态: 发布中...\n"
    )
    html = body(mail, "html")
    assert '<html lang="zh">' in html
    assert "#1677ff" in html
    assert ">v1.2.3<" in html


def test_the_text_has_what_the_html_has() -> None:
    assert text_of(full()).partition("...\n\n")[2] == (
        "Why\n\na < b & c\nd\n\n• see here (https://x.example/?a=1&b=2)\n\n> said\n\n"
        'if a < b:\n  pass\n\nOpen: https://x.example/"><script>\n'
    )


def test_the_html_has_nothing_of_a_strangers_markup() -> None:
    html = html_of(full())

    assert "<b>a &lt; b</b> &amp; c<br>" in html
    assert '<a href="https://x.example/?a=1&amp;b=2">here</a>' in html
    assert ">if a &lt; b:\n  pass</pre>" in html
    assert "<script" not in html


def test_headers_tell_who_what_when_and_that_nobody_shall_answer() -> None:
    mail = sent(outgoing(standard=STANDARD, event_type="canary_started"), "Team <t@example.com>")

    assert {name: str(value) for name, value in mail.items()} == {
        "From": "发布 <bot@example.com>",
        "To": "Team <t@example.com>",
        "Subject": "[my-app] 发布通知：金丝雀发布开始",
        "Date": "Thu, 01 Jan 2026 00:00:00 +0000",
        "Message-ID": f"<{ID}@example.com>",
        "In-Reply-To": str(mail["References"]),
        "References": str(mail["References"]),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Tocsin-Event": "canary_started",
        "MIME-Version": "1.0",
        "Content-Type": mail["Content-Type"],
    }


def test_each_try_is_the_same_mail_and_another_delivery_is_another() -> None:
    first, again, other = sent(), sent(), sent(outgoing(id="another\r\nX: 1"))

    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert str(other["Message-ID"]) == "<another--X--1@example.com>"


def test_mails_of_one_task_stand_together_and_others_do_not() -> None:
    def thread(standard: dict[str, Any]) -> str | None:
        found = sent(outgoing(standard=standard))["References"]
        return None if found is None else str(found)

    one = thread(STANDARD)
    assert one == thread({**STANDARD, "event_type": "full_completed"})
    assert one != thread({**STANDARD, "task": {"id": "task-2"}})
    assert one != thread({**STANDARD, "project": {"id": "web"}})
    assert thread({"task": {"id": ""}}) is None
    assert thread({}) is None


@pytest.mark.parametrize(
    ("standard", "subject"),
    [
        (STANDARD, "[my-app] 发布通知：金丝雀发布开始"),
        ({"project": {"name": "金丝雀"}}, "发布通知：金丝雀发布开始"),
        ({"project": {"name": ""}}, "发布通知：金丝雀发布开始"),
        ({"project": None}, "发布通知：金丝雀发布开始"),
        ({"project": {"name": "a\r\nBcc: x@y.z"}}, "[a Bcc: x@y.z] 发布通知：金丝雀发布开始"),
    ],
)
def test_a_subject_names_the_project_once(standard: dict[str, Any], subject: str) -> None:
    assert subject_of(outgoing(standard=standard)) == subject


def test_images_are_within_and_shown_where_they_stand() -> None:
    images = (Image("chart.png", PNG, 'Durations "now"'), Image("b/../c.png", PNG, "b"))
    mail = sent(outgoing(message(images=images)))

    related = mail.get_body(("related",))
    assert related is not None
    parts = [part for part in related.iter_parts() if part.get_content_type() == "image/png"]
    assert [part.get_content() for part in parts] == [PNG, PNG]
    assert [part["Content-ID"] for part in parts] == ["<image-1@tocsin>", "<image-2@tocsin>"]
    assert [part.get_filename() for part in parts] == ["chart.png", "b-..-c.png"]
    assert {part.get_content_disposition() for part in parts} == {"inline"}
    assert 'src="cid:image-1@tocsin" alt="Durations &quot;now&quot;"' in body(mail, "html")


def test_images_that_are_too_large_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_IMAGES_BYTES", 500)
    images = tuple(Image(f"{n}.png", PNG, "") for n in range(3))

    mail = mail_of(outgoing(message(images=images)), SENDER, [SENDER], [], after(0))

    assert mail.note == "2 images were left out: they are too large."
    assert mail.raw.count(b"image/png") == 1


def test_a_long_body_is_cut_in_both_forms() -> None:
    long = message(body=(Block(BlockKind.PARAGRAPH, (Span("<ü> " * 40_000),)),))

    mail = mail_of(outgoing(long), SENDER, [SENDER], [], after(0))

    assert len(mail.html.encode()) < 60_000
    assert len(mail.text.encode()) < 60_000
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("bot@example.com", "bot@example.com"),
        ("Release bot <bot@example.com>", "Release bot <bot@example.com>"),
        ('"Bot, Release" <bot@example.com>', '"Bot, Release" <bot@example.com>'),
        ("bot@例子.测试", "bot@xn--fsqu00a.xn--0zwm56d"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_is_read_as_it_is_meant(said: str, address: str) -> None:
    assert str(address_of(said)) == address


@pytest.mark.parametrize(
    "said",
    [
        "",
        "bot",
        "bot@",
        "@example.com",
        "a@example.com, b@example.com",
        "a@example.com b",
        "a b@example.com",
        "bot@example.com\r\nBcc: x@y.z",
        "发布@example.com",
        "bot@exa mple.com",
        "team: a@example.com;",
    ],
)
def test_what_is_no_single_address_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="expected an address"):
        address_of(said)


TEXTS = st.text(max_size=60) | st.sampled_from(["\r\nBcc: x@y.z", "\n\n<html>", "\ud800", "\0"])


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_begins_a_header_or_a_part(title: str, event_type: str, name: str) -> None:
    of = outgoing(
        message(title=title.encode(errors="replace").decode()),
        event_type=event_type.encode(errors="replace").decode(),
        standard={"project": {"name": name.encode(errors="replace").decode()}},
    )

    mail = sent(replace(of, id=f"d{title}"))

    assert "Bcc" not in mail
    assert len([*mail.iter_parts()]) == 2
    assert re.fullmatch(r"<[\x21-\x7e]+@example\.com>", str(mail["Message-ID"]))
