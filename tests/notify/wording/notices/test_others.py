"""What nothing is known about is told by what its data says."""

from typing import Any

import pytest

from tests.notify.telling import event, noticed
from tocsin.notify.wording.notices.others import message
from tocsin.notify.wording.notices.telling import MAX_FIELDS


def test_texts_and_numbers_are_told_under_their_own_names() -> None:
    data = {
        "type": "backup.completed",
        "bytes": 123456,
        "host": "db-1",
        "ok": True,
        "target": {"name": "nas", "id": 7},
        "parts": ["a", "b"],
        "none": None,
        "deployment_id": "42",
        "message": "done in 3 s",
        "url": "https://backup.example/7",
    }

    assert noticed(message, event("backup.completed", data, source="generic")) == [
        "neutral | Event: backup.completed · shop",
        "Project: shop",
        "Subject: 42",
        "bytes: 123456",
        "host: db-1",
        "ok: true",
        "target: nas",
        "paragraph | done in 3 s",
        "[Open the link] https://backup.example/7",
    ]


@pytest.mark.parametrize(
    ("data", "tone"),
    [
        ({"status": "success"}, "good"),
        ({"state": "failure"}, "bad"),
        ({"conclusion": "cancelled"}, "warning"),
        ({"level": "critical"}, "bad"),
        ({"status": "half-baked"}, "neutral"),
        ({"ok": False}, "neutral"),
    ],
)
def test_the_usual_words_give_its_tone(data: dict[str, Any], tone: str) -> None:
    assert noticed(message, event("x", data))[0].startswith(f"{tone} | ")


def test_there_are_not_more_fields_than_anybody_reads() -> None:
    lines = noticed(message, event("x", {f"field{n}": n for n in range(1_000)}))

    assert len(lines) == 1 + MAX_FIELDS


def test_a_text_as_data_is_told_as_text() -> None:
    told = event("message", "disk full\nsince noon", project="", subject="")

    assert noticed(message, told) == [
        "neutral | Event: message",
        "paragraph | disk full\nsince noon",
    ]
