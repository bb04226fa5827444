"""Tables of live clients: what they asked for, so that they can go on after a restart.

A client shows the text by which it is known again; here stands only its digest.
"""

from sqlalchemy import Column, Table

from tocsin.store.tables.metadata import BigInt, Instant, Text, metadata

live_sessions = Table(
    "live_sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("sid", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    # Whose it is: only the same caller may go on with it.
    Column("caller", Text, nullable=False),
    Column("rooms", Text, nullable=False),
    # The newest event when it began.
    Column("seq", BigInt, nullable=False),
    Column("instance", Text, nullable=False, index=True),
    # NULL while it is connected; then `live_instances` tells until when.
    Column("ended_at", Instant),
)

live_instances = Table(
    "live_instances",
    metadata,
    # One run of one process.
    Column("instance", Text, primary_key=True),
    Column("alive_at", Instant, nullable=False),
)
