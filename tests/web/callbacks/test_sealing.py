"""Secrets of an export open with their passphrase and with nothing else."""

from typing import Any

import pytest

from tocsin.errors import Rejected
from tocsin.web.callbacks.sealing import SealedSecrets, opened, sealed

SECRETS = {"c-1": {"ch-1": {"webhook_url": "https://日"}}}
PHRASE = "correct horse"


def test_what_was_sealed_opens_with_the_passphrase() -> None:
    text = sealed(SECRETS, PHRASE)

    assert "日" not in text.model_dump_json()
    assert opened(text, PHRASE) == SECRETS
    assert sealed(SECRETS, PHRASE) != text


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"text": "AAAA"},
        {"text": "no base64!"},
        {"nonce": "AAAA"},
        {"salt": "AAAA"},
    ],
)
def test_nothing_else_opens_it(change: Any) -> None:
    changed = SealedSecrets.model_validate({**sealed(SECRETS, PHRASE).model_dump(), **change})

    with pytest.raises(Rejected) as raised:
        opened(changed, PHRASE if change else "wrong horse")

    assert (raised.value.status, raised.value.fields[0].field) == (422, "passphrase")
