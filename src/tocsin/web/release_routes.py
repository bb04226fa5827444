"""Where routes under `/api/v1/release` are added: with those who may use them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from fastapi import APIRouter

from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.web.callers import at_role
from tocsin.web.guarded_route import GuardedRoute
from tocsin.web.release_envelope import PREFIX, READING, WRITING


@dataclass(frozen=True, slots=True)
class ReleaseRoutes:
    """A router for each role; what a route answers is what its function says that it gives.

    A route of one thing adds `responses=MISSING`, one for readers that takes a body `WRITING`.
    """

    readers: APIRouter
    operators: APIRouter
    admins: APIRouter

    @classmethod
    def for_callers(cls, callers: Callers) -> Self:
        def router(role: Role) -> APIRouter:
            return APIRouter(
                prefix=PREFIX,
                tags=["callbacks"],
                route_class=GuardedRoute,
                dependencies=at_role(callers, role),
                responses=READING if role is Role.VIEWER else WRITING,
            )

        return cls(router(Role.VIEWER), router(Role.OPERATOR), router(Role.ADMIN))

    @property
    def routers(self) -> Sequence[APIRouter]:
        return self.readers, self.operators, self.admins
