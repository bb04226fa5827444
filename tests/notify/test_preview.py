"""What a channel would send is shown without anybody being called."""

import pytest

from tests.notify.reaching import outgoing
from tests.notify.working import target_of
from tocsin.model.masks import MASK
from tocsin.notify.preview import dry_run
from tocsin.testing.clock import START

CANARY = "canary-0123456789"


async def test_the_call_is_shown_as_it_would_go_out() -> None:
    target = target_of(
        "custom",
        url=f"https://hooks.example.com/{CANARY}",
        headers={"Authorization": f"Bearer {CANARY}"},
        sign_secret=CANARY,
    )

    line = await dry_run(target, outgoing(), "", START)

    (request,) = line.requests
    assert request["method"] == "POST"
    assert request["url"] == f"https://hooks.example.com/{MASK}"
    assert request["headers"]["Authorization"] == MASK
    assert request["body"] == {"event_type": "canary_started"}
    assert "canary-0" not in f"{line.requests}"
    assert line.size == len('{"event_type":"canary_started"}')


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("wechat", {"corp_id": "c", "agent_id": 1, "secret": CANARY}),
        ("feishu", {"app_id": "a", "app_secret": CANARY, "receive_id": "oc_1"}),
        ("telegram", {"bot_token": f"123456:{CANARY}", "chat_id": "1"}),
    ],
)
async def test_a_platform_with_tokens_is_asked_for_none(
    kind: str, config: dict[str, object]
) -> None:
    line = await dry_run(target_of(kind, **config), outgoing(), "https://api.example", START)

    assert len(line.requests) == 1
    assert "发布通知" in f"{line.requests}"
    assert CANARY not in f"{line.requests}"


async def test_a_mail_is_shown_though_nobody_is_connected_to() -> None:
    target = target_of(
        "email",
        host="smtp.example.com",
        username="me",
        password=CANARY,
        **{"from": "a@example.com", "to": ["b@example.com"]},
    )

    line = await dry_run(target, outgoing(), "", START)

    assert "金丝雀发布开始" in f"{line.requests}"
    assert CANARY not in f"{line.requests}"
