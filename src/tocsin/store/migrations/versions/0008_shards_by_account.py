"""Destinations of one account are in one shard: each reads on from where the last one was.

Which destinations another shard has now, their options alone tell. What one has read and another
has not is read once more, and what was made of it is known by its ids. The former cursors stay, for
who goes back. A cursor that has long stood still is of a shard that had nothing to read for.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SHARDS = 8
_LATELY_US = 600 * 1_000_000
_READ = f"""
    SELECT min(seq) AS seq, max(moved_at) AS moved_at FROM cursors
    WHERE stage LIKE 'notify._' AND moved_at >= (
        SELECT max(moved_at) FROM cursors WHERE stage LIKE 'notify._'
    ) - {_LATELY_US}
"""  # noqa: S608 - a number of ours


def upgrade() -> None:
    """Apply it."""
    for shard in range(_SHARDS):
        op.execute(
            f"""
            INSERT INTO cursors (stage, seq, moved_at)
            SELECT 'deliveries.{shard}', seq, moved_at FROM ({_READ}) AS before
            WHERE seq IS NOT NULL
            """  # noqa: S608 - texts of ours
        )
