"""Many callbacks at once: tried, switched, removed, sent again; taken out and put in."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.system.conftest import Launch
from tests.system.screens.callback_story import LOOPBACK, make, tell_release, wait_for
from tests.system.screens.conftest import Open
from tests.system.server import Server

# Asked for while one writes, and refused until it is right.
HALF_WRITTEN = ("422 (Unprocessable",)


def test_many_are_tried_at_once_and_each_says_what_came_of_it(
    shown: Server, opened: Open, robots: str
) -> None:
    make(shown, "Many: good", {"webhook_url": f"{robots}/many-taking"})
    make(shown, "Many: bad", {"webhook_url": f"{robots}/many-refusing"})
    with opened(f"{shown.url}/callbacks?q=Many") as page:
        chosen = choose(page, "Many: good")
        expect(chosen).to_contain_text("1 selected")
        chosen.get_by_role("button", name="Select all 2").click()
        chosen.get_by_role("button", name="Send a test").click()

        came = page.get_by_role("dialog", name="Tests")
        expect(came.get_by_role("listitem").filter(has_text="Many: good")).to_contain_text("taken")
        bad = came.get_by_role("listitem").filter(has_text="Many: bad")
        expect(bad).to_contain_text("The robot’s keyword is not in the message.")
        bad.get_by_role("link", name="In the history").click()
        expect(page.get_by_text('"code": 19024')).to_be_visible()


def test_selected_callbacks_are_switched_off_and_on_and_removed_once_that_is_sure(
    shown: Server, opened: Open, robots: str
) -> None:
    make(shown, "Some: one", {"webhook_url": f"{robots}/some-one"})
    make(shown, "Some: two", {"webhook_url": f"{robots}/some-two"})
    with opened(f"{shown.url}/callbacks?q=Some:") as page:
        choose(page, "Some: one")
        chosen = choose(page, "Some: two")

        chosen.get_by_role("button", name="Switch off").click()
        expect(page.get_by_text("2 switched off")).to_be_visible()
        expect(row_of(page, "Some: one")).to_contain_text("Switched off")
        chosen.get_by_role("button", name="Switch on").click()
        expect(row_of(page, "Some: two")).to_contain_text("Nothing sent yet")
        chosen.get_by_role("button", name="Remove").click()
        sure = page.get_by_role("dialog", name="Remove 2 callbacks?")
        expect(sure).to_contain_text("Some: one, Some: two")
        sure.get_by_role("button", name="Remove").click()

        expect(page.get_by_text("No callback fits")).to_be_visible()
        expect(chosen).to_have_count(0)


def test_what_selected_callbacks_failed_to_deliver_is_sent_again(
    shown: Server, opened: Open, robots: str
) -> None:
    made = make(shown, "Lost some", {"webhook_url": f"{robots}/lost-refusing"})
    tell_release(shown, "canary_started", "lost-1")
    wait_for(shown, f"failed&config_id={made['id']}", 1)
    with opened(f"{shown.url}/callbacks?q=Lost") as page:
        choose(page, "Lost some").get_by_role("button", name="Send failed ones again").click()

        expect(page.get_by_text("1 delivery goes out again")).to_be_visible()


def test_callbacks_are_taken_out_without_secrets_and_put_in_again(
    shown: Server, opened: Open, robots: str
) -> None:
    make(shown, "Moved", {"webhook_url": f"{robots}/moved-secret-part"})
    with opened(f"{shown.url}/callbacks?q=Moved") as page:
        choose(page, "Moved").get_by_role("button", name="Export").click()
        form = page.get_by_role("dialog", name="Export 1 callback")
        expect(form).to_contain_text("Secrets are left out")
        with page.expect_download() as download:
            form.get_by_role("button", name="Export").click()
        assert re.fullmatch(r"callbacks-\d{4}-\d\d-\d\d\.json", download.value.suggested_filename)
        assert "moved-secret-part" not in download.value.path().read_text()

        put_in = open_import(page, download.value.path())
        expect(put_in).to_contain_text("Without secrets")
        row = put_in.get_by_role("listitem").filter(has_text="Moved")
        expect(row).to_contain_text("Stays as it is")
        put_in.get_by_role("radio", name="Add a copy").check()
        expect(row).to_contain_text("Will be added")
        expect(row).to_contain_text("Feishu stays switched off until its secret is entered")
        put_in.get_by_role("button", name="Import").click()

        expect(row).to_contain_text("Added")
        put_in.get_by_role("button", name="Done").click()
        expect(page.locator("[data-row]")).to_have_count(2)


def test_secrets_move_sealed_by_a_passphrase(shown: Server, opened: Open, robots: str) -> None:
    make(shown, "Sealed", {"webhook_url": f"{robots}/sealed-secret-part"})
    with opened(f"{shown.url}/callbacks?q=Sealed", foreseen=HALF_WRITTEN) as page:
        choose(page, "Sealed").get_by_role("button", name="Export").click()
        form = page.get_by_role("dialog", name="Export 1 callback")
        form.get_by_label("Passphrase").fill("correct horse")
        expect(form).to_contain_text("Secrets go along, sealed")
        with page.expect_download() as download:
            form.get_by_role("button", name="Export").click()
        said = download.value.path().read_text()
        assert "aes-256-gcm" in said
        assert "sealed-secret-part" not in said

        put_in = open_import(page, download.value.path())
        put_in.get_by_label("Passphrase").fill("wrong battery")
        expect(put_in).to_contain_text("It does not open with this passphrase.")
        put_in.get_by_label("Passphrase").fill("correct horse")
        put_in.get_by_role("radio", name="Replace them").check()
        row = put_in.get_by_role("listitem").filter(has_text="Sealed")
        expect(row).to_contain_text("Will be replaced")
        put_in.get_by_role("button", name="Import").click()

        expect(row).to_contain_text("Replaced")
        expect(row).not_to_contain_text("switched off")


def test_what_is_no_export_is_told_at_once(shown: Server, opened: Open, tmp_path: Path) -> None:
    file = tmp_path / "holiday.json"
    file.write_text('{"beach": true}')
    with opened(f"{shown.url}/callbacks") as page:
        put_in = open_import(page, file)

        expect(put_in.get_by_role("alert")).to_contain_text("no export of callbacks")
        expect(put_in.get_by_role("button", name="Import")).to_be_disabled()


def test_an_operator_tries_and_sends_again_and_changes_nothing(
    launch: Launch, opened: Open, robots: str
) -> None:
    server = launch(
        {"TOCSIN_AUTH__LOCAL_ROLE": "admin", "TOCSIN_NOTIFY__ALLOWED_NETWORKS": LOOPBACK}
    )
    make(server, "Theirs", {"webhook_url": f"{robots}/theirs"})
    server.stop()
    server.settings["TOCSIN_AUTH__LOCAL_ROLE"] = "operator"
    server.start()
    with opened(f"{server.url}/callbacks") as page:
        chosen = choose(page, "Theirs")

        expect(chosen.get_by_role("button", name="Send a test")).to_be_visible()
        expect(chosen.get_by_role("button", name="Send failed ones again")).to_be_visible()
        for name in ("Switch on", "Switch off", "Remove", "Export"):
            expect(chosen.get_by_role("button", name=name)).to_have_count(0)
        expect(page.get_by_role("button", name="Import, export")).to_have_count(0)


def test_a_viewer_selects_nothing(launch: Launch, opened: Open, robots: str) -> None:
    server = launch(
        {"TOCSIN_AUTH__LOCAL_ROLE": "admin", "TOCSIN_NOTIFY__ALLOWED_NETWORKS": LOOPBACK}
    )
    make(server, "Theirs", {"webhook_url": f"{robots}/theirs"})
    server.stop()
    server.settings["TOCSIN_AUTH__LOCAL_ROLE"] = "viewer"
    server.start()
    with opened(f"{server.url}/callbacks") as page:
        expect(page.get_by_role("link", name="Theirs")).to_be_visible()

        expect(page.get_by_role("checkbox")).to_have_count(0)
        expect(page.get_by_role("button", name="Import, export")).to_have_count(0)


def row_of(page: Page, name: str) -> Locator:
    rows = page.get_by_role("list", name="Callbacks", exact=True)
    return rows.get_by_role("listitem").filter(has_text=name)


def choose(page: Page, name: str) -> Locator:
    """Tick the callback's row; what can be done with all that are ticked."""
    page.get_by_role("checkbox", name=f"Select {name}").check()
    return page.get_by_role("region", name="With the selected ones")


def open_import(page: Page, file: Path) -> Locator:
    """The window that puts callbacks in, with a file chosen."""
    page.get_by_role("button", name="Import, export").click()
    page.get_by_text("Import callbacks").click()
    put_in = page.get_by_role("dialog", name="Import callbacks")
    put_in.get_by_label("File").set_input_files(file)
    return put_in
