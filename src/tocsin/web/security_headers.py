"""What every answer tells browsers not to do with it."""

from tocsin.edge.calls import App, Message, Receive, Scope, Send

# An answer of the API is never a page; pages of ours have a policy of their own.
HEADERS = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # What one may see depends on who one is, which no cache knows.
    (b"cache-control", b"no-store"),
)


class SecurityHeaders:
    """ASGI middleware; a header that an answer already has stays."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                names = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in HEADERS if name not in names]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_with)
