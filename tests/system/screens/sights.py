"""Everything there is to look at: an address of the screens, and what is pressed there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from tests.system.screens.inbound_story import ENDED, FAILED_TRAINING, TEAM
from tests.system.screens.story import FAILED, LONG, RUNNING, SHOP

Theme = Literal["light", "dark"]
WIDE, NARROW, HEIGHT = 1280, 360, 800
# As little as possible changes from one to the next, for each change takes time.
NARROW_LOOKS: Sequence[tuple[int, Theme]] = ((NARROW, "dark"), (NARROW, "light"))
LOOKS: Sequence[tuple[int, Theme]] = ((WIDE, "light"), (WIDE, "dark"), *NARROW_LOOKS)


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
