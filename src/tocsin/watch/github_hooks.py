"""Ask GitHub about webhooks: which there are, what was delivered, and to deliver again.

https://docs.github.com/rest/repos/webhooks, and the same below /orgs for an organisation. What an
answer lacks or has in another form is passed over; nothing in it is trusted to be an address.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from tocsin.clock import Clock
from tocsin.edge.outbound import Answer, Outbound
from tocsin.errors import GiveUp, Reason, TryLater
from tocsin.model.redelivery import Delivery
from tocsin.model.times import parse_instant
from tocsin.settings.schema import Secret

# With so few calls left until the hour is over, others that use the token go first.
MIN_CALLS_LEFT = 50
MAX_PAUSE_S = 3_600.0
MAX_PAGES = 100
_PAGE = 100
_HOOKS = re.compile(r"/hooks/github(?:/(?P<name>[^/]{1,200}))?/?$")
_CURSOR = re.compile(r"[?&]cursor=([A-Za-z0-9_=-]{1,200})(?:[&>]|$)")
_MAX_GUID_CHARS = 200


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook; `place` is its address in the API, `name` that of the set-up it calls."""

    place: str
    name: str


class GithubHooks:
    """The API with one token. All methods raise `DeliveryFailed` when it does not answer well."""

    def __init__(self, http: Outbound, clock: Clock, api_url: str, token: Secret) -> None:
        self._http = http
        self._clock = clock
        self._api_url = api_url.rstrip("/")
        self._token = token

    async def hooks_of(self, owner: str, host: str) -> list[Hook]:
        """The hooks of `owner/repository` or of an organisation that call Tocsin."""
        place = f"{_base(owner)}/hooks"
        listed = _json(await self._call("GET", f"{place}?per_page={_PAGE}"))
        hooks = listed if isinstance(listed, list) else []
        return [found for one in hooks if (found := _hook(place, one, host)) is not None]

    async def hook(self, named: str) -> Hook:
        """The hook that is written `owner/repository/id`, or `organisation/id`."""
        owner, _, number = named.rpartition("/")
        place = f"{_base(owner)}/hooks"
        said = _json(await self._call("GET", f"{place}/{number}"))
        return _hook(place, said, "") or Hook(f"{place}/{number}", "")

    async def deliveries(self, hook: Hook, since: datetime) -> AsyncIterator[list[Delivery]]:
        """The attempts from `since` on, page by page, the newest first."""
        address: str | None = f"{hook.place}/deliveries?per_page={_PAGE}"
        for _ in range(MAX_PAGES):
            if address is None:
                return
            answer = await self._call("GET", address)
            page = list(_deliveries(_json(answer)))
            yield [one for one in page if one.delivered_at >= since]
            if not page or page[-1].delivered_at < since:
                return
            cursor = _next_cursor(answer.headers)
            address = cursor and f"{hook.place}/deliveries?per_page={_PAGE}&cursor={cursor}"

    async def deliver_again(self, hook: Hook, delivery_id: int) -> None:
        """Have a delivery sent once more."""
        await self._call("POST", f"{hook.place}/deliveries/{delivery_id}/attempts")

    async def _call(self, method: str, address: str) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._token.get_secret_value()}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        answer = await self._http.call(
            method, f"{self._api_url}/{address}", headers=headers, max_bytes=4_194_304
        )
        self._check(answer)
        return answer

    def _check(self, answer: Answer) -> None:
        left = _number(answer.headers, "x-ratelimit-remaining")
        is_limited = answer.status in (403, 429) and (left == 0 or "retry-after" in answer.headers)
        if is_limited or (left is not None and left < MIN_CALLS_LEFT):
            raise TryLater(
                "GitHub's limit of calls is reached, or nearly.",
                reason=Reason.RATE_LIMITED,
                after_s=self._pause_s(answer.headers),
            )
        if answer.status in (401, 403, 404):
            # A token that may not see hooks is answered 404.
            message = f"GitHub answers {answer.status}: sources.github.api_token may not do this."
            raise GiveUp(message, reason=Reason.BAD_CREDENTIALS)
        if answer.status == 422:
            raise GiveUp("GitHub cannot deliver this again.", reason=Reason.BAD_ANSWER)
        if not 200 <= answer.status < 300:
            raise TryLater(f"GitHub answers {answer.status}.", reason=Reason.BAD_ANSWER)

    def _pause_s(self, headers: Mapping[str, str]) -> float:
        pause_s = _number(headers, "retry-after")
        reset_s = _number(headers, "x-ratelimit-reset")
        if pause_s is None and reset_s is not None:
            pause_s = int(reset_s - self._clock.now().timestamp())
        return min(max(float(pause_s or 60), 1.0), MAX_PAUSE_S)


def _base(owner: str) -> str:
    return f"repos/{owner}" if "/" in owner else f"orgs/{owner}"


def _hook(place: str, said: Any, host: str) -> Hook | None:
    """A hook that calls Tocsin, at that host if one is given."""
    if not isinstance(said, dict) or not isinstance(said.get("id"), int):
        return None
    config = said.get("config")
    url = config.get("url") if isinstance(config, dict) else None
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    found = _HOOKS.search(parts.path)
    if found is None or (host and parts.hostname != host.lower()):
        return None
    return Hook(f"{place}/{said['id']}", found["name"] or "")


def _deliveries(said: Any) -> Iterator[Delivery]:
    for one in said if isinstance(said, list) else ():
        if not isinstance(one, dict):
            continue
        number, guid, status = one.get("id"), one.get("guid"), one.get("status_code")
        at = parse_instant(one.get("delivered_at"))
        if not isinstance(number, int) or not isinstance(status, int) or at is None:
            continue
        if isinstance(guid, str) and 0 < len(guid) <= _MAX_GUID_CHARS:
            yield Delivery(number, guid, at, is_ok=200 <= status < 300)


def _next_cursor(headers: Mapping[str, str]) -> str | None:
    """Where the next page begins (RFC 8288); the address itself is not followed."""
    for link in headers.get("link", "").split(","):
        if 'rel="next"' in link and (found := _CURSOR.search(link)):
            return found[1]
    return None


def _json(answer: Answer) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise TryLater("GitHub's answer is not JSON.", reason=Reason.BAD_ANSWER) from error


def _number(headers: Mapping[str, str], name: str) -> int | None:
    said = headers.get(name, "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 16 else None
