"""One metadata for all tables, and the column types both databases share."""

from sqlalchemy import BigInteger, Integer, MetaData
from sqlalchemy import Text as AnyText

# Alembic can only alter what has a name, and SQLite names nothing by itself.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite's rowid alias must be spelt INTEGER; PostgreSQL's must be 64 bits wide.
BigInt = BigInteger().with_variant(Integer, "sqlite")

# Microseconds since 1970-01-01 UTC: sorts, compares and indexes alike on both databases.
Instant = BigInt

# Texts are compared, sorted and searched byte by byte on both databases. On PostgreSQL the order
# would else be that of a language, which differs between machines and versions of the system.
Text = AnyText().with_variant(AnyText(collation="C"), "postgresql")

# JSON as text: written once, as bytes of ours, and handed on without parsing.
JsonText = Text

__all__ = ["BigInt", "Instant", "JsonText", "Text", "metadata"]
