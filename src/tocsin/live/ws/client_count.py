"""Count the connections of each client, so that none takes the room of all.

Pure but for what it remembers. A client is who signed in, else who it says it is, else its
address; it may become known while it is connected, and is then counted anew.
"""


def client_key(credential_key: str, client_id: str | None, address: str) -> str:
    """By what the connections of a client are counted."""
    if credential_key:
        return credential_key
    return f"client:{client_id}" if client_id else f"address:{address}"


class ClientCount:
    """How many connections each client has; `limit` is how many it may have."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[str, int] = {}

    def has_room(self, key: str) -> bool:
        """Whether the client may have one more."""
        return self._open.get(key, 0) < self._limit

    def add(self, key: str) -> None:
        """Count one more, whether there is room or not."""
        self._open[key] = self._open.get(key, 0) + 1

    def remove(self, key: str) -> None:
        """Count one less."""
        left = self._open[key] - 1
        if left:
            self._open[key] = left
        else:
            del self._open[key]

    def move(self, before: str, after: str) -> bool:
        """Count a connection under another key; whether there was room for it there."""
        if before == after:
            return True
        is_room = self.has_room(after)
        self.remove(before)
        self.add(after)
        return is_room
