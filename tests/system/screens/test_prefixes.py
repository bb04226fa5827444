"""The screens under every prefix: addresses in depth, reloads, the live line, files."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.system.conftest import WITHOUT_LIMIT, Launch
from tests.system.screens.conftest import Open
from tests.system.screens.nginx import nginx
from tests.system.screens.story import DONE, SHOP, fill, lines, tell
from tests.system.server import Server

PLACE = f"/deployments/{DONE}?project={SHOP}"

# As a proxy hands Tocsin on under a path of its own choice: taken off, and named.
TAKEN_OFF = """
location /tools/tocsin/ {{
    include headers.conf;
    proxy_pass {url}/;
    proxy_set_header X-Forwarded-Prefix /tools/tocsin;
}}
"""
HANDED_ON = """
location /project-dashboard {{
    include headers.conf;
    proxy_pass {url};
}}
"""


@pytest.mark.parametrize("prefix", ["", "/project-dashboard"])
def test_an_address_in_depth_holds_after_a_reload(shown: Server, opened: Open, prefix: str) -> None:
    with opened(f"{shown.url}{prefix}{PLACE}") as page:
        expect(page.get_by_role("heading", level=1)).to_contain_text(DONE)
        page.reload()

        expect(page.get_by_role("heading", level=1)).to_contain_text(DONE)
        page.get_by_role("link", name="Events").click()
        expect(page).to_have_url(f"{shown.url}{prefix}/events")
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_contain_text(DONE)
        expect(page.get_by_text("Live", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("locations", "prefix"),
    [
        pytest.param(TAKEN_OFF, "/tools/tocsin", id="taken_off"),
        pytest.param(HANDED_ON, "/project-dashboard", id="handed_on"),
    ],
)
def test_a_proxy_may_put_it_under_a_path(
    launch: Launch, opened: Open, tmp_path: Path, locations: str, prefix: str
) -> None:
    settings = {"TOCSIN_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]', **WITHOUT_LIMIT}
    server = launch({**settings, "TOCSIN_AUTH__LOCAL_ROLE": "none"})
    code = re.search(r"/sign-in\?code=([\w-]+)", server.log())
    assert code is not None
    with (
        nginx(tmp_path, locations.format(url=server.url)) as url,
        opened(f"{url}{prefix}/sign-in?code={code[1]}") as page,
    ):
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
        page.goto(f"{url}{prefix}/system")
        expect(page.get_by_text("Live", exact=True)).to_be_visible()

        page.reload()

        expect(page.get_by_role("heading", name="System", level=1)).to_be_visible()
        assert page.url == f"{url}{prefix}/system"


def test_what_comes_is_seen_at_once_under_the_prefix(launch: Launch, opened: Open) -> None:
    server = launch()
    fill(server)
    with opened(f"{server.url}/project-dashboard{PLACE}") as page:
        expect(page.get_by_text("Live", exact=True)).to_be_visible()

        tell(server, [lines(SHOP, DONE, "部署验证", [{"message": "late but not lost"}])])

        expect(page.get_by_text("late but not lost")).to_be_visible()
