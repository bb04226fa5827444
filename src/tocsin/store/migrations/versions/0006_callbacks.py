"""Callbacks, their deliveries with each attempt, and the destinations of these."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "callback_templates",
        sa.Column("id", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("channel_type", text, nullable=False),
        sa.Column("event_type", text, nullable=False),
        sa.Column("language", text, nullable=False),
        sa.Column("title", text, nullable=False),
        sa.Column("body", text, nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("updated_at", number, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_templates")),
    )
    op.create_table(
        "callbacks",
        sa.Column("id", text, nullable=False),
        sa.Column("project_id", text, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("body", text, nullable=False),
        sa.Column("from_seq", number, nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("updated_at", number, nullable=False),
        sa.Column("changed_at", number, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
    )
    op.create_index(op.f("ix_callbacks_project_id"), "callbacks", ["project_id"])
    op.create_table(
        "channel_tokens",
        sa.Column("key", text, nullable=False),
        sa.Column("expires_at", number, nullable=False),
        sa.Column("claimed_until", number, nullable=False),
        sa.Column("changed_at", number, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_channel_tokens")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("state", text, nullable=False),
        sa.Column("config_id", text, nullable=False),
        sa.Column("channel_id", text, nullable=False),
        sa.Column("channel_type", text, nullable=False),
        sa.Column("destination", text, nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("event_seq", number, nullable=False),
        sa.Column("event_id", text, nullable=False),
        sa.Column("event_type", text, nullable=False),
        sa.Column("project", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("task_id", text, nullable=False),
        sa.Column("order_key", text, nullable=False),
        sa.Column("group_key", text, nullable=True),
        sa.Column("digest_id", text, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", number, nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("ended_at", number, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("response", text, nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("reason", text, nullable=True),
        sa.Column("error", text, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_config_id_id"), "deliveries", ["config_id", "id"])
    op.create_index(op.f("ix_deliveries_event_seq"), "deliveries", ["event_seq"])
    op.create_index(
        "ix_deliveries_folded",
        "deliveries",
        ["digest_id"],
        sqlite_where=sa.text("digest_id IS NOT NULL"),
        postgresql_where=sa.text("digest_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_deliveries_task_id_id"), "deliveries", ["task_id", "id"])
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["shard", "destination", "event_seq"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", text, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("destination", text, nullable=False),
        sa.Column("at", number, nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("outcome", text, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("reason", text, nullable=True),
        sa.Column("error", text, nullable=True),
        sa.Column("request", text, nullable=False),
        sa.Column("response", text, nullable=False),
        sa.Column("curl", text, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_delivery_attempts")),
    )
    op.create_index(
        op.f("ix_delivery_attempts_destination_at"), "delivery_attempts", ["destination", "at"]
    )
    op.create_table(
        "destinations",
        sa.Column("id", text, nullable=False),
        sa.Column("channel_type", text, nullable=False),
        sa.Column("label", text, nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("paused_by", text, nullable=False),
        sa.Column("paused_at", number, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", number, nullable=True),
        sa.Column("last_reason", text, nullable=True),
        sa.Column("last_error", text, nullable=True),
        sa.Column("last_ok_at", number, nullable=True),
        sa.Column("last_failed_at", number, nullable=True),
        sa.Column("held_until", number, nullable=True),
        sa.Column("changed_at", number, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destinations")),
    )
    op.create_table(
        "posted_messages",
        sa.Column("destination", text, nullable=False),
        sa.Column("order_key", text, nullable=False),
        sa.Column("handle", text, nullable=False),
        sa.Column("posted_at", number, nullable=False),
        sa.PrimaryKeyConstraint("destination", "order_key", name=op.f("pk_posted_messages")),
    )
