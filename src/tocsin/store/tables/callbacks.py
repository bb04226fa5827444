"""Tables of callbacks, of their deliveries with each attempt, and of where those go.

The options of a callback's channels stand sealed in `secrets`, as `callback/<id>`.
"""

from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, Table, text

from tocsin.store.tables.metadata import BigInt, Instant, JsonText, Text, metadata


def _partial(name: str, *parts: Any) -> Index:
    """An index of the rows alone of which its last part, SQL of ours, holds."""
    *columns, where = parts
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, nullable=False, index=True),
    Column("enabled", Boolean, nullable=False),
    # All but what has a column, and but the options of the channels.
    Column("body", JsonText, nullable=False),
    Column("from_seq", BigInt, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # Grows with each change; tells other instances that they have to read it anew.
    Column("changed_at", Instant, nullable=False),
)

callback_templates = Table(
    "callback_templates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("channel_type", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    # A UUIDv7, so that it sorts by time.
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("config_id", Text, nullable=False),
    Column("channel_id", Text, nullable=False),
    Column("channel_type", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("event_seq", BigInt, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("order_key", Text, nullable=False),
    Column("group_key", Text),
    Column("digest_id", Text),
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("status", Integer),
    Column("response", Text, nullable=False),
    Column("duration_ms", Integer),
    Column("reason", Text),
    Column("error", Text),
    Index(None, "config_id", "id"),
    Index(None, "task_id", "id"),
    Index(None, "event_id"),
)
# What is still to be done, and what became one: of these there are few at any time.
_partial(
    "ix_deliveries_waiting",
    deliveries.c.shard,
    deliveries.c.destination,
    deliveries.c.event_seq,
    "state = 'waiting'",
)
_partial("ix_deliveries_folded", deliveries.c.digest_id, "digest_id IS NOT NULL")

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("destination", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("status", Integer),
    Column("reason", Text),
    Column("error", Text),
    Column("request", JsonText, nullable=False),
    Column("response", Text, nullable=False),
    # What was sent to a destination within a platform's window.
    Index(None, "destination", "at"),
)

# Where deliveries go, each by one credential; `id` is a digest of that.
destinations = Table(
    "destinations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel_type", Text, nullable=False),
    # What may be shown of it, such as the host.
    Column("label", Text, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    # Who paused it: a person, or "" for Tocsin itself.
    Column("paused_by", Text, nullable=False),
    Column("paused_at", Instant),
    # Failures in a row, and since when; none after a success.
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("last_reason", Text),
    Column("last_error", Text),
    Column("last_ok_at", Instant),
    Column("last_failed_at", Instant),
    # Nothing is sent before: the platform said so, or the breaker is open.
    Column("held_until", Instant),
    Column("changed_at", Instant, nullable=False),
    # When it was paused or resumed last, by whom ever.
    Column("touched_at", Instant, nullable=False, server_default="0"),
)

# Messages that are replaced by what comes of the same deployment: the platform's own id of each.
posted_messages = Table(
    "posted_messages",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("order_key", Text, primary_key=True),
    Column("handle", Text, nullable=False),
    Column("posted_at", Instant, nullable=False),
)

# Access tokens that platforms give for credentials, sealed in `secrets` as `token/<key>`.
channel_tokens = Table(
    "channel_tokens",
    metadata,
    Column("key", Text, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    # Who fetches a new one now, and until when the others wait for it.
    Column("claimed_until", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
