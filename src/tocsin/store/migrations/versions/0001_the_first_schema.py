"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "cursors",
        sa.Column("stage", text, nullable=False),
        sa.Column("seq", number, nullable=False),
        sa.Column("moved_at", number, nullable=False),
        sa.PrimaryKeyConstraint("stage", name=op.f("pk_cursors")),
    )
    op.create_table(
        "deliveries_seen",
        sa.Column("key", text, nullable=False),
        sa.Column("seq", number, nullable=False),
        sa.Column("event_id", text, nullable=False),
        sa.Column("received_at", number, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_deliveries_seen")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("deliveries_seen", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_deliveries_seen_received_at"), ["received_at"], unique=False
        )

    op.create_table(
        "deployments",
        sa.Column(
            "pk",
            number,
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("project", text, nullable=False),
        sa.Column("deployment_id", text, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("is_stalled", sa.Boolean(), nullable=False),
        sa.Column("conclusion", text, nullable=False),
        sa.Column("run", number, nullable=False),
        sa.Column("progress", number, nullable=False),
        sa.Column("steps_known", number, nullable=False),
        sa.Column("steps_ended", number, nullable=False),
        sa.Column("steps_failed", number, nullable=False),
        sa.Column("current_step", text, nullable=True),
        sa.Column("started_at", number, nullable=True),
        sa.Column("completed_at", number, nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("source", text, nullable=False),
        sa.Column("first_seen_at", number, nullable=False),
        sa.Column("last_seen_at", number, nullable=False),
        sa.Column("opened_seq", number, nullable=False),
        sa.Column("opened_at", number, nullable=False),
        sa.Column("last_seq", number, nullable=False),
        sa.Column("line_count", number, nullable=False),
        sa.Column("facts", text, nullable=False),
        sa.Column("state", text, nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_deployments")),
        sa.UniqueConstraint(
            "deployment_id", "project", name=op.f("uq_deployments_deployment_id_project")
        ),
    )
    with op.batch_alter_table("deployments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deployments_opened_seq"), ["opened_seq"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_deployments_project_opened_seq"), ["project", "opened_seq"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_deployments_status_opened_seq"), ["status", "opened_seq"], unique=False
        )

    op.create_table(
        "events",
        sa.Column(
            "seq",
            number,
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", text, nullable=False),
        sa.Column("source", text, nullable=False),
        sa.Column("type", text, nullable=False),
        sa.Column("project", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("occurred_at", number, nullable=False),
        sa.Column("occurred_text", text, nullable=True),
        sa.Column("received_at", number, nullable=False),
        sa.Column("data", text, nullable=False),
        sa.Column("attributes", text, nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_id"), ["id"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_project_seq"), ["project", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_source_seq"), ["source", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_subject_seq"), ["subject", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_type_seq"), ["type", "seq"], unique=False)

    op.create_table(
        "journal_facts",
        sa.Column("name", text, nullable=False),
        sa.Column("value", text, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_journal_facts")),
    )
    op.create_table(
        "log_lines",
        sa.Column("deployment_pk", number, nullable=False),
        sa.Column("line", number, nullable=False),
        sa.Column("at", number, nullable=False),
        sa.Column("level", text, nullable=False),
        sa.Column("step", text, nullable=False),
        sa.Column("text", text, nullable=False),
        sa.Column("seq", number, nullable=False),
        sa.PrimaryKeyConstraint("deployment_pk", "line", name=op.f("pk_log_lines")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "people",
        sa.Column("id", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("name_key", text, nullable=False),
        sa.Column("password_hash", text, nullable=False),
        sa.Column("role", text, nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("disabled_at", number, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("name_key", name=op.f("uq_people_name_key")),
    )
    op.create_table(
        "quiet_watch",
        sa.Column(
            "deployment_pk",
            number,
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("last_seq", number, nullable=False),
        sa.Column("due_at", number, nullable=False),
        sa.PrimaryKeyConstraint("deployment_pk", name=op.f("pk_quiet_watch")),
    )
    with op.batch_alter_table("quiet_watch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quiet_watch_due_at"), ["due_at"], unique=False)

    op.create_table(
        "runs",
        sa.Column("deployment_pk", number, nullable=False),
        sa.Column("run", number, nullable=False),
        sa.Column("project", text, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("started_at", number, nullable=True),
        sa.Column("completed_at", number, nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("opened_at", number, nullable=False),
        sa.PrimaryKeyConstraint("deployment_pk", "run", name=op.f("pk_runs")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_runs_project_opened_at"), ["project", "opened_at"], unique=False
        )

    op.create_table(
        "secrets",
        sa.Column("name", text, nullable=False),
        sa.Column("key_id", text, nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", number, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", text, nullable=False),
        sa.Column("person_id", text, nullable=True),
        sa.Column("role", text, nullable=True),
        sa.Column("name", text, nullable=False),
        sa.Column("csrf", text, nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("expires_at", number, nullable=False),
        sa.Column("address", text, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_person_id"), ["person_id"], unique=False)

    op.create_table(
        "sign_in_codes",
        sa.Column("hash", text, nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("expires_at", number, nullable=False),
        sa.Column("used_at", number, nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sign_in_codes")),
    )
    op.create_table(
        "steps",
        sa.Column("deployment_pk", number, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("position", number, nullable=False),
        sa.Column("marks", text, nullable=False),
        sa.PrimaryKeyConstraint("deployment_pk", "name", name=op.f("pk_steps")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tokens",
        sa.Column("id", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("role", text, nullable=False),
        sa.Column("hash", text, nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("created_by", text, nullable=False),
        sa.Column("expires_at", number, nullable=True),
        sa.Column("last_used_at", number, nullable=True),
        sa.Column("revoked_at", number, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_tokens_hash")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(
            "uq_tokens_name_in_use",
            ["name"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )
