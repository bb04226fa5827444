"""A log of a million lines is as quick to read as a short one, and the page stays small.

The pages are opened anew, with nothing in the browser's cache. The limits are those of a machine
that does nothing else; the figures are kept in `reports/screens/`.
"""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import WITHOUT_LIMIT
from tests.system.screens.conftest import Open
from tests.system.screens.measuring import SEEN, WATCH, kept_open, median_of, note
from tests.system.screens.pages import MOST_ROWS, line_of, log_of, numbers, place_of
from tests.system.screens.story import SHOP, at, end, lines, step
from tests.system.server import Server

COUNT, BATCH = 1_000_000, 1_000
LINKED = 734_512
RARE = "connection lost to peer 17"
RARE_AT = {12, 400_007, LINKED, 999_001}

LIMIT_MS = 2_000
TIMES = 3
HEAP_LIMIT_BYTES = 100_000_000
PLACES = 200

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Generator[str, None, None]:
    """The address of a deployment that is over, with a million lines."""
    server = Server(tmp_path_factory.mktemp("long"), WITHOUT_LIMIT)
    try:
        begin = time.monotonic()
        write(server.start())
        note(f"{COUNT:,} lines taken in {time.monotonic() - begin:.1f} s")
        yield place_of(server, "long-1")
    finally:
        server.clean_up()


def test_it_opens_at_once(long: str, opened: Open) -> None:
    taken_ms = [opening(opened, long, 1) for _ in range(TIMES)]

    assert median_of("open", taken_ms) < LIMIT_MS


def test_a_link_to_a_line_opens_there_at_once(long: str, opened: Open) -> None:
    taken_ms = [opening(opened, f"{long}#L{LINKED}", LINKED) for _ in range(TIMES)]

    assert median_of("open at a line", taken_ms) < LIMIT_MS


def test_its_end_is_one_key_away(long: str, opened: Open) -> None:
    taken_ms = []
    for _ in range(TIMES):
        with watched(opened, long) as page:
            expect(line_of(page, 1)).to_be_visible()
            page.keyboard.press("G")
            taken_ms.append(page.evaluate(SEEN, [COUNT, page.evaluate("window.pressedAt")]))

    assert median_of("jump to the end", taken_ms) < LIMIT_MS


def test_a_rare_text_is_found_and_counted_at_once(long: str, opened: Open) -> None:
    taken_ms = []
    for _ in range(TIMES):
        with watched(opened, long) as page:
            expect(line_of(page, 1)).to_be_visible()
            # It begins where one is, so that from here it takes longest.
            page.keyboard.press("G")
            expect(line_of(page, COUNT)).to_be_visible()
            page.keyboard.press("/")
            bar = page.get_by_role("search")
            bar.get_by_role("textbox").fill(RARE)
            page.keyboard.press("Enter")
            taken_ms.append(counted(page))

            for place, number in enumerate(sorted(RARE_AT), 1):
                expect(bar).to_contain_text(f"{place} of {len(RARE_AT)}")
                expect(line_of(page, number)).to_be_in_viewport()
                page.keyboard.press("Enter")
    assert median_of("search through all", taken_ms) < LIMIT_MS


def test_the_page_stays_small_wherever_one_goes(long: str, opened: Open) -> None:
    with watched(opened, long) as page:
        expect(line_of(page, 1)).to_be_visible()
        log = log_of(page)
        for place in range(1, PLACES + 1):
            log.evaluate(
                "(one, share) => (one.scrollTop = one.scrollHeight * share)", place / PLACES
            )
            if place % 10 == 0:
                # In between one is faster than the server.
                page.wait_for_function(
                    "() => document.querySelectorAll('[role=log] [data-line]').length > 10"
                )
        expect(line_of(page, COUNT)).to_be_visible()

        heap_bytes, most_rows = heap_of(page), page.evaluate("window.mostRows")
        note(f"after {PLACES} places: {heap_bytes / 1e6:.1f} MB, at most {most_rows} rows")
        assert heap_bytes < HEAP_LIMIT_BYTES
        assert most_rows <= MOST_ROWS
        shown = numbers(page)
        assert shown == list(range(shown[0], COUNT + 1))


def opening(opened: Open, address: str, number: int) -> float:
    """Milliseconds from the begin of the navigation until the line can be seen."""
    with opened("about:blank") as page:
        page.goto(address, wait_until="commit")
        return float(page.evaluate(SEEN, [number, 0]))


def counted(page: Page) -> float:
    """Milliseconds from the last key until the first match is in view and all are counted."""
    pressed_at = page.evaluate("window.pressedAt")
    page.evaluate(SEEN, [min(RARE_AT), pressed_at])
    page.wait_for_function(
        "() => !/searched/.test(document.querySelector('[role=search]').innerText)",
        polling="raf",
    )
    return float(page.evaluate("since => performance.now() - since", pressed_at))


@contextmanager
def watched(opened: Open, address: str) -> Iterator[Page]:
    with opened("about:blank") as page:
        page.add_init_script(f"({WATCH})()")
        page.goto(address)
        yield page


def heap_of(page: Page) -> float:
    """Bytes that the page's script holds, after what is no longer needed is gone."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize"))


def write(server: Server) -> None:
    now = datetime.now(UTC)
    with kept_open(server) as post:
        post(step("step_started", SHOP, "long-1", "Build", at(now), "started"))
        for first in range(1, COUNT + 1, BATCH):
            texts = [{"message": text_of(number)} for number in range(first, first + BATCH)]
            post(lines(SHOP, "long-1", "Build", texts))
        post(end(SHOP, "long-1", at(now, 60), "success"))


def text_of(number: int) -> str:
    return f"line {number}: {RARE if number in RARE_AT else 'compiled a module without a word'}"
