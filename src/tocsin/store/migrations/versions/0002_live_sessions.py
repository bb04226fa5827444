"""Sessions of live clients, so that they can go on after a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "live_instances",
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("alive_at", number, nullable=False),
        sa.PrimaryKeyConstraint("instance", name=op.f("pk_live_instances")),
    )
    op.create_table(
        "live_sessions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("rooms", sa.Text(), nullable=False),
        sa.Column("seq", number, nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("ended_at", number, nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_live_sessions")),
    )
    op.create_index(op.f("ix_live_sessions_instance"), "live_sessions", ["instance"], unique=False)
