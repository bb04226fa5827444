"""Where nothing is taken in, each sender is told so in the shape that it knows."""

from pathlib import Path

import pytest

from tests.call import called
from tests.ingest.receiving import receiving_in
from tocsin.ingest.away import Away


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/webhooks/deployment", {"success", "message", "errors"}),
        ("/api/webhooks/nothing", {"success", "message", "errors"}),
        ("/hooks/github", {"type", "title", "status", "detail", "reason"}),
    ],
)
async def test_each_is_answered_503_in_its_shape(
    tmp_path: Path, path: str, shape: set[str]
) -> None:
    async with receiving_in(tmp_path) as receiving:
        answer = await called(Away(receiving.set_ups), "POST", path, b"{}")

    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert set(answer.json) == shape
