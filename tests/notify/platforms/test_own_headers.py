"""Headers that a person may have sent along, and those that are HTTP's or the signature's."""

import pytest

from tocsin.notify.platforms.own_headers import check_header


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Team", "shop"), ("Authorization", "Bearer a b"), ("x", "grün"), ("y", "")],
)
def test_what_is_free_may_be_sent(name: str, value: str) -> None:
    check_header(name, value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("X Team", "v", "headers: expected names"),
        ("", "v", "headers: expected names"),
        ("x" * 101, "v", "headers: expected names"),
        ("Webhook-Signature", "v", "headers.Webhook-Signature: is set by Tocsin itself"),
        ("host", "v", "headers.host: is set by Tocsin itself"),
        ("X-Team", "canary\r\nHost: b", "headers.X-Team: expected one line"),
        ("X-Team", "发布", "headers.X-Team: expected one line"),
    ],
)
def test_anything_else_is_refused_without_its_value(name: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        check_header(name, value)

    assert "canary" not in str(raised.value)
