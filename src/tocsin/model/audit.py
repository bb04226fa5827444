"""Events that tell what a person changed in Tocsin itself, and who signed in.

They never carry the new value: it may be a secret, and the journal is read by every viewer.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tocsin.model.event import OWN_SOURCE, NewEvent, new_event_id


def setting_changed(what: str, name: str, by: str, at: datetime) -> NewEvent:
    """`by` did `what` ("token.created", "person.removed" …) to the thing called `name`."""
    return _event("setting.changed", name, {"what": what, "name": name, "by": by}, at)


def person_signed_in(name: str, how: str, address: str, at: datetime) -> NewEvent:
    """`name` opened a session by `how`: password or code."""
    data = {"name": name, "how": how, "address": address, "by": name}
    return _event("person.signed_in", name, data, at)


def source_rejected(
    source: str, reasons: Mapping[str, int], address: str, at: datetime
) -> NewEvent:
    """Calls were refused at a set-up within a minute; `address` is the last caller's."""
    counted = dict(sorted(reasons.items()))
    data = {"name": source, "count": sum(counted.values()), "reasons": counted, "address": address}
    return _event("source.rejected", source, data, at)


def instance_event(kind: str, instance: str, at: datetime) -> NewEvent:
    """A process of Tocsin began or ended its work; `kind` is instance.started or .stopped."""
    return _event(kind, instance, {"instance": instance}, at)


def _event(kind: str, subject: str, data: Mapping[str, Any], at: datetime) -> NewEvent:
    return NewEvent(
        id=new_event_id(),
        source=OWN_SOURCE,
        type=kind,
        project="",
        subject=subject,
        occurred_at=at,
        received_at=at,
        data=data,
    )
