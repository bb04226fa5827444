"""Sessions of live clients, so that they can go on after a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "live_instances",
        sa.Column("instance", text, nullable=False),
        sa.Column("alive_at", number, nullable=False),
        sa.PrimaryKeyConstraint("instance", name=op.f("pk_live_instances")),
    )
    op.create_table(
        "live_sessions",
        sa.Column("digest", text, nullable=False),
        sa.Column("sid", text, nullable=False),
        sa.Column("namespace", text, nullable=False),
        sa.Column("caller", text, nullable=False),
        sa.Column("rooms", text, nullable=False),
        sa.Column("seq", number, nullable=False),
        sa.Column("instance", text, nullable=False),
        sa.Column("ended_at", number, nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_live_sessions")),
    )
    op.create_index(op.f("ix_live_sessions_instance"), "live_sessions", ["instance"], unique=False)
