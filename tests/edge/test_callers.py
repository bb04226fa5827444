"""Who calls: credentials first, then this machine, and nobody else by any trick."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.edge.callers import SESSION_COOKIE, Callers, CredentialKind
from tocsin.errors import Reason, Rejected
from tocsin.model.access import Credential, Role
from tocsin.model.tokens import digest_of, new_token
from tocsin.settings import AuthSettings, HttpSettings

TOKEN = new_token()
UNKNOWN_TOKEN = new_token()
SESSION = "a session's cookie"
KNOWN = {
    ("token", digest_of(TOKEN)): Credential(Role.SENDER, "ci", "token:1"),
    ("session", digest_of(SESSION)): Credential(Role.ADMIN, "mina", "session:2", "proof"),
}
COOKIE = f"theme=dark; {SESSION_COOKIE}={SESSION}"
OURS, EVIL = "http://127.0.0.1:8000", "http://evil.example"


class Lookup:
    """Knows what stands in KNOWN; what was asked once is remembered."""

    def __init__(self) -> None:
        self.asked: list[tuple[CredentialKind, str]] = []

    def remembered(self, kind: CredentialKind, digest: str) -> Credential | None:
        return KNOWN.get((kind, digest)) if (kind, digest) in self.asked else None

    async def find(self, kind: CredentialKind, digest: str) -> Credential | None:
        self.asked.append((kind, digest))
        return KNOWN.get((kind, digest))


def callers(lookup: Lookup | None = None, local_role: Any = "viewer") -> Callers:
    auth = AuthSettings(
        local_role=local_role,
        allowed_origins=("tauri://localhost",),
        session_days=14,
        sign_in_minutes=60,
    )
    http = HttpSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))
    return Callers(lookup or Lookup(), auth, http)


def call(
    headers: Mapping[str, str] | None = None,
    *,
    peer: str | None = "127.0.0.1",
    method: str = "GET",
    query: str = "",
    scheme: str = "http",
) -> dict[str, Any]:
    sent = {"host": "127.0.0.1:8000", **(headers or {})}
    return {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "client": None if peer is None else (peer, 1234),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
    }


def test_this_machine_without_credentials_has_the_local_role_at_once() -> None:
    caller = callers().identify_now(call())

    assert caller is not None
    assert (caller.role, caller.kind, caller.is_local) == (Role.VIEWER, "local", True)
    assert caller.address == "127.0.0.1"


def test_the_local_role_can_be_switched_off() -> None:
    caller = callers(local_role="none").identify_now(call())

    assert caller is not None
    assert (caller.role, caller.kind, caller.is_local) == (Role.NOBODY, "nobody", True)


@pytest.mark.parametrize(
    ("headers", "peer"),
    [
        ({}, "203.0.113.9"),
        ({}, None),
        ({"x-forwarded-for": "127.0.0.1"}, "127.0.0.1"),
        ({"x-forwarded-for": "127.0.0.1"}, "10.0.0.1"),
        ({"x-forwarded-proto": "https"}, "127.0.0.1"),
        ({"x-forwarded-host": "localhost"}, "127.0.0.1"),
        ({"forwarded": "for=127.0.0.1"}, "127.0.0.1"),
        ({"x-real-ip": "127.0.0.1"}, "127.0.0.1"),
        ({"via": "1.1 proxy"}, "127.0.0.1"),
        ({"origin": EVIL}, "127.0.0.1"),
        ({"origin": "null"}, "127.0.0.1"),
        ({"origin": "http://127.0.0.1:3000"}, "127.0.0.1"),
        ({"host": "evil.example:8000"}, "127.0.0.1"),
        ({"host": "evil.example:8000", "origin": "http://evil.example:8000"}, "127.0.0.1"),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, "127.0.0.1"),
        ({"sec-fetch-site": "same-site"}, "127.0.0.1"),
        ({"authorization": "Basic bWluYTp4"}, "127.0.0.1"),
    ],
)
def test_whoever_may_be_somebody_else_is_nobody(
    headers: Mapping[str, str], peer: str | None
) -> None:
    caller = callers().identify_now(call(headers, peer=peer))

    assert caller is not None
    assert (caller.role, caller.kind, caller.is_local) == (Role.NOBODY, "nobody", False)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": OURS},
        {"origin": "tauri://localhost"},
        {"host": "localhost:8000", "origin": "http://localhost:8000"},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)
def test_a_page_of_ours_at_this_machine_is_local(headers: Mapping[str, str]) -> None:
    caller = callers().identify_now(call(headers))

    assert caller is not None
    assert caller.is_local


header_names = st.one_of(
    st.sampled_from(["forwarded", "via", "x-real-ip", "x-forwarded-for", "x-forwarded-proto"]),
    st.sampled_from(["origin", "host", "sec-fetch-site", "sec-fetch-mode", "x-local"]),
    st.from_regex(r"[a-z][a-z-]{0,20}", fullmatch=True),
).filter(lambda name: name not in {"authorization", "cookie", "x-tocsin-token"})
header_values = st.one_of(
    st.sampled_from(["127.0.0.1", "::1", "localhost", OURS, "for=127.0.0.1", "same-origin", ""]),
    st.text(st.characters(max_codepoint=255), max_size=30),
)


@given(
    st.dictionaries(header_names, header_values, max_size=8),
    st.sampled_from(["203.0.113.9", "10.0.0.1", "2001:db8::1", "::ffff:198.51.100.7"]),
)
def test_no_header_makes_a_remote_caller_local(headers: dict[str, str], peer: str) -> None:
    caller = callers(local_role="admin").identify_now(call(headers, peer=peer))

    assert caller is not None
    assert not caller.is_local
    assert caller.role is Role.NOBODY


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": f"Bearer {TOKEN}"}, ""),
        ({"authorization": f"bearer  {TOKEN} "}, ""),
        ({"x-tocsin-token": TOKEN}, ""),
        ({"x-tocsin-token": TOKEN, "authorization": "Bearer a-secret-of-a-source"}, ""),
        ({"x-tocsin-token": TOKEN, "cookie": COOKIE}, ""),
        ({}, f"a=b&token={TOKEN}"),
    ],
    # The token is another one in each process that runs tests.
    ids=["bearer", "small letters", "own header", "beside a source's", "beside a cookie", "query"],
)
async def test_a_token_is_taken_where_it_may_be_shown(
    headers: Mapping[str, str], query: str
) -> None:
    scope = call(headers, peer="203.0.113.9", query=query, method="POST")

    caller = await callers().identify(scope, takes_query_token=True)

    assert (caller.role, caller.name, caller.kind) == (Role.SENDER, "ci", "token")
    assert (caller.key, caller.is_local) == ("token:1", False)


async def test_a_token_in_the_query_counts_only_where_it_is_asked_for() -> None:
    caller = await callers().identify(call(query=f"token={TOKEN}", peer="203.0.113.9"))

    assert caller.role is Role.NOBODY


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {UNKNOWN_TOKEN}"},
        {"authorization": "Bearer something"},
        {"authorization": "Bearer"},
        {"x-tocsin-token": "\xff\xfe"},
        {"x-tocsin-token": ""},
        {"cookie": f"{SESSION_COOKIE}=ended"},
    ],
    ids=["unknown", "no token", "no text", "no letters", "empty", "session"],
)
async def test_wrong_credentials_never_fall_back_to_the_local_role(
    headers: Mapping[str, str],
) -> None:
    asking = callers()

    assert asking.identify_now(call(headers)) is None
    with pytest.raises(Rejected) as refused:
        await asking.identify(call(headers))

    assert (refused.value.status, refused.value.reason) == (401, Reason.BAD_CREDENTIALS)


async def test_an_invented_token_is_refused_without_asking_the_store() -> None:
    lookup = Lookup()

    with pytest.raises(Rejected):
        await callers(lookup).identify(call({"x-tocsin-token": UNKNOWN_TOKEN[:-1] + "x"}))

    assert not lookup.asked


async def test_a_token_asked_for_once_is_known_without_waiting() -> None:
    asking, scope = callers(), call({"x-tocsin-token": TOKEN})

    before = asking.identify_now(scope)
    await asking.identify(scope)
    after = asking.identify_now(scope)

    assert before is None
    assert after is not None
    assert after.name == "ci"


async def test_a_session_reads_and_with_its_proof_changes() -> None:
    asking = callers()
    proof = {"cookie": COOKIE, "x-csrf-token": "proof", "origin": OURS}

    read = await asking.identify(call({"cookie": COOKIE}))
    changed = await asking.identify(call(proof, method="POST"))

    assert read == changed
    assert (read.role, read.name, read.kind) == (Role.ADMIN, "mina", "session")


@pytest.mark.parametrize(
    ("headers", "method", "reason"),
    [
        ({}, "POST", Reason.NOT_ALLOWED),
        ({"x-csrf-token": ""}, "DELETE", Reason.NOT_ALLOWED),
        ({"x-csrf-token": "pr\xf6\xf6f"}, "PATCH", Reason.NOT_ALLOWED),
        ({"x-csrf-token": "proof", "origin": EVIL}, "POST", Reason.BAD_ORIGIN),
        ({"origin": "null"}, "GET", Reason.BAD_ORIGIN),
    ],
)
async def test_a_cookie_alone_changes_nothing_and_serves_no_other_page(
    headers: Mapping[str, str], method: str, reason: Reason
) -> None:
    with pytest.raises(Rejected) as refused:
        await callers().identify(call({"cookie": COOKIE, **headers}, method=method))

    assert (refused.value.status, refused.value.reason) == (403, reason)


async def test_the_handshake_of_a_socket_is_a_call_like_others() -> None:
    scope = call({"cookie": COOKIE, "origin": OURS}, scheme="ws")
    foreign = call({"cookie": COOKIE, "origin": EVIL}, scheme="ws")
    for socket in (scope, foreign):
        socket["type"] = "websocket"
        del socket["method"]

    caller = await callers().identify(scope)
    with pytest.raises(Rejected, match="origin"):
        await callers().identify(foreign)

    assert caller.name == "mina"


async def test_a_socket_may_show_its_token_in_a_message() -> None:
    caller = await callers().identify_token(call(peer="203.0.113.9"), TOKEN)

    assert caller.name == "ci"
    with pytest.raises(Rejected):
        await callers().identify_token(call(), "nothing")


async def test_the_session_of_a_cookie_is_found_with_its_proof() -> None:
    asking = callers()

    session = await asking.session(call({"cookie": COOKIE}))

    assert session is not None
    assert session.csrf == "proof"
    assert await asking.session(call()) is None
    assert await asking.session(call({"cookie": f"{SESSION_COOKIE}=ended"})) is None
    assert asking.session_digest(call({"cookie": COOKIE})) == digest_of(SESSION)
    assert asking.session_digest(call({"cookie": "theme=dark"})) is None


@pytest.mark.parametrize(
    ("peer", "headers", "address", "is_https"),
    [
        ("10.0.0.1", {"x-forwarded-for": "198.51.100.7"}, "198.51.100.7", False),
        ("10.0.0.1", {"x-forwarded-proto": "https"}, "10.0.0.1", True),
        ("203.0.113.9", {"x-forwarded-proto": "https"}, "203.0.113.9", False),
        ("203.0.113.9", {"x-forwarded-for": "127.0.0.1"}, "203.0.113.9", False),
    ],
)
def test_a_proxy_is_believed_when_it_is_ours(
    peer: str, headers: Mapping[str, str], address: str, is_https: bool
) -> None:
    scope = call(headers, peer=peer)

    assert callers().address_of(scope) == address
    assert callers().is_https(scope) is is_https


def test_the_origin_of_a_page_behind_our_proxy_is_held_against_its_own_scheme() -> None:
    sent = {"host": "tocsin.example", "origin": "https://tocsin.example"}
    asking = callers()

    asking.check_origin(call({**sent, "x-forwarded-proto": "https"}, peer="10.0.0.1"))

    with pytest.raises(Rejected, match="trusted_proxies"):
        asking.check_origin(call(sent, peer="10.0.0.1"))


def test_nothing_of_a_credential_shows_in_a_refusal() -> None:
    with pytest.raises(Rejected) as refused:
        callers().check_origin(call({"origin": EVIL, "cookie": COOKIE}))

    assert SESSION not in str(refused.value)
