"""What a newcomer does: open the empty page, copy its command, run it, see it play."""

import subprocess
import sys

from playwright.sync_api import expect

from tests.system.conftest import Launch
from tests.system.screens.conftest import Open


def test_the_command_on_the_empty_page_brings_the_first_deployment(
    launch: Launch, opened: Open
) -> None:
    server = launch()
    with opened(f"{server.url}/") as page:
        command = page.locator("pre", has_text="curl").first.inner_text()
        assert server.url in command

        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False
        )

        assert '"success":true' in done.stdout, done.stderr
        expect(page.get_by_text("Running", exact=True).first).to_be_visible()
        expect(page.locator("pre", has_text="curl")).to_have_count(0)


def test_the_demo_is_seen_to_play(launch: Launch, opened: Open) -> None:
    server = launch()
    with opened(f"{server.url}/") as page:
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        demo = subprocess.run(
            [sys.executable, "-m", "tocsin", "demo", "--fast", "--url", server.url, "-d", "d-1"],
            env=server.client_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert demo.returncode == 0, demo.stderr

        page.get_by_role("link", name="d-1").first.click()

        expect(page.get_by_role("heading", level=1)).to_contain_text("d-1")
        expect(page.get_by_text("Success", exact=True).first).to_be_visible()
