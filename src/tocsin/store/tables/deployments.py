"""Tables of what deployments look like now, folded from the journal in the append's transaction."""

from sqlalchemy import Boolean, Column, Float, Index, Table, UniqueConstraint

from tocsin.store.tables.metadata import BigInt, Instant, JsonText, Text, metadata

deployments = Table(
    "deployments",
    metadata,
    Column("pk", BigInt, primary_key=True, autoincrement=False),
    Column("project", Text, nullable=False),
    Column("deployment_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("is_stalled", Boolean, nullable=False),
    Column("conclusion", Text, nullable=False),
    Column("run", BigInt, nullable=False),
    Column("progress", BigInt, nullable=False),
    Column("steps_known", BigInt, nullable=False),
    Column("steps_ended", BigInt, nullable=False),
    Column("steps_failed", BigInt, nullable=False),
    Column("current_step", Text),
    Column("started_at", Instant),
    Column("completed_at", Instant),
    Column("duration_s", Float),
    Column("source", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    # The event that opened the newest run: lists show what began last on top, and a page
    # stays where it is while the deployments on it go on.
    Column("opened_seq", BigInt, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_seq", BigInt, nullable=False),
    Column("line_count", BigInt, nullable=False),
    Column("facts", JsonText, nullable=False),
    Column("state", JsonText, nullable=False),
    UniqueConstraint("deployment_id", "project"),
    Index(None, "opened_seq"),
    Index(None, "project", "opened_seq"),
    Index(None, "status", "opened_seq"),
)

# What was said about each step; attempts are derived from it when it is read.
steps = Table(
    "steps",
    metadata,
    Column("deployment_pk", BigInt, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", BigInt, nullable=False),
    Column("marks", JsonText, nullable=False),
    sqlite_with_rowid=False,
)

runs = Table(
    "runs",
    metadata,
    Column("deployment_pk", BigInt, primary_key=True),
    Column("run", BigInt, primary_key=True),
    Column("project", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_at", Instant),
    Column("completed_at", Instant),
    Column("duration_s", Float),
    # When the run was first heard of; the day it counts for when no sender told a time.
    Column("opened_at", Instant, nullable=False),
    Index(None, "project", "opened_at"),
    sqlite_with_rowid=False,
)

log_lines = Table(
    "log_lines",
    metadata,
    Column("deployment_pk", BigInt, primary_key=True),
    # 1, 2, 3 … without a gap within a deployment: the number a link to a line carries.
    Column("line", BigInt, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("level", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("seq", BigInt, nullable=False),
    sqlite_with_rowid=False,
)

# Deployments under way, as the stage that looks for stalled ones follows them.
quiet_watch = Table(
    "quiet_watch",
    metadata,
    Column("deployment_pk", BigInt, primary_key=True, autoincrement=False),
    Column("last_seq", BigInt, nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
)
