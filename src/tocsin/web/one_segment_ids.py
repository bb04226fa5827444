"""Keep the id in an address one segment of its path, whatever characters it has.

A sender's id may hold slashes. Servers decode `a%2Fb` before any router sees it, and then it
looks like two segments, or, for an id that ends in `/logs`, like another address. So the id
is cut out of the path as it was sent, and put back with all of it encoded.
"""

from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes

from tocsin.edge.calls import App, Receive, Scope, Send

# Addresses that are followed by an id, and what may follow the id.
COLLECTIONS: Mapping[bytes, tuple[bytes, ...]] = {
    b"/api/v1/deployments/": (b"/steps", b"/usual", b"/logs", b"/logs/outline", b"/logs/search"),
    b"/api/v1/events/": (),
    b"/api/v1/release/projects/": (b"/callbacks",),
    b"/api/v1/release/tasks/": (b"/callbacks",),
    b"/api/v1/trainings/": (),
}


class OneSegmentIds:
    """ASGI middleware; what is no address with an id passes as it is."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
            path = path_of(raw)
            if path is not None:
                scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def path_of(raw: bytes) -> str | None:
    """The path with its id as one segment; None when `raw` has no id.

    `raw` is the path as it was sent, still encoded. A slash that was sent as such belongs to
    the id too, since no other address is there.
    """
    for collection, endings in COLLECTIONS.items():
        if not raw.startswith(collection):
            continue
        sent = raw.removeprefix(collection)
        ending = next((one for one in endings if sent.endswith(one) and sent != one), b"")
        sent_id = sent.removesuffix(ending)
        if not sent_id:
            return None
        encoded = quote(unquote_to_bytes(sent_id), safe="")
        return f"{collection.decode()}{encoded}{ending.decode()}"
    return None
