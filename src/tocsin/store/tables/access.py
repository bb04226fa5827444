"""Tables of who may do what: people, tokens, sessions, one-time codes; and of kept secrets.

Of whatever opens a door only a digest stands here, so that a copy of the file opens none.
"""

from sqlalchemy import Column, Index, LargeBinary, Table, text

from tocsin.store.tables.metadata import Instant, Text, metadata

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # The name as it is compared, so that nobody can pass for another by a capital letter.
    Column("name_key", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    # A name can be given anew once its token is revoked; a revoked one stays in the list.
    Index(
        "uq_tokens_name_in_use",
        "name",
        unique=True,
        sqlite_where=text("revoked_at IS NULL"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),
    # NULL: signed in by a one-time code; then the role stands here, else it is the person's.
    Column("person_id", Text, index=True),
    Column("role", Text),
    Column("name", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("address", Text, nullable=False),
)

sign_in_codes = Table(
    "sign_in_codes",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    # Which key opens the ciphertext; the key itself is never in the database.
    Column("key_id", Text, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
