"""Deliveries are found by the id of their event, also when that is not kept any more.

By its place in the journal, which stood in the index before, only an event that is kept is found.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_index(op.f("ix_deliveries_event_id"), "deliveries", ["event_id"], if_not_exists=True)
    op.drop_index(op.f("ix_deliveries_event_seq"), "deliveries", if_exists=True)
