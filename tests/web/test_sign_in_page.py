"""The page of the one-time address: looking uses nothing up, and nothing on it can be injected."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from tocsin.web.sign_in_page import MAX_FORM_BYTES

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def press(house: Any, code: str, **headers: str) -> Any:
    body = urlencode({"code": code}).encode()
    return await house.call("POST", "/sign-in", body, headers={**FORM, **headers})


async def test_the_button_signs_in_however_often_the_page_was_fetched(house: Any) -> None:
    code = await house.code()

    pages = [await house.call("GET", f"/sign-in?code={code}") for _ in range(3)]
    pressed = await press(house, code, origin="http://127.0.0.1:8000")
    again = await press(house, code)
    session = await house.call("GET", "/api/v1/session", headers={"cookie": pressed.cookie})

    assert all(page.status == 200 and code in page.body.decode() for page in pages)
    assert (pressed.status, pressed.headers["location"]) == (303, "./")
    assert session.json["role"] == "admin"
    assert again.status == 401
    assert "set-cookie" not in again.headers


async def test_the_page_runs_nothing_and_is_kept_nowhere(house: Any) -> None:
    page = await house.call("GET", "/sign-in?code=x")

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "script" not in policy + page.body.decode()
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"


async def test_a_code_is_text_on_the_page(house: Any) -> None:
    page = await house.call("GET", "/sign-in?code=%22%3E%3Cb%3Ex")

    assert "&quot;&gt;&lt;b&gt;x" in page.body.decode()
    assert "<b>" not in page.body.decode()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "en"), ("fr, ko;q=0.8", "ko"), ("zh-CN,zh;q=0.9", "zh"), ("ru", "ru"), ("*", "en")],
)
async def test_the_page_speaks_the_visitors_language(
    house: Any, accepted: str, language: str
) -> None:
    page = await house.call("GET", "/sign-in?code=x", headers={"accept-language": accepted})

    assert re.search(r'<html lang="(\w+)">', page.body.decode())[1] == language  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 401),
        (b"code=", 401),
        (b"\xff\xfe", 401),
        (b"x=" + b"y" * MAX_FORM_BYTES, 401),
        (b"&" * 2000, 401),
    ],
)
async def test_what_is_not_the_form_opens_nothing(house: Any, body: bytes, status: int) -> None:
    answer = await house.call("POST", "/sign-in", body, headers=FORM)

    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/html")


async def test_the_form_of_another_page_opens_nothing(house: Any) -> None:
    code = await house.code()

    refused = await press(house, code, origin="http://evil.example")
    pressed = await press(house, code)

    assert (refused.status, pressed.status) == (403, 303)


async def test_guessing_codes_becomes_slow(house: Any) -> None:
    statuses = [(await press(house, f"guess {number}")).status for number in range(6)]

    assert statuses == [401, 401, 401, 401, 401, 429]


async def test_the_address_without_a_code_says_so(house: Any) -> None:
    page = await house.call("GET", "/sign-in")

    assert page.status == 400
    assert "<form" not in page.body.decode()
