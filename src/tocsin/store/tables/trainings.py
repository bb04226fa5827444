"""Tables of trainings, folded from the journal in the append's transaction, and of their files."""

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint

from tocsin.store.tables.metadata import BigInt, Instant, JsonText, Text, metadata

trainings = Table(
    "trainings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("training_type", Text, nullable=False),
    Column("finetune_id", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    # The event by which it was first heard of: lists show the newest on top.
    Column("opened_seq", BigInt, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # When its maker was last asked for it; written by the stage that asks, never by the fold.
    Column("asked_at", Instant),
    Column("state", JsonText, nullable=False),
    Index(None, "opened_seq"),
    Index(None, "status", "opened_seq"),
    Index(None, "training_type", "opened_seq"),
    Index(None, "status", "updated_at"),
)

# Files that trainings have brought: where from, and how far they are on their way here.
training_files = Table(
    "training_files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("training_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("state", Text, nullable=False),
    # Why it failed for good, or failed last.
    Column("reason", Text),
    Column("size_bytes", BigInt),
    Column("sha256", Text),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    # Who fetches it now, and until when the others leave it alone.
    Column("lease", Text),
    Column("leased_until", Instant),
    UniqueConstraint("training_id", "position"),
    Index(None, "state", "due_at"),
)
