"""When somebody paused or resumed a destination; a line for curl is made of what was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    touched = sa.Column("touched_at", number, nullable=False, server_default="0")
    op.add_column("destinations", touched)
    op.drop_column("delivery_attempts", "curl")
