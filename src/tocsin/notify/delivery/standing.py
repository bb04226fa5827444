"""Decide what a try says of its destination: whether it fails, and whether to go on with it.

Pure. What a message itself is to blame for, such as a word that a platform does not take, says
nothing about the next one.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.model.delivery import Outcome
from tocsin.notify.delivery.attempt import Tried
from tocsin.store.destinations import Destination

# How often a destination that is fine is written down as such.
SEEN_EVERY = timedelta(seconds=60)
# When nothing failed for longer than both of these, what fails then fails anew: nobody knows how it
# was meanwhile. Tries of one message must not be taken for that. Standard Webhooks' pauses, with a
# quarter more by chance, are 6.25 h after the 2 h of tries before, then 12.5 h after 5.7 h of them
# and more (2.2 times as long), then less than that. Mail's are of 5 h at most, and a destination
# that is left alone is tried within `MAX_PAUSE_S`.
LULL = timedelta(hours=7)
LULL_TIMES = 2.5


def standing_after(
    before: Destination, found: Tried, held_until: datetime | None, now: datetime
) -> Destination:
    """How a destination is after a try; the very same where that is not worth writing down.

    `held_until` is until when it is left alone after this try.
    """
    if found.outcome is Outcome.DELIVERED:
        last = before.last_ok_at
        if not before.failures and last is not None and now < last + SEEN_EVERY:
            return before
        return replace(
            before,
            failures=0,
            failing_since=None,
            last_ok_at=now,
            held_until=held_until,
            changed_at=now,
        )
    failed = replace(
        before,
        last_failed_at=now,
        last_reason=None if found.reason is None else found.reason.value,
        last_error=found.error,
        changed_at=now,
    )
    if found.outcome is Outcome.GIVEN_UP:
        return failed
    since = _failing_since(before, now) or now
    return replace(failed, failures=before.failures + 1, failing_since=since, held_until=held_until)


def _failing_since(before: Destination, now: datetime) -> datetime | None:
    """Since when it has failed without a lull; None where it has not."""
    since, last = before.failing_since, before.last_failed_at
    if since is None or last is None:
        return since
    return since if now - last <= max(LULL, (last - since) * LULL_TIMES) else None


def is_to_be_paused(after: Destination, found: Tried, pause_after_s: float, now: datetime) -> bool:
    """Whether nothing more is to be tried: it is gone, or has failed for too long."""
    if found.outcome is Outcome.DISABLED:
        return True
    is_long = (
        after.failing_since is not None
        and (now - after.failing_since).total_seconds() >= pause_after_s
    )
    return is_long and found.outcome is Outcome.LATER
