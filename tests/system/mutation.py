"""Random bodies for a receiver: bytes, JSON, and examples with something changed.

A seed gives the same bodies again. Hypothesis finds smaller counterexamples, but makes about a
thousand examples a second; a hundred thousand bodies shall take a minute.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.system.reading import SAMPLES

CHARACTERS = "aZ0 _-./\\\"'%?#&=:;,{}[]<>é日本語🔌ключ\n\t\r\0\x1b\x7f\u2028\ufeff\ud800\ufffd"
WORDS = (
    *("", "null", "unknown", "...", "0", "12", "-1", "1e999", "NaN", "true", "../..", ".", "a/b"),
    *("a/steps", "a%2Fb", "?x=1", "2024-01-01T12:00:00.000Z", "9999-12-31T23:59:59Z", "success"),
    *("0001-01-01T00:00:00+14:00", "started", "failure", "step_started", "log_batch", "test"),
)
NUMBERS = (0, -1, 1, 0.5, 1e300, -1e-300, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**40)
FIELDS = (
    *("type", "project", "deployment_id", "step_name", "step_status", "status", "timestamp"),
    *("workflow_name", "workflow_id", "logs", "duration", "started_at", "completed_at", "level"),
    *("log_stream_id", "message", "source", "metrics", "sourceRepo", "runId", "deployType"),
    *("serverHost", "errorMessage", "branch", "commit_hash", "stepName", "__proto__", ""),
)
MAX_DEPTH = 6


class Mutations:
    """An endless supply of bodies."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._examples = [
            json.loads(path.read_text("utf-8")) for path in sorted(SAMPLES.glob("*.json"))
        ]
        self._kinds: tuple[Callable[[], bytes], ...] = (
            self._bytes,
            self._json,
            self._changed_fields,
            self._changed_fields,
            self._changed_fields,
            self._changed_bytes,
        )

    def body(self) -> bytes:
        return self._chance.choice(self._kinds)()

    def content_type(self) -> str:
        kinds = ("application/json; charset=utf-8", "text/plain", "application/json;;", "x")
        return self._chance.choice(kinds) if self._one_in(20) else "application/json"

    def _bytes(self) -> bytes:
        return self._chance.randbytes(self._chance.randrange(120))

    def _json(self) -> bytes:
        return self._dumped(self._value(0))

    def _changed_fields(self) -> bytes:
        """An example with one to three fields changed, left out or added."""
        message = dict(self._chance.choice(self._examples))
        # Few ids, so that messages meet in deployments; else only the fold of one is tried.
        message["deployment_id"] = f"r-{self._chance.randrange(200)}"
        for _ in range(self._chance.randrange(1, 4)):
            known = list(message)
            field = self._chance.choice(FIELDS if self._one_in(3) or not known else known)
            if self._one_in(5):
                message.pop(field, None)
            else:
                message[field] = self._value(MAX_DEPTH - 3)
        return self._dumped(message)

    def _changed_bytes(self) -> bytes:
        """An example with a few bytes flipped, cut out, put in or said twice."""
        body = bytearray(self._dumped(self._chance.choice(self._examples)))
        for _ in range(self._chance.randrange(1, 4)):
            at, length = self._chance.randrange(len(body) + 1), self._chance.randrange(1, 9)
            match self._chance.randrange(4):
                case 0:
                    body[at : at + 1] = self._chance.randbytes(1)
                case 1:
                    del body[at : at + length]
                case 2:
                    body[at:at] = self._chance.choice(CHARACTERS).encode("utf-8", "surrogatepass")
                case _:
                    body[at:at] = body[at : at + length]
        return bytes(body)

    def _value(self, depth: int) -> Any:
        match self._chance.randrange(10 if depth < MAX_DEPTH else 7):
            case 0:
                return self._chance.choice((None, True, False))
            case 1:
                return self._chance.choice(NUMBERS)
            case 2 | 3:
                return self._chance.choice(WORDS)
            case 4:
                return self._text(self._chance.choice((3, 30, 199, 200, 201, 2000)))
            case 5 | 6:
                return self._text(8)
            case 7:
                return [self._value(depth + 1) for _ in range(self._chance.randrange(4))]
            case _:
                size = self._chance.randrange(5)
                return {self._field(): self._value(depth + 1) for _ in range(size)}

    def _field(self) -> str:
        return self._text(4) if self._one_in(4) else self._chance.choice(FIELDS)

    def _text(self, length: int) -> str:
        return "".join(self._chance.choices(CHARACTERS, k=self._chance.randrange(length + 1)))

    def _dumped(self, value: Any) -> bytes:
        """As JSON; now and then not escaped, so that half a surrogate makes it bad UTF-8."""
        text = json.dumps(value, ensure_ascii=not self._one_in(2))
        return text.encode("utf-8", "surrogatepass")

    def _one_in(self, number: int) -> bool:
        return self._chance.randrange(number) == 0
