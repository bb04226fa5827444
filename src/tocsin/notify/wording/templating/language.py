"""The language of people's templates: read, looked at, made ready, and worked out.

https://jinja.palletsprojects.com/en/stable/templates/
Pure. It is a part of Jinja: values, filters, comparisons, `if` and `for`. Beside `{{name}}` there
is `{name}`, for names that are known and nothing else, so that braces of JSON stay as they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.visitor import NodeTransformer

from tocsin.notify.wording.templating import checking
from tocsin.notify.wording.templating.checking import NAME_IN_BRACES, Names
from tocsin.notify.wording.templating.filters import MAX_CHARS
from tocsin.notify.wording.templating.sandbox import (
    ALLOWED,
    THROUGH,
    TOO_LONG,
    Allowance,
    BadTemplate,
    Sandbox,
)

MAX_SOURCE_CHARS = 10_000

# Text costs a loop as much as it costs elsewhere.
_CHARS = 64


@dataclass(frozen=True, slots=True)
class Language:
    """The names that there are; `write` makes a value's text fit to stand."""

    names: Names
    write: Callable[[str], str]

    def check(self, source: str) -> None:
        """See that `source` can be understood.

        Raises:
            BadTemplate: everything that is wrong with it.
        """
        _compiled(self, source)

    def written(self, source: str, values: Mapping[str, Any]) -> str:
        """`source` with `values` put in: texts and numbers, and objects and lists of such.

        Raises:
            BadTemplate: it is wrong, or cannot be worked out with these.
        """
        render = _compiled(self, source)
        try:
            written = render({**values, ALLOWED: Allowance()})
        except BadTemplate:
            raise
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise BadTemplate("it compares or counts what cannot be") from error
        if len(written) > MAX_CHARS:
            raise BadTemplate(TOO_LONG)
        return written


@lru_cache(maxsize=500)
def _compiled(language: Language, source: str) -> Callable[[Mapping[str, Any]], str]:
    if len(source) > MAX_SOURCE_CHARS:
        raise BadTemplate(f"expected at most {MAX_SOURCE_CHARS} characters")
    sandbox = Sandbox(language.write)
    try:
        tree = sandbox.parse(source)
        checking.check(tree, language.names)
        return sandbox.from_string(_Prepared(language.names.known).visit(tree)).render
    except TemplateSyntaxError as error:
        raise BadTemplate(f"line {error.lineno}: {error.message}") from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise BadTemplate("it is nested too deep") from error
    except BadTemplate:
        raise
    except ValueError as error:
        # Python reads numbers of 4,300 digits at most.
        raise BadTemplate("a number is too large") from error


class _Prepared(NodeTransformer):
    """Puts names in single braces in, and sets a price on each loop's turn."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def visit_TemplateData(self, node: nodes.TemplateData) -> list[nodes.Expr]:  # noqa: N802 - Jinja's name
        parts: list[nodes.Expr] = []
        for place, part in enumerate(NAME_IN_BRACES.split(node.data)):
            is_name = place % 2 == 1
            if is_name and part in self._names:
                parts.append(nodes.Name(part, "load", lineno=node.lineno))
            else:
                text = f"{{{part}}}" if is_name else part
                parts.append(nodes.TemplateData(text, lineno=node.lineno))
        return parts

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        turn = [*node.body, node.test] if node.test else node.body
        price = nodes.Const(1 + sum(map(_cost, turn)), lineno=node.lineno)
        node.iter = nodes.Filter(node.iter, THROUGH, [price], [], None, None, lineno=node.lineno)
        return node


def _cost(node: nodes.Node) -> int:
    text = len(node.data) // _CHARS if isinstance(node, nodes.TemplateData) else 0
    return 1 + text + sum(map(_cost, node.iter_child_nodes()))
