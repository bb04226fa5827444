"""What a caller is told who may not: who it should be, and how to become that."""

import pytest

from tocsin.errors import Rejected
from tocsin.model.access import Caller, CallerKind, Role
from tocsin.web.callers import require


def caller(role: Role, kind: CallerKind = "token") -> Caller:
    return Caller(role, "x", kind, "203.0.113.9", is_local=kind == "local")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("needed", Role)
def test_a_role_passes_where_it_or_a_lower_one_is_needed(role: Role, needed: Role) -> None:
    is_refused = False
    try:
        require(caller(role), needed)
    except Rejected:
        is_refused = True

    assert is_refused is (role < needed)


@pytest.mark.parametrize(
    ("who", "status", "words"),
    [
        (caller(Role.NOBODY, "nobody"), 401, "tocsin token create"),
        (caller(Role.SENDER), 403, "you have sender"),
        (caller(Role.VIEWER, "local"), 403, "sign in"),
    ],
)
def test_the_refusal_says_what_is_missing(who: Caller, status: int, words: str) -> None:
    with pytest.raises(Rejected, match=words) as refused:
        require(who, Role.ADMIN)

    assert refused.value.status == status
