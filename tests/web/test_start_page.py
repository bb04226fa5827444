"""The page at `/`: no script, a policy that holds, and links that lead somewhere."""

import base64
import hashlib
import re
from pathlib import Path

from tests.journal import REMOTE, reading_in

IN_FRONT = "api/v1/events/stream"


async def test_the_page_shows_nothing_that_is_kept_and_needs_no_script(tmp_path: Path) -> None:
    async with reading_in(tmp_path) as reading:
        page = await reading.get("/", peer=REMOTE)
    text = page.body.decode()
    (style,) = re.findall("<style>(.*)</style>", text)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert page.status == 200
    assert "1.2.3" in text
    assert "<script" not in text
    assert f"'sha256-{digest}'" in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_its_links_lead_somewhere(tmp_path: Path) -> None:
    async with reading_in(tmp_path) as reading:
        page = await reading.get("/")
        links = re.findall('href="([^"]*)"', page.body.decode())
        statuses = {
            link: (await reading.get(f"/{link}")).status for link in links if link != IN_FRONT
        }

    assert len(statuses) == len(links) - 1 > 3
    assert set(statuses.values()) == {200}
