"""Set-ups of sources, and the last calls at each."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "source_setups",
        sa.Column("kind", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("is_stored", sa.Boolean(), nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("changed_at", number, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_source_setups")),
    )
    op.create_table(
        "source_counts",
        sa.Column("kind", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("stored", number, nullable=False),
        sa.Column("rejected", number, nullable=False),
        sa.Column("last_stored_at", number, nullable=True),
        sa.Column("last_rejected_at", number, nullable=True),
        sa.Column("last_rejected_reason", text, nullable=True),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_source_counts")),
    )
    op.create_table(
        "inbound_calls",
        sa.Column("id", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("is_rejected", sa.Boolean(), nullable=False),
        sa.Column("at", number, nullable=False),
        sa.Column("outcome", text, nullable=False),
        sa.Column("reason", text, nullable=True),
        sa.Column("message", text, nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("address", text, nullable=False),
        sa.Column("size_bytes", number, nullable=False),
        sa.Column("instance", text, nullable=False),
        sa.Column("events", text, nullable=False),
        sa.Column("request", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_calls")),
    )
    op.create_index(
        op.f("ix_inbound_calls_kind_name_is_rejected_id"),
        "inbound_calls",
        ["kind", "name", "is_rejected", "id"],
        unique=False,
    )
    op.create_table(
        "source_sweeps",
        sa.Column("hook", text, nullable=False),
        sa.Column("looked_through", number, nullable=False),
        sa.Column("waiting", text, nullable=False),
        sa.PrimaryKeyConstraint("hook", name=op.f("pk_source_sweeps")),
    )
