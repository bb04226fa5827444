"""Messages of `/ws` held against their description."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from tocsin.live.ws.asyncapi import asyncapi_document

DOCUMENT = asyncapi_document("1.2.3")


@cache
def _validator(name: str) -> Any:
    payload = f"#/components/messages/{name}/payload"
    return Draft202012Validator({"$ref": payload, "components": DOCUMENT["components"]})


def check_told(message: Any) -> None:
    """That the server may say this."""
    _validator(f"server.{message['type']}").validate(message)


def check_said(message: Any) -> None:
    """That a client may say this."""
    _validator(f"client.{message['type']}").validate(message)


def may_be_said(message: Any) -> bool:
    """Whether a client may say this."""
    try:
        check_said(message)
    except ValidationError:
        return False
    return True
