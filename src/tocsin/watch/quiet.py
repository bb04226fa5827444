"""Decide which deployments have gone quiet, and until when news of one is awaited.

Pure. A deployment that is under way and of which nothing is heard for `stalled_after_s` is
stalled: the job was killed, its runner lost, or its last message. It is said once; news
take it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.model.change import Change
from tocsin.model.event import OWN_SOURCE, NewEvent, new_event_id
from tocsin.model.times import rfc3339, to_us

STALLED = "deployment.stalled"


@dataclass(frozen=True, slots=True)
class Heard:
    """A deployment as it stood when its news were read."""

    pk: int
    is_under_way: bool
    last_seq: int
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Expectations:
    """Whose news are awaited, as (pk, last seq, until when), and whose no longer."""

    awaited: tuple[tuple[int, int, datetime], ...]
    settled: tuple[int, ...]


def expectations(heard: Iterable[Heard], stalled_after_s: float) -> Expectations:
    """What to await after news of these deployments."""
    awaited: list[tuple[int, int, datetime]] = []
    settled: list[int] = []
    for one in heard:
        if one.is_under_way:
            due_at = one.last_seen_at + timedelta(seconds=stalled_after_s)
            awaited.append((one.pk, one.last_seq, due_at))
        else:
            settled.append(one.pk)
    return Expectations(tuple(awaited), tuple(settled))


def stalled_event(
    project: str,
    deployment_id: str,
    last_seq: int,
    last_seen_at: datetime,
    stalled_after_s: float,
    now: datetime,
) -> NewEvent:
    """The event that says so; it counts only while no news has come since `last_seq`."""
    return NewEvent(
        id=new_event_id(),
        source=OWN_SOURCE,
        type=STALLED,
        project=project,
        subject=deployment_id,
        occurred_at=now,
        received_at=now,
        data={
            "last_seq": last_seq,
            "last_seen_at": rfc3339(last_seen_at),
            "stalled_after_s": stalled_after_s,
        },
        # Two instances may notice it at once.
        dedupe=f"{STALLED}\n{project}\n{deployment_id}\n{last_seq}",
        change=Change(deployment_id, to_us(now), quiet_since=last_seq),
    )
