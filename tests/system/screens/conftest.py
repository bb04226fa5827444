"""A browser, and servers with something to show."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.system.browser import CHROMIUM, FLAGS, START_LIMIT_S
from tests.system.conftest import WITHOUT_LIMIT
from tests.system.screens.callback_story import LOOPBACK, chat, fill_callbacks
from tests.system.screens.inbound_story import fill_inbound, wait_for_calls
from tests.system.screens.story import fill
from tests.system.server import Server

# The viewer's; of no whole hour, so that nothing is right by chance.
ZONE = "Asia/Kathmandu"
LOCALES: Mapping[str, str] = {"en": "en-GB", "zh": "zh-CN", "ko": "ko-KR", "ru": "ru-RU"}
# What a page may wait for on a machine that is busy with other tests.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)

Open = Callable[..., AbstractContextManager[Page]]


# Not for longer: while it runs, no test of another file could start an event loop.
@pytest.fixture(scope="module")
def browser() -> Generator[Browser, None, None]:
    """One browser for a file; each page has a profile of its own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(FLAGS), timeout=START_LIMIT_S * 1000
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def robots() -> Generator[str, None, None]:
    """Where a chat's robots are that take what the server tells."""
    with chat() as address:
        yield address


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, robots: str) -> Generator[Server, None, None]:
    """A server with a story, where a caller on this machine is an administrator."""
    settings = {
        **WITHOUT_LIMIT,
        "TOCSIN_AUTH__LOCAL_ROLE": "admin",
        "TOCSIN_NOTIFY__ALLOWED_NETWORKS": LOOPBACK,
    }
    server = Server(tmp_path_factory.mktemp("shown"), settings)
    try:
        fill(server.start())
        fill_inbound(server)
        fill_callbacks(server, robots)
        wait_for_calls(server)
        yield server
    finally:
        server.clean_up()


@pytest.fixture
def opened(browser: Browser) -> Open:
    """Opens pages in a profile of their own; fails on whatever the browser complains of."""

    @contextmanager
    def page_on(
        url: str,
        *,
        language: str = "en",
        theme: str = "light",
        width: int = 1280,
        foreseen: tuple[str, ...] = (),
    ) -> Generator[Page, None, None]:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if theme == "dark" else "light",
            locale=LOCALES[language],
            timezone_id=ZONE,
            has_touch=width < 500,
        )
        context.set_default_timeout(PATIENCE_MS)
        # As who presses "Copy" has allowed it; the tests read what was copied.
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if said.type in {"error", "warning"} else None
            ),
        )
        page.goto(url)
        try:
            yield page
        finally:
            context.close()
        assert [one for one in complaints if not any(word in one for word in foreseen)] == []

    return page_on
