"""Trainings, as folded from the journal, and the files they bring."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "training_files",
        sa.Column("id", text, nullable=False),
        sa.Column("training_id", text, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("url", text, nullable=False),
        sa.Column("state", text, nullable=False),
        sa.Column("reason", text, nullable=True),
        sa.Column("size_bytes", number, nullable=True),
        sa.Column("sha256", text, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", number, nullable=False),
        sa.Column("lease", text, nullable=True),
        sa.Column("leased_until", number, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_files")),
        sa.UniqueConstraint(
            "training_id", "position", name=op.f("uq_training_files_training_id_position")
        ),
    )
    op.create_index(op.f("ix_training_files_state_due_at"), "training_files", ["state", "due_at"])
    op.create_table(
        "trainings",
        sa.Column("id", text, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("training_type", text, nullable=False),
        sa.Column("finetune_id", text, nullable=False),
        sa.Column("endpoint", text, nullable=False),
        sa.Column("opened_seq", number, nullable=False),
        sa.Column("updated_at", number, nullable=False),
        sa.Column("asked_at", number, nullable=True),
        sa.Column("state", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trainings")),
    )
    for columns in (
        ["opened_seq"],
        ["status", "opened_seq"],
        ["training_type", "opened_seq"],
        ["status", "updated_at"],
    ):
        op.create_index(op.f(f"ix_trainings_{'_'.join(columns)}"), "trainings", columns)
