"""Tables of the sources: their stored set-ups, what came to each, and how far hooks were swept.

The secrets themselves stand sealed in `secrets`, as `source/<kind>/<name>`.
"""

from sqlalchemy import Boolean, Column, Index, Integer, Table

from tocsin.store.tables.metadata import BigInt, Instant, JsonText, Text, metadata

# Of each set-up that has something stored; `name` is "" for the kind itself.
source_setups = Table(
    "source_setups",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    # False: it is in the settings, and only its secrets were changed here.
    Column("is_stored", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    # Tells other instances that they have to read it anew.
    Column("changed_at", Instant, nullable=False),
)

source_counts = Table(
    "source_counts",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("stored", BigInt, nullable=False),
    Column("rejected", BigInt, nullable=False),
    Column("last_stored_at", Instant),
    Column("last_rejected_at", Instant),
    Column("last_rejected_reason", Text),
)

# The last calls of each set-up, as many refused ones as others.
inbound_calls = Table(
    "inbound_calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_rejected", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("message", Text),
    Column("status", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("size_bytes", BigInt, nullable=False),
    Column("instance", Text, nullable=False),
    Column("events", JsonText, nullable=False),
    Column("request", JsonText, nullable=False),
    Index(None, "kind", "name", "is_rejected", "id"),
)

source_sweeps = Table(
    "source_sweeps",
    metadata,
    # A hook at its sender: `repos/<owner>/<repo>/hooks/<id>`.
    Column("hook", Text, primary_key=True),
    # Everything delivered before this was looked at.
    Column("looked_through", Instant, nullable=False),
    # Deliveries that failed and are not stored, with how often they were asked for again.
    Column("waiting", JsonText, nullable=False),
)
