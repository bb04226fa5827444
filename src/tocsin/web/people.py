"""`/api/v1/people`: who may sign in; for admins."""

from fastapi import APIRouter, Request, Response

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.model.audit import setting_changed
from tocsin.model.event import new_event_id
from tocsin.model.people import Person
from tocsin.store import people
from tocsin.store.access import StoredCredentials
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.store.passwords import Passwords
from tocsin.web.access_shapes import (
    CursorQuery,
    IdPath,
    LimitQuery,
    NewPerson,
    PeoplePage,
    PersonChange,
    PersonView,
)
from tocsin.web.callers import at_role, caller_of
from tocsin.web.guarded_route import GuardedRoute
from tocsin.web.problems import problem_responses


def router(
    *,
    database: Database,
    journal: Journal,
    callers: Callers,
    credentials: StoredCredentials,
    passwords: Passwords,
    clock: Clock,
) -> APIRouter:
    """The routes under `/api/v1/people`."""
    part = _People(
        database=database,
        journal=journal,
        callers=callers,
        credentials=credentials,
        passwords=passwords,
        clock=clock,
    )
    gate = at_role(callers, Role.ADMIN)
    api = APIRouter(
        prefix="/api/v1/people", tags=["people"], dependencies=gate, route_class=GuardedRoute
    )
    api.add_api_route(
        "",
        part.page,
        methods=["GET"],
        response_model=PeoplePage,
        summary="List people",
        responses=problem_responses(401, 403, 422, 503),
    )
    api.add_api_route(
        "",
        part.add,
        methods=["POST"],
        status_code=201,
        response_model=PersonView,
        summary="Add somebody",
        responses=problem_responses(400, 401, 403, 408, 409, 413, 415, 422, 503),
    )
    api.add_api_route(
        "/{person_id}",
        part.change,
        methods=["PATCH"],
        response_model=PersonView,
        summary="Change somebody's role or password, or shut them out",
        responses=problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 503),
    )
    api.add_api_route(
        "/{person_id}",
        part.remove,
        methods=["DELETE"],
        status_code=204,
        response_class=Response,
        summary="Remove somebody",
        responses=problem_responses(401, 403, 404, 409, 422, 503),
    )
    return api


class _People:
    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        callers: Callers,
        credentials: StoredCredentials,
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self._database = database
        self._journal = journal
        self._callers = callers
        self._credentials = credentials
        self._passwords = passwords
        self._clock = clock

    async def page(self, limit: LimitQuery = 50, cursor: CursorQuery = None) -> PeoplePage:
        """Everybody, the latest added first."""
        async with self._database.read() as conn:
            found = await people.page(conn, limit + 1, cursor)
        items = [PersonView.of(person) for person in found[:limit]]
        return PeoplePage(items=items, next_cursor=items[-1].id if len(found) > limit else None)

    async def add(self, body: NewPerson, request: Request) -> PersonView:
        """Add somebody, who can sign in from then on. One-time codes end with the first person."""
        now = self._clock.now()
        person = Person(new_event_id(), body.name, Role.parse(body.role), now)
        password_hash = await self._passwords.hash(body.password)
        event = setting_changed("person.added", person.name, caller_of(request).name, now)
        await self._journal.append([event], lambda conn: people.add(conn, person, password_hash))
        return PersonView.of(person)

    async def change(self, person_id: IdPath, body: PersonChange, request: Request) -> PersonView:
        """Change what is given. A new password, or being shut out, ends the person's sessions."""
        now = self._clock.now()
        before = await self._by_id(person_id)
        by = caller_of(request).name
        events = [setting_changed(what, before.name, by, now) for what in _what(body)]
        if events:
            wanted = people.PersonChange(
                role=None if body.role is None else Role.parse(body.role),
                is_disabled=body.is_disabled,
                password_hash=body.password and await self._passwords.hash(body.password),
                kept_session=self._callers.session_digest(request.scope),
            )
            await self._journal.append(
                events, lambda conn: people.change(conn, person_id, wanted, now)
            )
            self._credentials.forget()
        return PersonView.of(await self._by_id(person_id))

    async def remove(self, person_id: IdPath, request: Request) -> Response:
        """Remove somebody for good and end their sessions; what they did stays in the journal."""
        person = await self._by_id(person_id)
        by = caller_of(request).name
        event = setting_changed("person.removed", person.name, by, self._clock.now())
        await self._journal.append([event], lambda conn: people.remove(conn, person_id))
        self._credentials.forget()
        return Response(status_code=204)

    async def _by_id(self, person_id: str) -> Person:
        async with self._database.read() as conn:
            return await conn.run_sync(people.by_id, person_id)


def _what(body: PersonChange) -> list[str]:
    """What the journal says was done; a password has a line of its own."""
    is_changed = body.role is not None or body.is_disabled is not None
    said = ["person.changed"] if is_changed else []
    return [*said, "person.password_changed"] if body.password is not None else said
