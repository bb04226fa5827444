"""Make the journal in one database equal to that in another, whatever each of them is.

Both are read in the order of their keys, side by side, and only what differs is written, in
portions with a transaction each. So one that was broken off is continued, one whose source went on
is brought up to date, and one that is whole writes nothing. The source is read in one snapshot, so
a server may work on it meanwhile.

Until the first server has started on it, the target bears a mark: who copies into it again would
else take away what has been stored there since.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    column,
    select,
    table,
)
from sqlalchemy import func as sql
from sqlalchemy.engine import URL

from tocsin.errors import ConfigError
from tocsin.store import facts, postgres, sqlite
from tocsin.store.address import is_postgres
from tocsin.store.failures import translated_errors
from tocsin.store.key import Sealed, Vault
from tocsin.store.leases import instances
from tocsin.store.merge import Row, merged
from tocsin.store.portions import Portions, key_places
from tocsin.store.tables import metadata
from tocsin.store.tables.access import secrets
from tocsin.store.tables.journal import events, journal_facts
from tocsin.store.tables.leases import leases

# Rows that are read at once.
READ_AT_ONCE = 500

# Leases belong to the processes of an installation.
COPIED = tuple(one for one in metadata.sorted_tables if one is not leases)

# The table, how many of its rows are done, and how many there are.
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Sum:
    """What a table holds: how many rows, and a SHA-256 over all of them in order of their keys."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Copied:
    """A table on both sides, after `changed` rows of the target were written or removed."""

    table: str
    source: Sum
    target: Sum
    changed: int

    @property
    def is_equal(self) -> bool:
        return self.source == self.target


class Source:
    """The database to copy from, as it was when it was opened. Made by `open_source`."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.epoch = facts.read(conn, facts.EPOCH)
        # The instances that were working on it then; later the snapshot's leases have run out.
        self.at_work = sorted(instances(conn, datetime.now(UTC)))

    def count(self, of: Table) -> int:
        return self.conn.execute(select(sql.count()).select_from(of)).scalar_one()

    def key_ids(self) -> list[str]:
        """The keys that its stored secrets are sealed with."""
        found = self.conn.execute(select(secrets.c.key_id).distinct())
        return sorted(found.scalars())

    def check_key(self, vault: Vault) -> None:
        """See that every stored secret can be opened.

        Raises:
            ConfigError: it cannot.
        """
        for row in self.conn.execute(select(secrets)):
            vault.open(row.name, Sealed(row.key_id, row.ciphertext))


@contextmanager
def open_source(url: URL, revision: str) -> Iterator[Source]:
    """The database at `url`, if its schema is of `revision`, the target's.

    Raises:
        ConfigError: it is of another version, or an unfinished copy itself.
        StoreDown: it cannot be read.
    """
    with translated_errors(), _snapshots(url) as reading, reading.begin() as conn:
        found = _revision_of(conn)
        if found != revision:
            message = f"FROM: its schema is {found or 'none'}, not {revision}; run `tocsin migrate`"
            raise ConfigError([message])
        if facts.read(conn, facts.COPY) == facts.COPY_BEGUN:
            raise ConfigError(["FROM: is a copy that is not finished itself"])
        yield Source(conn)


def copy(source: Source, target: URL, tell: Tell) -> list[Copied]:
    """Make `target` equal to `source`, then read it again and compare.

    Raises:
        ConfigError: the target holds another journal, or has been in use.
        StoreDown: one of them does not answer; what was done stays done.
    """
    writing = postgres.migrating_engine if is_postgres(target) else sqlite.writing_engine
    with translated_errors(), _engine(writing, target) as engine, _snapshots(target) as reading:
        with engine.begin() as conn:
            _begin(conn, source.epoch)
        copied = [_copy_table(one, source, engine, reading, tell) for one in COPIED]
        if all(one.is_equal for one in copied):
            with engine.begin() as conn:
                facts.write(conn, facts.COPY, facts.COPY_DONE)
        return copied


def _begin(conn: Connection, epoch: str | None) -> None:
    """Mark the target, if it is empty or bears the mark already."""
    there = facts.read(conn, facts.EPOCH)
    is_marked = facts.read(conn, facts.COPY) is not None
    is_empty = there is None and conn.execute(select(events.c.seq).limit(1)).first() is None
    if not is_marked and not is_empty:
        raise ConfigError(["TO: holds a journal that a server has worked on; take a new database"])
    if is_marked and there != epoch:
        raise ConfigError(["TO: holds the copy of another journal; take a new database"])
    facts.write(conn, facts.COPY, facts.COPY_BEGUN)
    if epoch is not None:
        facts.write(conn, facts.EPOCH, epoch)


def _copy_table(of: Table, source: Source, engine: Engine, reading: Engine, tell: Tell) -> Copied:
    total, digest, done = source.count(of), _Digest(), 0
    portions = Portions(of, engine)
    with reading.begin() as conn:
        for wanted, there in merged(_rows(source.conn, of), _rows(conn, of), key_places(of)):
            portions.add(wanted, there)
            if wanted is not None:
                digest.add(wanted)
                done += 1
                if done % READ_AT_ONCE == 0:
                    tell(of.name, done, total)
        portions.write()
    tell(of.name, done, total)
    return Copied(of.name, digest.sum(), _sum_of(of, reading), portions.count)


def _sum_of(of: Table, reading: Engine) -> Sum:
    digest = _Digest()
    with reading.begin() as conn:
        for row in _rows(conn, of):
            digest.add(row)
    return digest.sum()


class _Digest:
    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._rows = 0

    def add(self, row: Row) -> None:
        self._hash.update(orjson.dumps(row, default=bytes.hex, option=orjson.OPT_APPEND_NEWLINE))
        self._rows += 1

    def sum(self) -> Sum:
        return Sum(self._rows, self._hash.hexdigest())


def _rows(conn: Connection, of: Table) -> Iterator[Row]:
    """All rows of a table in order of their keys, without the mark of a copy."""
    statement: Select[Any] = select(of).order_by(*(_in_order(conn, one) for one in of.primary_key))
    if of is journal_facts:
        statement = statement.where(journal_facts.c.name != facts.COPY)
    for row in conn.execute(statement.execution_options(yield_per=READ_AT_ONCE)):
        yield tuple(row)


def _in_order(conn: Connection, key: Column[Any]) -> Any:
    """A column as it is sorted by, alike on both databases and in Python: by code points."""
    if conn.dialect.name == "postgresql" and isinstance(key.type, Text):
        return key.collate("C")
    return key


def _revision_of(conn: Connection) -> str | None:
    if not conn.dialect.has_table(conn, "alembic_version"):
        return None
    versions = table("alembic_version", column("version_num", Text))
    found: str | None = conn.execute(select(versions)).scalar()
    return found


def _snapshots(url: URL) -> AbstractContextManager[Engine]:
    """Whose transactions see the database as it is when they begin, to the end."""
    return _engine((postgres if is_postgres(url) else sqlite).snapshot_engine, url)


@contextmanager
def _engine(make: Callable[[URL], Engine], url: URL) -> Iterator[Engine]:
    engine = make(url)
    try:
        yield engine
    finally:
        engine.dispose()
