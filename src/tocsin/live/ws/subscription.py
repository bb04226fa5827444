"""Decide what a client gets, from what it has subscribed to.

Pure. Who never subscribed gets everything. The first `subscribe` narrows to the types it names,
later ones add; `unsubscribe` before any leaves all but what it names. Deployments come under one
name only, `deployment_event` to who asked for that.
"""

from dataclasses import dataclass, replace
from typing import Final

from tocsin.live.rooms import EVERYTHING, NOTHING, Selection
from tocsin.live.ws.client_messages import Filters, Subscribe, Unsubscribe
from tocsin.live.ws.dialect import Journaled
from tocsin.live.ws.server_messages import (
    BROADCAST_TYPES,
    DEFAULT_TYPES,
    EVENT_TYPES,
    Alert,
    AlertLevel,
    Broadcast,
    DeploymentType,
    EventType,
    LogUpdate,
    ServiceEvent,
    SubscribedFilters,
)
from tocsin.live.ws.webhooks import DELIVERIES
from tocsin.model.filters import EventFilter
from tocsin.model.logline import level_of

# Projects and deployments one client may have named together. Each costs a look at every event.
MAX_NAMED = 500


class TooManyNamed(Exception):
    """A client names more projects and deployments than `MAX_NAMED`."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one client wants. Of filters and deployments None means all."""

    types: frozenset[EventType] = DEFAULT_TYPES
    has_subscribed: bool = False
    service_ids: frozenset[str] | None = None
    alert_levels: frozenset[AlertLevel] | None = None
    log_levels: frozenset[str] | None = None
    projects: frozenset[str] | None = None
    deployment_ids: frozenset[str] | None = None

    def subscribe(self, said: Subscribe) -> "Subscription":
        """What it wants after a `subscribe`.

        Raises:
            TooManyNamed: it stays as it was.
        """
        types, has_subscribed = self.types, self.has_subscribed
        if said.event_types is not None:
            named = frozenset(said.event_types)
            types = types | named if has_subscribed else named
            has_subscribed = True
        projects, deployment_ids = self.projects, self.deployment_ids
        if said.projects or said.deployment_ids:
            projects = (projects or frozenset()) | frozenset(said.projects or ())
            deployment_ids = (deployment_ids or frozenset()) | frozenset(said.deployment_ids or ())
            if len(projects) + len(deployment_ids) > MAX_NAMED:
                raise TooManyNamed
        after = replace(
            self,
            types=types,
            has_subscribed=has_subscribed,
            projects=projects,
            deployment_ids=deployment_ids,
        )
        return after if said.filters is None else _filtered(after, said.filters)

    def unsubscribe(self, said: Unsubscribe) -> "Subscription":
        """What it wants after an `unsubscribe`; without any deployment named, none is left."""
        projects, deployment_ids = self.projects, self.deployment_ids
        if projects is not None and said.projects is not None:
            projects -= frozenset(said.projects)
        if deployment_ids is not None and said.deployment_ids is not None:
            deployment_ids -= frozenset(said.deployment_ids)
        types = self.types - frozenset(said.event_types or ())
        return replace(self, types=types, projects=projects, deployment_ids=deployment_ids)

    @property
    def names_all_deployments(self) -> bool:
        return self.projects is None or self.deployment_ids is None

    @property
    def deployment_type(self) -> DeploymentType | None:
        """Under which name it gets events of deployments; None: it gets none."""
        if "deployment_event" in self.types:
            return "deployment_event"
        return "posco_event" if "posco_event" in self.types else None

    @property
    def journaled(self) -> Journaled:
        """In which form it gets events of the journal."""
        return Journaled(self.deployment_type, "webhook_event" in self.types)

    @property
    def selection(self) -> Selection:
        """Which events of the journal it gets; of all, its dialect shows what it wants."""
        found: Selection = NOTHING
        if "webhook_event" in self.types:
            found |= {DELIVERIES}
        if self.deployment_type is None:
            return found
        if self.projects is None or self.deployment_ids is None:
            return EVERYTHING
        if self.projects:
            found |= {EventFilter(projects=tuple(sorted(self.projects)))}
        if self.deployment_ids:
            found |= {EventFilter(subjects=tuple(sorted(self.deployment_ids)))}
        return found

    def fitting(self, data: Broadcast) -> Broadcast | None:
        """What it gets of `data`: the same, of log lines those it wants, or None."""
        if BROADCAST_TYPES[type(data)] not in self.types:
            return None
        if isinstance(data, ServiceEvent) and self.service_ids is not None:
            return data if data.service_id in self.service_ids else None
        if isinstance(data, Alert) and self.alert_levels is not None:
            return data if data.level in self.alert_levels else None
        if isinstance(data, LogUpdate) and self.log_levels is not None:
            return _lines_of(data, self.log_levels)
        return data

    def in_order(self) -> tuple[EventType, ...]:
        """Its types, as they are told."""
        return tuple(one for one in EVENT_TYPES if one in self.types)

    @property
    def filters(self) -> SubscribedFilters:
        """Its filters, as they are told."""
        return SubscribedFilters(
            None if self.service_ids is None else tuple(sorted(self.service_ids)),
            None if self.alert_levels is None else tuple(sorted(self.alert_levels)),
            None if self.log_levels is None else tuple(sorted(self.log_levels)),
        )


# What who never subscribed gets.
UNTOUCHED: Final = Subscription()


def _filtered(after: Subscription, said: Filters) -> Subscription:
    if said.service_ids is not None:
        after = replace(after, service_ids=frozenset(said.service_ids) or None)
    if said.alert_levels is not None:
        after = replace(after, alert_levels=frozenset(said.alert_levels) or None)
    if said.log_levels is not None:
        levels = frozenset(level_of(level) for level in said.log_levels)
        after = replace(after, log_levels=levels or None)
    return after


def _lines_of(data: LogUpdate, levels: frozenset[str]) -> LogUpdate | None:
    """The lines of these levels; WARN and warning are one."""
    kept = tuple(entry for entry in data.entries if level_of(entry.level) in levels)
    if len(kept) == len(data.entries):
        return data
    return replace(data, entries=kept, total_new_entries=len(kept)) if kept else None
