"""`tocsin fake` runs a platform until it is stopped, and prints what to paste."""

import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.testing.platforms.calling import post
from tocsin.commands import fake
from tocsin.errors import ConfigError
from tocsin.testing.platform import platform

CARD = {"elements": [{"tag": "markdown", "content": "**done**"}]}
URL = "http://127.0.0.1:8000"


def run(*args: str) -> Result:
    app = typer.Typer()
    fake.add_to(app)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["fake", *args])


def problem_of(*args: str) -> str:
    error = run(*args).exception
    assert isinstance(error, ConfigError)
    return error.problems[0]


@asynccontextmanager
async def running(
    capsys: pytest.CaptureFixture[str],
    kind: str,
    *,
    use: str = "",
    fault: str = "",
    times: int | None = None,
    **options: Any,
) -> AsyncIterator[str]:
    """The command's work; gives what it printed."""
    printed = fake._Printed(use, "demo-shop", URL)
    work = fake._serve(kind, options, ("127.0.0.1", 0), (fault, times), printed)
    task = asyncio.create_task(work)
    text = ""
    try:
        async with asyncio.timeout(5):
            while "curl" not in text and not task.done():
                await asyncio.sleep(0)
                text += capsys.readouterr().out
        yield text
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def callback_of(printed: str) -> dict[str, Any]:
    """What the printed curl sends."""
    words = shlex.split(printed[printed.index("curl") :])
    found: dict[str, Any] = json.loads(words[words.index("-d") + 1])
    return found


async def test_what_is_printed_makes_a_callback_that_works(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with running(capsys, "feishu") as printed:
        callback = callback_of(printed)
        (channel,) = callback["channels"]
        url = channel["config"]["webhook_url"]
        told = await post(url, {"msg_type": "interactive", "card": CARD})
        news = capsys.readouterr().err

    assert (callback["events"], channel["type"]) == (["step_*", "deployment_*"], "feishu")
    assert f"{URL}/api/v1/release/projects/demo-shop/callbacks" in printed
    assert """TOCSIN_NOTIFY__ALLOWED_NETWORKS='["127.0.0.0/8"]'""" in printed
    assert "BASE_URL" not in printed
    assert told.json["code"] == 0
    assert "taken: done" in news


@pytest.mark.parametrize(
    ("kind", "use", "setting"),
    [
        ("telegram", "", "TOCSIN_NOTIFY__TELEGRAM__BASE_URL=http://127.0.0.1:"),
        ("wechat", "", "TOCSIN_NOTIFY__WECHAT__BASE_URL=http://127.0.0.1:"),
        ("slack", "bot", "TOCSIN_NOTIFY__SLACK__BASE_URL=http://127.0.0.1:"),
        ("feishu", "app", "TOCSIN_NOTIFY__FEISHU__BASE_URL=http://127.0.0.1:"),
    ],
)
async def test_the_setting_of_an_address_is_printed_where_it_is_needed(
    capsys: pytest.CaptureFixture[str], kind: str, use: str, setting: str
) -> None:
    async with running(capsys, kind, use=use) as printed:
        pass

    assert setting in printed


async def test_a_secret_and_keywords_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    async with running(capsys, "dingtalk", secret="SECdemo", keywords=("发布",)) as printed:
        config = callback_of(printed)["channels"][0]["config"]
        told = await post(config["webhook_url"], {"msgtype": "text", "text": {"content": "a"}})

    assert config["sign_secret"] == "SECdemo"
    assert told.json["errcode"] == 310000


async def test_a_fault_is_met_as_often_as_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    async with running(capsys, "custom", fault="busy", times=2) as printed:
        url = callback_of(printed)["channels"][0]["config"]["url"]
        statuses = [(await post(url, {"a": 1})).status for _ in range(3)]

    assert statuses == [503, 503, 200]


async def test_without_a_number_every_send_meets_it(capsys: pytest.CaptureFixture[str]) -> None:
    async with running(capsys, "custom", fault="gone") as printed:
        url = callback_of(printed)["channels"][0]["config"]["url"]
        statuses = [(await post(url, {"a": 1})).status for _ in range(3)]

    assert statuses == [410] * 3


async def test_a_port_that_is_taken_is_a_fault_of_the_settings() -> None:
    async with platform("custom") as other:
        port = int(other.url.rpartition(":")[2])
        printed = fake._Printed("", "p", URL)

        with pytest.raises(ConfigError, match="--listen"):
            await fake._serve("custom", {}, ("127.0.0.1", port), ("", None), printed)


def test_a_list_tells_each_fault_in_a_line() -> None:
    result = run("dingtalk", "--fault", "help")

    assert result.exit_code == 0
    assert "edge_throttle  no errcode: refused before the platform\n" in result.stdout
    assert "slow           takes it, and answers a minute later\n" in result.stdout


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("pigeon",), "CHANNEL: there is no fake of pigeon, only of custom, dingtalk"),
        (("slack", "--keyword", "a"), "--keyword: slack has no such thing"),
        (("slack", "--listen", "9100"), "--listen: expected HOST:PORT"),
        (("slack", "--listen", "a:99999"), "--listen: expected HOST:PORT"),
        (("slack", "--listen", "127.0.0.1:0", "--use", "mail"), "--use: slack has only webhook"),
        (("lark", "--listen", "127.0.0.1:0", "--fault", "rain"), "--fault: feishu has no fault"),
    ],
)
def test_what_there_is_not_is_a_fault_of_the_command_line(
    args: tuple[str, ...], problem: str
) -> None:
    assert problem_of(*args).startswith(problem)
