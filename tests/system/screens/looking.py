"""Look at screens in one language: both themes, two widths, by axe, and for what is cut.

The pictures are kept in `reports/screens/`, for people to look at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from playwright.sync_api import Page

from tests.system.screens.conftest import Open
from tests.system.screens.inbound_story import ENDED, FAILED_TRAINING, TEAM
from tests.system.screens.story import FAILED, LONG, RUNNING, SHOP
from tests.system.server import Server

ROOT = Path(__file__).parents[3]
PICTURES = ROOT / "reports" / "screens"
AXE = ROOT / "ui/node_modules/axe-core/axe.min.js"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
COLOURS = ("color-contrast", "link-in-text-block")
Theme = Literal["light", "dark"]
# The dark theme is the same page in other colours.
RULES: Mapping[Theme, Sequence[str]] = {"light": WCAG, "dark": COLOURS}
WIDE, NARROW, HEIGHT = 1280, 360, 800
# As little as possible changes from one to the next, for each change takes time.
NARROW_LOOKS: Sequence[tuple[int, Theme]] = ((NARROW, "dark"), (NARROW, "light"))
LOOKS: Sequence[tuple[int, Theme]] = ((WIDE, "light"), (WIDE, "dark"), *NARROW_LOOKS)
# The screens are looked at in so many tests.
TURNS = 2


@dataclass(frozen=True)
class Sight:
    """Something to look at: an address, and what is pressed there to see more of it."""

    address: str
    # A selector, as words differ by language; or a key.
    press: str = ""
    key: str = ""
    # A selector of what is there only once the screen, or what was pressed, shows all of it.
    shows: str = ""
    looks: Sequence[tuple[int, Theme]] = LOOKS


MAIN_BUTTON = "main header .n-button--primary-type"
ROW = "[data-row]"
GRAVE_BUTTON = "main .n-button--error-type"

# By the name of the picture.
SIGHTS = {
    "deployments": Sight("/"),
    "deployments-none": Sight("/?q=nothing-is-called-this"),
    "keys": Sight("/?q=nothing-is-called-this", key="?"),
    "places": Sight("/?q=nothing-is-called-this", press="nav button", looks=NARROW_LOOKS),
    "failed": Sight(f"/deployments/{FAILED}?project={SHOP}"),
    "running": Sight(f"/deployments/{RUNNING}?project={SHOP}"),
    "unknown": Sight("/deployments/no-such-thing"),
    "projects": Sight("/projects"),
    "project": Sight(f"/projects/{quote(LONG, safe='')}"),
    "events": Sight("/events?type=training.*"),
    "event": Sight("/events?type=training.*", press=ROW),
    "trainings": Sight("/trainings"),
    "training": Sight(f"/trainings/{ENDED}"),
    "training-failed": Sight(f"/trainings/{FAILED_TRAINING}"),
    "training-form": Sight("/trainings?q=nothing-is-called-this", press=MAIN_BUTTON),
    "sources": Sight("/sources"),
    "source": Sight(f"/sources/github/{TEAM}", press=ROW),
    "source-new": Sight("/sources/alertmanager"),
    "source-remove": Sight(f"/sources/gitea/{TEAM}", press=GRAVE_BUTTON),
    "callbacks": Sight("/callbacks"),
    "callbacks-chosen": Sight("/callbacks", press="label:has(.tick)", shows="[data-bar]"),
    "callback": Sight("/callbacks", press=ROW, shows=".preview .drawn"),
    "callback-new": Sight("/callbacks/new"),
    "deliveries": Sight("/callbacks/history"),
    "delivery": Sight("/callbacks/history?status=failed", press=ROW, shows=".whole, .pairs"),
    "deliveries-none": Sight("/callbacks/history?task=nothing-is-called-this"),
    "delivery-stats": Sight("/callbacks/statistics"),
    "templates": Sight("/callbacks/templates"),
    "template": Sight("/callbacks/templates", press=ROW, shows=".preview .drawn"),
    "template-new": Sight("/callbacks/templates/new", shows=".preview .drawn"),
    "system": Sight("/system"),
    "people": Sight("/people"),
    "tokens": Sight("/tokens"),
    "token-form": Sight("/tokens", press=MAIN_BUTTON),
    "sign-in": Sight("/sign-in"),
    "one-time": Sight("/sign-in?code=x"),
    "nowhere": Sight("/system/none"),
}

# Texts that hold the name of a text instead of one.
MISSING = r"""() => {
  const parts = /^[a-z]+[A-Za-z]*(\.[a-zA-Z0-9_-]+)+$/;
  const named = (text) => parts.test(text.trim());
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (named(node.data) && !node.parentElement.closest('code, pre, [data-said], .mono')) {
      found.push(node.data);
    }
  }
  return found;
}"""

# What does not fit into its place, and cannot be read in another way.
CUT = r"""() => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) {
    found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  }
  for (const element of document.querySelectorAll('body *')) {
    const style = getComputedStyle(element);
    const isCut = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 2;
    const hides = ['hidden', 'clip'].includes(style.overflowX) && style.visibility !== 'hidden';
    const told = element.closest('[title], [aria-label], [data-whole]');
    if (isCut && hides && !told && element.innerText?.trim() && !element.matches('.hidden-text')) {
      found.push(`${element.className || element.tagName}: ${element.innerText.slice(0, 60)}`);
    }
  }
  return found;
}"""


# What a bar at the window's edge covers by half is whole after a scroll. To find a name for each
# thing that is well would take half of the time.
AXE_WITHOUT_BAR = """async (rules) => {
  const bars = document.querySelectorAll('nav.places, [data-bar]');
  for (const bar of bars) bar.style.setProperty('position', 'static');
  const found = await axe.run({ runOnly: rules, resultTypes: ['violations'] });
  for (const bar of bars) bar.style.removeProperty('position');
  return found.violations;
}"""

# In the midst of a change there is less contrast. What turns for ever turns once where the system
# asks for little motion.
STILL = """async (theme) => {
  const frame = () => new Promise(requestAnimationFrame);
  while (document.documentElement.dataset.theme !== theme) await frame();
  await frame();
  await frame();
  await Promise.allSettled(document.getAnimations().map((one) => one.finished));
}"""


def look(shown: Server, opened: Open, language: str, turn: int) -> None:
    """Open each screen of this turn; every fault of all of them is told at once.

    Each is loaded once if it can be, and then its window and its theme change under it.
    """
    PICTURES.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    # The browser itself tells of the answer to an address that nothing is at.
    foreseen = ("404 (Not Found)",)
    with opened(f"{shown.url}/", language=language, foreseen=foreseen) as page:
        page.add_init_script(path=AXE)
        page.emulate_media(reduced_motion="reduce")
        device = page.context.new_cdp_session(page)
        for name, sight in list(SIGHTS.items())[turn::TURNS]:
            opened_at = 0
            for width, theme in sight.looks:
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size({"width": width, "height": HEIGHT})
                touch = {"enabled": width == NARROW}
                device.send("Emulation.setTouchEmulationEnabled", touch)
                # What is pressed may show something else where there is less room.
                if not opened_at or (sight.press and opened_at != width):
                    open_sight(page, f"{shown.url}{sight.address}", sight)
                    opened_at = width
                settle(page)
                page.evaluate(STILL, theme)
                picture = f"{name}-{language}-{theme}-{width}"
                page.screenshot(path=PICTURES / f"{picture}.png")
                faults += [f"{picture}: {one}" for one in faults_of(page, RULES[theme])]
    assert not faults, "\n".join(faults)


def open_sight(page: Page, address: str, sight: Sight) -> None:
    """Go there, wait until the screen has what it shows, and press what is to be pressed."""
    page.goto(address)
    settle(page)
    if sight.press:
        page.locator(sight.press).first.click()
        settle(page)
    if sight.shows:
        page.wait_for_selector(sight.shows, state="attached")
        settle(page)
    if sight.key:
        page.keyboard.press(sight.key)
        page.wait_for_selector("[role=dialog]")


def settle(page: Page) -> None:
    """Wait until the screen has what it shows, and nothing moves in."""
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-loading]", state="detached")
    page.evaluate("document.fonts.ready")


def faults_of(page: Page, rules: Sequence[str]) -> list[str]:
    """What is missing, cut, or hard to use with a screen reader or for weak eyes."""
    missing = [f"text is missing: {one}" for one in page.evaluate(MISSING)]
    cut = [f"cut: {one}" for one in page.evaluate(CUT)]
    violations: list[dict[str, Any]] = page.evaluate(AXE_WITHOUT_BAR, list(rules)) if rules else []
    barriers = [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in violations
        for node in rule["nodes"][:3]
    ]
    return missing + cut + barriers
