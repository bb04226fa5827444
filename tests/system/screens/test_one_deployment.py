"""One deployment: steps, runs, figures, what comes live, and how it went, seen again."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.system.screens.conftest import Open
from tests.system.screens.pages import (
    is_live,
    line_of,
    numbers,
    place_of,
    press_copy,
    steps_of,
)
from tests.system.screens.story import AGAIN, FAILED, LONG, SHOP, at, end, lines, step, tell
from tests.system.server import Server

MANY, ERROR_AT = 900, 700
NOT_FOUND = ("404 (Not Found)",)
SEVERAL = ("409 (Conflict)",)


@pytest.fixture(scope="module")
def broken(shown: Server) -> str:
    """A deployment whose second step failed, with its error far down in a log of two steps."""
    begun = datetime.now(UTC) - timedelta(minutes=2)
    texts = [{"message": f"line {number}", "level": "info"} for number in range(MANY)]
    texts[ERROR_AT - 100 - 1] = {"message": "no space left on device", "level": "error"}
    tell(
        shown,
        [
            step("step_started", "mill", "b-1", "Build", at(begun), "started"),
            lines("mill", "b-1", "Build", [{"message": "compiling"}] * 100),
            step("step_completed", "mill", "b-1", "Build", at(begun, 30), "success"),
            step("step_started", "mill", "b-1", "Upload", at(begun, 30), "started"),
            lines("mill", "b-1", "Upload", texts),
            step("step_completed", "mill", "b-1", "Upload", at(begun, 50), "failure"),
            end("mill", "b-1", at(begun, 60), "failure"),
        ],
    )
    return place_of(shown, "b-1", "mill")


def test_the_step_that_failed_is_open_at_its_first_error(broken: str, opened: Open) -> None:
    with opened(broken) as page:
        expect(chosen_step(page)).to_contain_text("Upload")

        expect(line_of(page, ERROR_AT)).to_be_in_viewport()
        expect(line_of(page, ERROR_AT)).to_contain_text("no space left on device")


def test_a_step_shows_its_lines_only_and_the_address_says_so(broken: str, opened: Open) -> None:
    with opened(broken) as page:
        expect(line_of(page, ERROR_AT)).to_be_visible()

        steps_of(page).get_by_role("button", name="Build").click()

        expect(page.get_by_text("100 lines", exact=True)).to_be_visible()
        expect(line_of(page, 1)).to_contain_text("compiling")
        expect(page).to_have_url(re.compile(r"[?&]step=Build"))
        page.reload()
        expect(chosen_step(page)).to_contain_text("Build")
        steps_of(page).get_by_role("button", name="Whole log").click()
        expect(page.get_by_text("1,000 lines", exact=True)).to_be_visible()
        page.go_back()
        expect(page.get_by_text("100 lines", exact=True)).to_be_visible()


def test_steps_show_their_attempts_and_how_they_ended(shown: Server, opened: Open) -> None:
    with opened(place_of(shown, FAILED)) as page:
        expect(page.get_by_text("upload timed out after 19 s")).to_be_visible()

        steps = steps_of(page)
        attempts = steps.get_by_role("list", name="Attempts").get_by_role("listitem")
        expect(attempts).to_contain_text(["attempt 1", "attempt 2"])
        expect(attempts.last).to_contain_text("timed out")
        expect(attempts.last).to_contain_text("19 sec")
        expect(steps.get_by_role("button", name="Smoke test")).to_contain_text("skipped")
        expect(steps).to_contain_text("3 of 3 ended")


def test_an_earlier_run_can_be_looked_at(shown: Server, opened: Open) -> None:
    with opened(place_of(shown, AGAIN, LONG)) as page:
        expect(summary(page)).to_contain_text("Success")

        page.get_by_label("Run").select_option(label="Run 1 of 2 · Failed")

        expect(page).to_have_url(re.compile(r"[?&]run=1"))
        expect(summary(page)).to_contain_text("Failed")
        page.reload()
        expect(summary(page)).to_contain_text("Failed")
        expect(
            page.get_by_text("You are looking at run 1, which is not the newest.")
        ).to_be_visible()
        page.get_by_role("button", name="Go to run 2").click()
        expect(summary(page)).to_contain_text("Success")


def test_figures_stand_sent_against_seen(shown: Server, opened: Open) -> None:
    with opened(place_of(shown, FAILED)) as page:
        page.get_by_text("sent and seen differ").click()

        def figure(name: str) -> Locator:
            return page.get_by_role("row").filter(has_text=name)

        expect(figure("Steps").first).to_have_text(re.compile(r"Steps\s*5\s*3\s*differs"))
        expect(figure("Steps that failed")).not_to_contain_text("differs")
        expect(figure("custom")).to_contain_text("x")


def test_what_happens_is_seen_while_it_happens(shown: Server, opened: Open) -> None:
    now = datetime.now(UTC)
    tell(shown, [step("step_started", SHOP, "live-1", "Deploy", at(now, -65), "started")])
    with opened(place_of(shown, "live-1")) as page:
        row = steps_of(page).get_by_role("button", name="Deploy")
        expect(row).to_contain_text("1 min")
        is_live(page)
        before = row.text_content() or ""

        expect(row).not_to_have_text(before)
        tell(shown, [lines(SHOP, "live-1", "Deploy", [{"message": "half of it is there"}])])
        expect(page.get_by_text("half of it is there")).to_be_visible()
        tell(
            shown,
            [
                step("step_completed", SHOP, "live-1", "Deploy", at(now), "success"),
                step("step_started", SHOP, "live-1", "Smoke test", at(now), "started"),
            ],
        )
        expect(row).to_contain_text("Success")
        expect(row).to_contain_text("1 min 5 sec")
        expect(steps_of(page).get_by_role("button", name="Smoke test")).to_contain_text("Running")
        tell(shown, [end(SHOP, "live-1", at(now, 2), "cancelled")])
        expect(summary(page)).to_contain_text("Cancelled")


def test_an_unknown_one_appears_with_its_first_message(shown: Server, opened: Open) -> None:
    with opened(place_of(shown, "not-yet"), foreseen=NOT_FOUND) as page:
        expect(page.get_by_text(f"Nothing is known of {SHOP} #not-yet")).to_be_visible()
        is_live(page)

        now = datetime.now(UTC)
        tell(shown, [step("step_started", SHOP, "not-yet", "Build", at(now), "started")])

        expect(steps_of(page).get_by_role("button", name="Build")).to_be_visible()


def test_an_id_of_two_projects_is_asked_about(shown: Server, opened: Open) -> None:
    now = datetime.now(UTC)
    for project in ("left", "right"):
        tell(shown, [step("step_started", project, "twin-1", "Build", at(now), "started")])
    with opened(f"{shown.url}/deployments/twin-1", foreseen=SEVERAL) as page:
        expect(page.get_by_text("Several projects have a deployment twin-1")).to_be_visible()

        page.get_by_role("link", name="right").click()

        expect(page).to_have_url(place_of(shown, "twin-1", "right"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("right")


def test_a_late_line_is_shown_and_opens_nothing_again(shown: Server, opened: Open) -> None:
    now = datetime.now(UTC) - timedelta(seconds=30)
    tell(shown, [step("step_started", SHOP, "late-1", "Build", at(now), "started")])
    tell(shown, [end(SHOP, "late-1", at(now, 10), "success")])
    with opened(place_of(shown, "late-1")) as page:
        expect(summary(page)).to_contain_text("Success")
        is_live(page)

        late = {"message": "flushed after the end", "timestamp": at(now, 9)}
        tell(shown, [lines(SHOP, "late-1", "Build", [late])])

        expect(line_of(page, 1)).to_contain_text("flushed after the end")
        expect(summary(page)).to_contain_text("Success")
        expect(page.get_by_label("Run")).to_have_count(0)


def test_a_replay_shows_how_it_stood_and_comes_to_the_end(broken: str, opened: Open) -> None:
    with opened(broken) as page:
        page.get_by_role("button", name="Replay").click()
        bar = page.get_by_role("region", name="Replay")
        bar.get_by_role("button", name="Pause").click()
        slider = bar.get_by_role("slider", name="Instant that is shown")

        slider.fill(str(float(slider.get_attribute("min") or "") + 10_000))

        expect(summary(page)).to_contain_text("Running")
        expect(steps_of(page).get_by_role("button", name="Build")).to_contain_text("Running")
        expect(steps_of(page).get_by_role("button", name="Upload")).to_contain_text("Pending")
        bar.get_by_role("button", name="On to the next event").click()
        expect(steps_of(page).get_by_role("button", name="Build")).to_contain_text("Success")
        bar.get_by_text("16×").click()
        bar.get_by_role("button", name="Play", exact=True).click()
        expect(summary(page)).to_contain_text("Failed")
        bar.get_by_role("button", name="End the replay").click()
        expect(bar).to_have_count(0)
        expect(line_of(page, ERROR_AT)).to_be_visible()


def test_its_address_can_be_copied(broken: str, opened: Open) -> None:
    with opened(broken) as page:
        expect(chosen_step(page)).to_contain_text("Upload")
        address = press_copy(page, "Copy link")

        with opened(address) as other:
            expect(chosen_step(other)).to_contain_text("Upload")
            expect(line_of(other, ERROR_AT)).to_be_visible()
            assert numbers(other)[0] > 100


def chosen_step(page: Page) -> Locator:
    return steps_of(page).locator("[aria-current=true]")


def summary(page: Page) -> Locator:
    """How the run stands, under its name."""
    return (
        page.get_by_role("main")
        .get_by_role("paragraph")
        .filter(has_text=re.compile(r"^(Success|Failed|Running|Cancelled|Pending)"))
    )


def test_a_link_to_a_line_leads_there_after_a_further_run_too(shown: Server, opened: Open) -> None:
    begun = datetime.now(UTC) - timedelta(minutes=5)
    texts = [
        {"message": f"first run {number}", "timestamp": at(begun, number)} for number in range(30)
    ]
    tell(
        shown,
        [
            step("step_started", "mill", "l-1", "Build", at(begun), "started"),
            lines("mill", "l-1", "Build", texts),
            end("mill", "l-1", at(begun, 60), "failure"),
        ],
    )
    with opened(place_of(shown, "l-1", "mill")) as page:
        line_of(page, 12).get_by_role("link", name="12", exact=True).click()
        expect(page).to_have_url(re.compile(r"#L12$"))
        tell(shown, [step("step_started", "mill", "l-1", "Build", at(begun, 120), "started")])

        page.goto(page.url)
        page.reload()

        expect(line_of(page, 12)).to_contain_text("first run 11")
