"""An expression over a call, by which a set-up says where in it something stands.

Pure. One that begins with `$` is a JSONPath (RFC 9535), whose first match counts; any other is CEL
(https://cel.dev). Both see `headers`, `query` and `body`. What is not there counts as not told.

Expressions are the operator's, but what they go through is a stranger's, so that their cost is
bounded: nothing goes through everything for each thing there is, no pattern is Python's, and what
is gone through may have MAX_LOOKED_THROUGH_BYTES.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from jsonpath import CompoundJSONPath, JSONPath, JSONPathEnvironment
from jsonpath.exceptions import JSONPathError

from tocsin.model.cel_engine import cel
from tocsin.model.cel_program import MAX_EXPRESSION_CHARS, program_of

# Less than 100 ms of work, in which nothing else goes on.
MAX_LOOKED_THROUGH_BYTES = 32_768

_NAMES = ("headers", "query", "body")


@dataclass(frozen=True)
class Told:
    """What expressions may look at, and how many bytes the body was."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    body_bytes: int

    @cached_property
    def names(self) -> dict[str, Any]:
        return {"headers": dict(self.headers), "query": dict(self.query), "body": self.body}

    @cached_property
    def context(self) -> cel.Context:
        """The same for CEL, whose own form of it takes longer to make than to look at."""
        return cel.Context(self.names)


class TooLargeToLookThrough(Exception):
    """The body is larger than what an expression may go through."""


class _Paths(JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        # Their patterns are Python's, which a text can keep busy for ever.
        del self.function_extensions["match"], self.function_extensions["search"]


_PATHS = _Paths(strict=True)


class Expression:
    """An expression that is ready to be worked out."""

    def __init__(self, source: str) -> None:
        """Take `source` apart.

        Raises:
            ValueError: what is wrong with it, in a sentence.
        """
        if len(source) > MAX_EXPRESSION_CHARS:
            message = f"expected an expression of at most {MAX_EXPRESSION_CHARS} characters"
            raise ValueError(message)
        self._path = _path(source) if source.startswith("$") else None
        self._program = None if self._path else program_of(source, _NAMES, "body.project")

    def value(self, told: Told) -> Any:
        """What stands there; None when nothing does, or it cannot be worked out.

        Raises:
            TooLargeToLookThrough: it is not only a matter of going to one place.
        """
        is_one_place = self._path is not None and self._path.singular_query()
        if not is_one_place and told.body_bytes > MAX_LOOKED_THROUGH_BYTES:
            raise TooLargeToLookThrough
        try:
            if self._program is not None:
                return self._program.execute(told.context)
            found = self._path.match(told.names) if self._path is not None else None
        except (JSONPathError, LookupError, ArithmeticError, RuntimeError, TypeError, ValueError):
            return None
        return None if found is None else found.obj


@lru_cache(maxsize=1_000)
def expression_of(source: str) -> Expression:
    """The expression that `source` is; it is taken apart once.

    Raises:
        ValueError: what is wrong with it, in a sentence.
    """
    return Expression(source)


def _path(source: str) -> JSONPath:
    if source.count("..") > 1 or source.count("$") > 1:
        raise ValueError("expected a JSONPath with one $ and at most one ..")
    try:
        path = _PATHS.compile(source)
    except JSONPathError as error:
        what = str(error).partition("\n")[0].strip()
        raise ValueError(f"expected a JSONPath such as $.body.project: {what}") from error
    if isinstance(path, CompoundJSONPath):
        raise ValueError("expected one JSONPath")  # noqa: TRY004 - a fault of what is written
    return path
