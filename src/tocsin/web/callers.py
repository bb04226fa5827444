"""What a route of the API asks about its caller, as FastAPI dependencies."""

from collections.abc import Awaitable, Callable

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer

from tocsin.edge.callers import SESSION_COOKIE, Callers
from tocsin.errors import Reason, Rejected
from tocsin.model.access import Caller, Role

CallerDependency = Callable[[Request], Awaitable[Caller]]

_PLACE = "tocsin.caller"

# Only declared, for the OpenAPI document; `Callers` does the reading.
SECURITY = (
    HTTPBearer(scheme_name="bearer", auto_error=False),
    APIKeyHeader(name="X-Tocsin-Token", scheme_name="token", auto_error=False),
    APIKeyCookie(name=SESSION_COOKIE, scheme_name="session", auto_error=False),
)


def at_least(callers: Callers, role: Role) -> CallerDependency:
    """A dependency that lets pass, and gives, a caller of this role or a higher one.

    It raises `Rejected`: 401 for somebody unknown, 403 for somebody with a lower role. As a
    dependency of a whole router it speaks before anything is said about wrong fields.
    """

    async def caller(request: Request) -> Caller:
        found = callers.identify_now(request.scope) or await callers.identify(request.scope)
        require(found, role)
        request.scope[_PLACE] = found
        return found

    return caller


def at_role(callers: Callers, role: Role) -> list[Dependency]:
    """Dependencies of a route or router that this role and higher ones may use."""
    return [Depends(at_least(callers, role)), *(Depends(way) for way in SECURITY)]


def caller_of(request: Request) -> Caller:
    """The caller that `at_least` let pass on this request."""
    found = request.scope[_PLACE]
    assert isinstance(found, Caller)  # noqa: S101 - only `at_least` writes there
    return found


def require(caller: Caller, role: Role) -> None:
    """Let pass who has this role or a higher one.

    Raises:
        Rejected: 401 for somebody unknown, 403 for somebody with a lower role.
    """
    if caller.role >= role:
        return
    if caller.role is Role.NOBODY:
        raise Rejected(
            401,
            Reason.NOT_SIGNED_IN,
            "Sign in, or show a token: `tocsin token create` makes one on the server's machine.",
        )
    message = f"This needs the role {role.word}; you have {caller.role.word}."
    if caller.kind == "local":
        # A person at the machine has a way up that a stranger has not: tell it.
        message = f"This needs the role {role.word}; sign in, or show a token of that role."
    raise Rejected(403, Reason.NOT_ALLOWED, message)
