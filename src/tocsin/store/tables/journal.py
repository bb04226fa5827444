"""Tables of the journal: events in commit order, and who has read how far."""

from sqlalchemy import Column, Index, Table

from tocsin.store.tables.metadata import BigInt, Instant, JsonText, Text, metadata

events = Table(
    "events",
    metadata,
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    # Not unique: CloudEvents senders number their events each for itself (CloudEvents 1.0, 3.1).
    Column("id", Text, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("occurred_text", Text),
    Column("received_at", Instant, nullable=False),
    Column("data", JsonText, nullable=False),
    Column("attributes", JsonText),
    # Each index ends in seq, so that a page of any one filter is read off in order.
    Index(None, "project", "seq"),
    Index(None, "type", "seq"),
    Index(None, "subject", "seq"),
    Index(None, "source", "seq"),
)

# Keys of deliveries already stored, apart from the events: they are forgotten after the
# window, so that the index with the random keys stays small however long the journal is.
deliveries_seen = Table(
    "deliveries_seen",
    metadata,
    Column("key", Text, primary_key=True),
    Column("seq", BigInt, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("received_at", Instant, nullable=False, index=True),
    sqlite_with_rowid=False,
)

# What the journal knows of itself: its epoch, and up to where retention has removed events.
journal_facts = Table(
    "journal_facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("seq", BigInt, nullable=False),
    Column("moved_at", Instant, nullable=False),
)
