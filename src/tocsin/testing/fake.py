"""What a fake platform is: the rules of one, for a file in `platforms/` to fill in."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

from tocsin.testing.outside import Asked, Reply
from tocsin.testing.shelf import Shelf

# How late a slow answer comes, by the platform's clock.
SLOW_S = 60.0
# What some box before a platform answers in its stead, in place of JSON.
HTML = "<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault in words, and the answer, unless that depends on the call."""

    meaning: str
    reply: Reply | None = None


Faults = Mapping[str, Trouble]


class Fake:
    """The rules of one platform, for its file to fill in; it takes calls and says what it answers.

    `Options` is a frozen dataclass of what can be chosen, with a default for all of it.
    """

    TITLE: ClassVar[str]
    # Those of its own.
    FAULTS: ClassVar[Faults] = {}
    # The configurations with which it is found by the setting `notify.<kind>.base_url` only.
    BY_BASE_URL: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        """Configurations of the channel that work with it, by their use; the usual one first."""
        raise NotImplementedError

    def sends(self, call: Asked) -> bool:
        """Whether a message comes with it, so that a fault may meet it."""
        return call.method == "POST"

    def take(self, call: Asked) -> Reply:
        """What it answers to a call, after it has kept what came."""
        raise NotImplementedError

    def fault(self, name: str, _call: Asked) -> Reply:
        """The answer for a fault of `FAULTS`."""
        reply = self.FAULTS[name].reply
        if reply is None:
            raise NotImplementedError(name)
        return reply

    def is_refusal(self, reply: Reply) -> bool:
        """Whether an answer says no; some say so with HTTP 200."""
        return reply.status >= 300

    def refuse(self, code: str, _call: Asked) -> Reply:
        """An answer with this code, or word, and HTTP status as usual with it."""
        raise NotImplementedError(code)

    def expire_tokens(self) -> None:
        """Let all access tokens that it gave out be at their end."""

    def beside(self) -> AbstractAsyncContextManager[object]:
        """What runs as long as it does, such as a server that speaks no HTTP."""
        return nullcontext()


def html(status: int, title: str) -> Reply:
    """A page, as boxes before a platform answer."""
    body = HTML.format(title=title).encode()
    return Reply(status=status, body=body, headers={"Content-Type": "text/html"})
