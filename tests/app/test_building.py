"""All parts together: what comes in is kept, shown and told."""

import asyncio
from pathlib import Path

from tests.app.whole import MESSAGE, STREAM, Call, built, get, post


async def test_a_message_is_kept_shown_and_seen_live(tmp_path: Path) -> None:
    async with built(tmp_path) as tocsin:
        stream = Call(tocsin, "GET", STREAM)
        streaming = asyncio.create_task(stream.run())
        await stream.answered.wait()
        taken = await post(tocsin, "/api/webhooks/deployment", MESSAGE)
        prefixed = await post(tocsin, "/project-dashboard/api/webhooks/deployment", MESSAGE)
        shown = await get(tocsin, "/api/v1/deployments/7?project=shop")
        await tocsin.wind_down()
        await streaming

    assert taken.status == prefixed.status == shown.status == 200
    assert taken.json["success"] is True
    assert shown.json["status"] == "running"
    assert stream.status == 200


async def test_it_is_ready_until_it_winds_down(tmp_path: Path) -> None:
    async with built(tmp_path) as tocsin:
        before = await get(tocsin, "/health/ready")
        await tocsin.wind_down()
        ready, live, late = [
            await get(tocsin, path) for path in ("/health/ready", "/health/live", STREAM)
        ]

    assert before.status == 200
    assert (ready.status, live.status, late.status) == (503, 200, 503)
