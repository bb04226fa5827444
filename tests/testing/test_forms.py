"""Bodies of calls are read, and what is broken is none."""

import pytest

from tocsin.testing.forms import File, Form, content_type, form, json_object
from tocsin.testing.outside import Asked


def asked(kind: str, body: bytes) -> Asked:
    return Asked("POST", "/", {}, {"content-type": kind}, body)


def test_a_form_with_files_keeps_their_bytes() -> None:
    data = b"\x89PNG\r\n\x1a\n\r\n--other\n\r"
    body = (
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xe5\x8f\x91\r\n'
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="x.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + data + b"\r\n--b--\r\n"
    )

    found = form(asked('multipart/form-data; boundary="b"', body))

    assert found == Form({"a": "发"}, {"f": File("x.png", data, "image/png")})


def test_a_plain_form_keeps_empty_fields() -> None:
    found = form(asked("application/x-www-form-urlencoded; charset=utf-8", b"a=%E5%8F%91&b="))

    assert found == Form({"a": "发", "b": ""}, {})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nhalf"),
        ("multipart/form-data", b"--b--"),
        ("application/x-www-form-urlencoded", b"\xff"),
        ("application/json", b"{}"),
    ],
)
def test_what_is_broken_is_no_form(kind: str, body: bytes) -> None:
    assert form(asked(kind, body)) is None


@pytest.mark.parametrize(
    ("body", "value"), [(b'{"a": 1}', {"a": 1}), (b"[]", None), (b"{", None), (b"", None)]
)
def test_json_is_an_object_or_none(body: bytes, value: object) -> None:
    assert json_object(asked("text/plain", body)) == value


def test_a_content_type_is_told_without_its_parameters() -> None:
    assert content_type(asked("Application/JSON; charset=utf-8", b"")) == "application/json"
