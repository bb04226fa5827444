"""The table of leases: what one instance at a time does, who does it, and until when."""

from sqlalchemy import Column, Table

from tocsin.store.tables.metadata import BigInt, Instant, Text, metadata

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    # One run of one process: `<instance> <random>`.
    Column("owner", Text, nullable=False),
    # Grows by one at each change of owner, so that who had it before is told from who has it.
    Column("token", BigInt, nullable=False),
    # By the database's clock, or by the machine's where the database has none of its own.
    Column("until", Instant, nullable=False),
)
