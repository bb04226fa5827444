"""The screen of trainings: how they go on while one looks, what came of them, and a new one."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.system.screens.conftest import Open
from tests.system.screens.inbound_story import ENDED, FAILED_TRAINING, NEWS, UNDER_WAY
from tests.system.screens.pages import press_copy
from tests.system.screens.story import post
from tests.system.server import Server


def test_a_training_goes_on_while_one_looks_at_the_list(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/trainings") as page:
        expect(row_of(page, UNDER_WAY)).to_contain_text("62%")
        post(shown, NEWS, {"request_id": "live-1", "status": "IN_QUEUE", "queue_position": 3})
        expect(row_of(page, "live-1")).to_contain_text("number 3 in the queue")

        post(shown, NEWS, {"request_id": "live-1", "status": "IN_PROGRESS", "progress": 40})
        expect(row_of(page, "live-1")).to_contain_text("40%")
        post(shown, NEWS, {"request_id": "live-1", "status": "ERROR", "error": "out of memory"})

        expect(row_of(page, "live-1")).to_contain_text("Failed")
        expect(row_of(page, "live-1")).to_contain_text("out of memory")


def test_filters_stand_in_the_address(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/trainings") as page:
        expect(rows_of(page).first).to_be_visible()
        page.get_by_role("button", name="Status").click()
        page.get_by_role("checkbox", name="Completed").check()

        expect(page).to_have_url(re.compile(r"[?&]status=completed"))
        expect(rows_of(page)).to_have_count(1)
        page.keyboard.press("Escape")
        page.get_by_role("searchbox").fill("nothing like it")
        expect(page.get_by_text("No training fits")).to_be_visible()
        page.get_by_role("button", name="Reset filters").first.click()
        expect(page).to_have_url(f"{shown.url}/trainings")


def test_a_result_is_shown_with_its_files_and_what_was_heard(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/trainings/{ENDED}") as page:
        main = page.get_by_role("main")
        expect(main).to_contain_text("diffusers_lora_file.url")
        files = page.get_by_role("region", name="Files")
        expect(files).to_contain_text("pytorch_lora_weights.safetensors")
        expect(files).to_contain_text("Failed")
        expect(main).to_contain_text('"project": "axi-star-cloud"')
        assert press_copy(page.get_by_role("region", name="What is known"), "Copy the id") == ENDED

        heard = page.get_by_role("region", name="What was heard")
        expect(heard.get_by_role("listitem")).to_contain_text(
            ["training.registered", "training.completed"]
        )
        heard.get_by_role("link", name="training.completed").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("training.completed")


def test_a_failed_one_says_why(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/trainings/{FAILED_TRAINING}") as page:
        why = page.get_by_role("region", name="Why it failed")

        expect(why).to_contain_text("without the address of its LoRA file")


def test_one_is_registered_and_then_ends_while_one_looks(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/trainings") as page:
        page.get_by_role("button", name="Register a training").click()
        form = page.get_by_role("dialog", name="Register a training")
        form.get_by_label("Request id").fill("registered-1")
        form.get_by_label("What to keep with it").fill("no JSON")
        form.get_by_role("button", name="Register").click()
        expect(form.get_by_role("alert")).to_contain_text("A JSON object, or nothing.")
        form.get_by_label("What to keep with it").fill('{"user": "42"}')
        form.get_by_role("button", name="Register").click()

        expect(page).to_have_url(f"{shown.url}/trainings/registered-1")
        expect(page.get_by_role("main")).to_contain_text('"user": "42"')
        post(shown, NEWS, {"request_id": "registered-1", "status": "CANCELLED"})
        expect(page.get_by_role("paragraph").get_by_text("Cancelled")).to_be_visible()


def test_one_that_nobody_knows_leads_back_to_all(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/trainings/unheard-of", foreseen=("404 (Not Found)",)) as page:
        expect(page.get_by_text("There is no such training")).to_be_visible()

        page.get_by_role("link", name="Go to all trainings").click()

        expect(rows_of(page).first).to_be_visible()


def rows_of(page: Page) -> Locator:
    return page.get_by_role("list", name="Trainings").get_by_role("listitem")


def row_of(page: Page, training: str) -> Locator:
    return rows_of(page).filter(has=page.get_by_title(training, exact=True))
