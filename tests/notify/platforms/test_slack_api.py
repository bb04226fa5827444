"""Slack's answers, in words that decide before the status; and an app's calls with its token."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.notify.reaching import FakeReach, answer
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.model.message import Image
from tocsin.notify.platforms.slack_api import Api, read_webhook

TOKEN = "xoxb-canary-token-5678"
IMAGE = Image("chart.png", b"\x89PNG bytes", "Chart of\nthe week")
GIVEN = answer({"ok": True, "upload_url": "https://files.slack.com/u/1", "file_id": "F1"})


def api(reach: FakeReach) -> Api:
    return Api(TOKEN, reach)


async def test_a_call_has_the_token_in_its_header_alone() -> None:
    reach = FakeReach(answer({"ok": True, "ts": "1.2"}))

    said = await api(reach).call("chat.postMessage", {"text": "Hi"})

    assert said == {"ok": True, "ts": "1.2"}
    assert reach.call_made.url == "https://slack.com/api/chat.postMessage"
    assert reach.call_made.headers == {"Authorization": f"Bearer {TOKEN}"}
    assert reach.call_made.json == {"text": "Hi"}


async def test_an_image_is_announced_with_its_very_size_and_then_sent() -> None:
    reach = FakeReach(GIVEN, answer("OK - 10"))

    file = await api(reach).upload(IMAGE)

    assert file == {"id": "F1", "title": "Chart of the week"}
    asked, sent = reach.calls
    assert dict(parse_qsl(asked.body.decode())) == {
        "filename": "chart.png",
        "length": str(len(IMAGE.png)),
        "alt_txt": "Chart of the week",
    }
    assert (sent.url, sent.body) == ("https://files.slack.com/u/1", IMAGE.png)
    assert "Authorization" not in sent.headers
    assert reach.hidden == ["https://files.slack.com/u/1"]


async def test_files_are_shown_in_a_channel() -> None:
    reach = FakeReach(answer({"ok": True}))

    await api(reach).show([{"id": "F1", "title": "a"}], "C1")

    assert reach.call_made.path == "/api/files.completeUploadExternal"
    assert reach.call_made.json == {"files": [{"id": "F1", "title": "a"}], "channel_id": "C1"}


@pytest.mark.parametrize(
    ("given", "kind", "reason"),
    [
        (answer({"ok": False, "error": "invalid_auth"}), Disable, Reason.BAD_CREDENTIALS),
        (answer({"ok": False, "error": "a_new_word"}), GiveUp, Reason.REFUSED),
        (answer({"ok": False}), TryLater, Reason.BAD_ANSWER),
        (answer("invalid_auth"), TryLater, Reason.BAD_ANSWER),
        (answer("<html>", 502), TryLater, Reason.BUSY),
    ],
)
async def test_what_the_api_refuses_is_raised(
    given: Answer, kind: type[DeliveryFailed], reason: Reason
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await api(FakeReach(given)).call("chat.postMessage", {})

    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert TOKEN not in caught.value.message


async def test_an_upload_that_is_not_taken_is_raised() -> None:
    with pytest.raises(GiveUp) as caught:
        await api(FakeReach(GIVEN, answer("no", 413))).upload(IMAGE)

    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("said", "reason"),
    [("no_service", Reason.GONE), ("null", Reason.BAD_ANSWER), ({"ok": True}, Reason.BAD_ANSWER)],
)
def test_a_webhook_has_taken_it_only_if_it_says_ok(said: Any, reason: Reason) -> None:
    read_webhook(answer("ok\n"), FakeReach())

    with pytest.raises(DeliveryFailed) as caught:
        read_webhook(answer(said), FakeReach())

    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("method", "is_accounts"),
    [("chat.postMessage", False), ("chat.update", True), ("files.completeUploadExternal", True)],
)
async def test_a_channels_limit_is_its_own_and_others_are_the_workspaces(
    method: str, *, is_accounts: bool
) -> None:
    limited = answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "3"})

    with pytest.raises(TryLater) as caught:
        await Api("xoxb-1", FakeReach(limited)).call(method, {})

    assert (caught.value.is_accounts, caught.value.after_s) == (is_accounts, 3.0)
