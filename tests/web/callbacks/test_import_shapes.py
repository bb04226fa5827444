"""What was taken out is read as it was answered, or as it was written to a file."""

from typing import Any

import pytest
from pydantic import ValidationError

from tocsin.web.callbacks.import_shapes import ImportBody, ImportedCallback

TAKEN = {"format": "tocsin.callbacks", "version": 1, "secrets": "left_out", "callbacks": [{}]}


@pytest.mark.parametrize(
    "said",
    [
        {**TAKEN, "dry_run": True},
        {"code": 0, "msg": "ok", "data": TAKEN, "dry_run": True},
        {"data": TAKEN, "dry_run": True},
    ],
)
def test_the_envelope_around_it_does_not_count(said: dict[str, Any]) -> None:
    body = ImportBody.model_validate(said)

    assert (body.callbacks, body.dry_run, body.on_conflict) == ([{}], True, "copy")


def test_what_nobody_takes_out_is_not_put_in() -> None:
    with pytest.raises(ValidationError):
        ImportedCallback.model_validate({"project_id": "p", "channels": [], "state": {}})
