"""Read from the journal what a client has missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tocsin.live.rooms import Selection
from tocsin.model.entry import Entry
from tocsin.model.event import Event
from tocsin.model.standing import Standing, tells_of_deployment
from tocsin.store import events as stored
from tocsin.store.database import Database
from tocsin.store.facts import read_facts
from tocsin.store.snapshot import hold_snapshot
from tocsin.store.standings import Identity, standings_of

PAGE = 500


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of what a selection wants, oldest first.

    Nothing is left out up to `through`, unless retention has removed something: of events up
    to `pruned_through` some may be missing.
    """

    entries: Sequence[Entry]
    through: int
    is_more: bool
    newest: int
    pruned_through: int


class Past:
    """The journal as those see it who come back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def piece(
        self, selection: Selection, after: int, limit: int = PAGE, *, with_standings: bool = False
    ) -> Piece:
        """What `selection` wants after seq `after`, at most `limit` events.

        Raises:
            StoreDown: the journal cannot be read.
        """
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            facts = await read_facts(conn)
            newest = max(await stored.newest_seq(conn), facts.pruned_through)
            page = await stored.page_of_any(conn, selection, limit, after)
            standings: Mapping[Identity, Standing] = {}
            if with_standings:
                standings = await standings_of(conn, map(_told_of, page.items))
        through = page.items[-1].seq if page.is_more and page.items else max(newest, after)
        entries = [Entry(one, standings.get(_told_of(one))) for one in page.items]
        return Piece(entries, through, page.is_more, newest, facts.pruned_through)


def _told_of(event: Event) -> Identity:
    """The deployment that `event` tells of; one that there is none of when it tells of none."""
    return (event.project, event.subject if tells_of_deployment(event) else "")
