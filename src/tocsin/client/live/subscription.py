"""What a client wants to get, remembered so that each new line is told.

Pure; counts as the server does. What is None stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tocsin.client.live.messages import Offset

# What a server sends to whoever has not narrowed it. The last one greets each line.
BROADCASTS = (
    "status_update",
    "service_event",
    "alert",
    "log_update",
    "webhook_event",
    "posco_event",
    "connection_status",
)

# To name no deployment means all of them, so who has taken back all names needs this one.
_NOBODY = "(no project)"

# A server takes so many names in one message.
_MAX_NAMES = 100

_FILTERS = ("service_ids", "alert_levels", "log_levels")


@dataclass(frozen=True, slots=True)
class Wish:
    """What to ask for.

    The first `event_types` that are named are all there are, later ones come in addition.
    `projects` and `deployment_ids` narrow deployments, together: an event of either is wanted.
    The other three take the place of the former ones; an empty one lets everything through.
    """

    event_types: Sequence[str] | None = None
    projects: Sequence[str] | None = None
    deployment_ids: Sequence[str] | None = None
    service_ids: Sequence[str] | None = None
    alert_levels: Sequence[str] | None = None
    log_levels: Sequence[str] | None = None

    def data(self) -> dict[str, Any]:
        """It as the data of a `subscribe` or `unsubscribe` message."""
        data: dict[str, Any] = {}
        if self.event_types is not None:
            data["event_types"] = list(self.event_types)
        if self.projects:
            data["projects"] = list(self.projects)
        if self.deployment_ids:
            data["deployment_ids"] = list(self.deployment_ids)
        given = {name: getattr(self, name) for name in _FILTERS}
        filters = {name: list(names) for name, names in given.items() if names is not None}
        return {**data, "filters": filters} if filters else data


@dataclass(frozen=True, slots=True)
class Subscription:
    """All wishes together. None in `total` means all types, or all deployments."""

    total: Wish = Wish()

    def plus(self, wish: Wish) -> "Subscription":
        """It with `wish` added."""
        total = self.total
        if wish.event_types is not None:
            total = replace(total, event_types=_joined(total.event_types, wish.event_types))
        if wish.projects or wish.deployment_ids:
            total = replace(
                total,
                projects=_joined(total.projects, wish.projects),
                deployment_ids=_joined(total.deployment_ids, wish.deployment_ids),
            )
        given = {name: getattr(wish, name) for name in _FILTERS}
        filters = {name: names for name, names in given.items() if names is not None}
        return Subscription(replace(total, **filters))

    def minus(self, wish: Wish) -> "Subscription":
        """It without the types, projects and deployments of `wish`."""
        total = self.total
        if wish.event_types:
            have = BROADCASTS if total.event_types is None else total.event_types
            total = replace(total, event_types=_lessened(have, wish.event_types))
        if total.projects is not None and total.deployment_ids is not None:
            total = replace(
                total,
                projects=_lessened(total.projects, wish.projects),
                deployment_ids=_lessened(total.deployment_ids, wish.deployment_ids),
            )
        return Subscription(total)

    def ending(self, wish: Wish) -> list[tuple[str, Wish]]:
        """What to say for `minus`: types of messages, and what to ask for by each.

        Before any types were named the rest is asked for by name. A server would take a later
        `subscribe` for the first one, and whether it is must not depend on when lines break.
        """
        if not wish.event_types or self.total.event_types is not None:
            return [("unsubscribe", wish)]
        rest = Wish(event_types=_lessened(BROADCASTS, wish.event_types))
        names = Wish(projects=wish.projects, deployment_ids=wish.deployment_ids)
        return [("subscribe", rest), *([("unsubscribe", names)] if names.data() else [])]

    def wants(self, kind: str) -> bool:
        """Whether a message of this type may be one that is wanted; a greeting always is."""
        types = self.total.event_types
        return types is None or kind in types or kind not in BROADCASTS[:-1]

    def opening(self, since: Offset | None) -> list[dict[str, Any]]:
        """The data of each `subscribe` for a new line; the last one goes on after `since`."""
        total = self.total
        if total.projects is not None and not total.projects and not total.deployment_ids:
            total = replace(total, projects=(_NOBODY,))
        projects, deployment_ids = total.projects or (), total.deployment_ids or ()
        count = max(len(projects), len(deployment_ids))
        parts = [
            Wish(
                projects=projects[at : at + _MAX_NAMES],
                deployment_ids=deployment_ids[at : at + _MAX_NAMES],
            )
            for at in range(_MAX_NAMES, count, _MAX_NAMES)
        ]
        first = replace(
            total, projects=projects[:_MAX_NAMES], deployment_ids=deployment_ids[:_MAX_NAMES]
        )
        said = [part.data() for part in (first, *parts)]
        if since is not None:
            said[-1]["since"] = {"epoch": since.epoch, "seq": since.seq}
        return [data for data in said if data]


def _joined(have: Sequence[str] | None, more: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*(have or ()), *(more or ()))))


def _lessened(have: Sequence[str], less: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(one for one in have if one not in (less or ()))
