"""Look at screens in one language: both themes, two widths, by axe, and for what is cut.

The pictures are kept in `reports/screens/`, for people to look at.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page

from tests.system.screens.conftest import Open
from tests.system.screens.sights import HEIGHT, NARROW, SIGHTS, Sight, Theme
from tests.system.server import Server

ROOT = Path(__file__).parents[3]
PICTURES = ROOT / "reports" / "screens"
AXE = ROOT / "ui/node_modules/axe-core/axe.min.js"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# Of the dark theme, which is the same page in other colours.
COLOURS = ("color-contrast", "link-in-text-block")
# The screens are looked at in so many tests.
TURNS = 2

# In the midst of a change there is less contrast, and even the shortest change of a colour goes
# from parent to child, a frame each. What is still asked for is counted.
PREPARE = r"""() => {
  const still = new CSSStyleSheet();
  still.replaceSync('*, ::before, ::after { transition: none !important; }');
  document.adoptedStyleSheets.push(still);
  window.looking = { asked: 0, frames: 0 };
  const ask = window.fetch;
  window.fetch = (...args) => {
    looking.asked += 1;
    return ask(...args).finally(() => (looking.asked -= 1));
  };
}"""

# Within the page, as a link does it, but from elsewhere: so each screen begins anew.
GO = """async (address) => {
  const { $router } = document.querySelector('#app').__vue_app__.config.globalProperties;
  const frame = () => new Promise(requestAnimationFrame);
  await $router.push('/nowhere/in/between');
  await frame();
  await $router.push(address);
  await frame();
}"""

# For two frames in a row the screen has what it shows, in this theme and width, and nothing moves.
SETTLED = """([theme, width]) => {
  const isSettled =
    innerWidth === width &&
    document.documentElement.dataset.theme === theme &&
    looking.asked === 0 &&
    document.querySelector('h1') !== null &&
    document.querySelector('[data-loading]') === null &&
    document.fonts.status === 'loaded' &&
    document.getAnimations().every((one) => one.playState !== 'running');
  looking.frames = isSettled ? looking.frames + 1 : 0;
  if (looking.frames < 2) return false;
  looking.frames = 0;
  return true;
}"""

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


# Each way in which a text is coloured, up to the ground it stands on. Left out is what axe does not
# judge either: what only screen readers see, and single characters.
COLOURINGS = """() => {
  const colouringOf = (element) => {
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const isOff = element.closest(':disabled, [aria-disabled=true]') !== null;
    const grounds = new Set();
    for (let one = element; one !== null; one = one.parentElement) {
      const { backgroundColor, backgroundImage, opacity, color: around } = getComputedStyle(one);
      grounds.add(`${backgroundColor} ${backgroundImage} ${opacity} ${around}`);
      if (backgroundColor.startsWith('rgb(') && opacity === '1') break;
    }
    return [element.localName, isOff, color, fontSize, fontWeight, ...grounds].join('|');
  };
  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim().length > 1;
  const holdsText = (element) =>
    element.matches('input, textarea, select') || [...element.childNodes].some(isText);
  const seen = [...document.querySelectorAll('body *:not(.hidden-text)')].filter(
    (one) => holdsText(one) && one.checkVisibility() && one.getClientRects().length > 0,
  );
  return [...new Set(seen.map(colouringOf))];
}"""


class View:
    """A page that goes from screen to screen, while its window and its theme change."""

    def __init__(self, page: Page, device: CDPSession) -> None:
        self.page = page
        self._device = device
        self._theme: Theme | None = None
        self._width = 0
        self._judged: set[str] = set()

    def turn(self, theme: Theme, width: int) -> None:
        """Only what is another than before, for each change takes time."""
        if theme != self._theme:
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        if width != self._width:
            touch = {"enabled": width == NARROW}
            self._device.send("Emulation.setTouchEmulationEnabled", touch)
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self._theme, self._width = theme, width

    def settle(self) -> None:
        self.page.wait_for_function(SETTLED, arg=[self._theme, self._width])

    def go(self, sight: Sight) -> None:
        """Go there, wait until the screen has what it shows, and press what is to be pressed."""
        self.page.evaluate(GO, sight.address)
        self.settle()
        if sight.press:
            self.page.locator(sight.press).first.click()
            self.settle()
        if sight.shows:
            self.page.wait_for_selector(sight.shows, state="attached")
            self.settle()
        if sight.key:
            self.page.keyboard.press(sight.key)
            self.page.wait_for_selector("[role=dialog]")

    def rules(self) -> Sequence[str]:
        """What axe is to look for; in the dark only where a colouring is another than all before.

        Whether something covers a text does not depend on the theme: the light one tells.
        """
        if self._theme == "light":
            return WCAG
        colourings = set(self.page.evaluate(COLOURINGS))
        are_new = not colourings <= self._judged
        self._judged |= colourings
        return COLOURS if are_new else ()

    def leave(self, sight: Sight) -> None:
        """Without what would be seen on the next one: a dialog of no screen, the mouse's place."""
        if sight.press:
            self.page.mouse.move(0, 0)
        if sight.key:
            self.page.keyboard.press("Escape")
            self.page.wait_for_selector("[role=dialog]", state="detached")


def look(shown: Server, opened: Open, language: str, turn: int) -> None:
    """Go to each screen of this turn; every fault of all of them is told at once."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with viewing(shown, opened, language) as view:
        for number, (name, sight) in enumerate(list(SIGHTS.items())[turn::TURNS]):
            # To and fro, so that the next begins as this one has ended.
            looks = sight.looks if number % 2 == 0 else sight.looks[::-1]
            gone_at = 0
            for width, theme in looks:
                view.turn(theme, width)
                # What is pressed may show something else where there is less room.
                if not gone_at or (sight.press and gone_at != width):
                    view.go(sight)
                    gone_at = width
                view.settle()
                picture = f"{name}-{language}-{theme}-{width}"
                view.page.screenshot(path=PICTURES / f"{picture}.png")
                faults += [f"{picture}: {one}" for one in faults_of(view)]
            view.leave(sight)
    assert not faults, "\n".join(faults)


@contextmanager
def viewing(shown: Server, opened: Open, language: str) -> Iterator[View]:
    """A page in this language, in which nothing is in motion."""
    # The browser itself tells of the answer to an address that nothing is at.
    foreseen = ("404 (Not Found)",)
    with opened(f"{shown.url}/", language=language, foreseen=foreseen) as page:
        page.wait_for_selector("h1")
        page.evaluate(AXE.read_text("utf-8"))
        page.evaluate(PREPARE)
        yield View(page, page.context.new_cdp_session(page))


def faults_of(view: View) -> list[str]:
    """What is missing, cut, or hard to use with a screen reader or for weak eyes."""
    missing = [f"text is missing: {one}" for one in view.page.evaluate(MISSING)]
    cut = [f"cut: {one}" for one in view.page.evaluate(CUT)]
    return missing + cut + barriers_of(view.page, view.rules())


def barriers_of(page: Page, rules: Sequence[str]) -> list[str]:
    """By axe, the first few of each kind."""
    violations: list[dict[str, Any]] = page.evaluate(AXE_WITHOUT_BAR, list(rules)) if rules else []
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in violations
        for node in rule["nodes"][:3]
    ]
