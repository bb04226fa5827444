"""The language of people's templates: what may stand in one, and what is wrong with one.

https://jinja.palletsprojects.com/en/stable/templates/
Pure. It is a part of Jinja: values, filters, comparisons, `if` and `for`. Beside `{{name}}` there
is `{name}`, for names that are known and nothing else, so that braces of JSON stay as they are.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.visitor import NodeTransformer

from tocsin.notify.templating.sandbox import ALLOWED, THROUGH, Allowance, BadTemplate, Sandbox

MAX_SOURCE_CHARS = 10_000
MAX_WRITTEN_CHARS = 20_000
MAX_LOOPS_DEEP = 3

_NAME_IN_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Text costs a loop as much as it costs elsewhere.
_CHARS = 64
# How alike a name must be to be taken for a slip, and to be named as what may be meant.
_SLIP, _GUESS = 0.8, 0.5

_TAKEN = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.List),
    *(nodes.If, nodes.For, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Keyword, nodes.Tuple),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Compare, nodes.Operand),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
)
_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Call: "nothing can be called; there are filters, such as name|upper",
    nodes.Concat: "there is no ~; texts are joined by standing beside each other",
    nodes.Pow: "there is no **",
    nodes.Assign: "there is no set",
    nodes.AssignBlock: "there is no set",
}


@dataclass(frozen=True, slots=True)
class Language:
    """The names that there are, and those in `event`; `write` makes a value's text fit to stand."""

    names: frozenset[str]
    event_names: frozenset[str]
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
        if len(written) > MAX_WRITTEN_CHARS:
            raise BadTemplate(f"it gives more than {MAX_WRITTEN_CHARS} characters")
        return written


@lru_cache(maxsize=500)
def _compiled(language: Language, source: str) -> Callable[[Mapping[str, Any]], str]:
    if len(source) > MAX_SOURCE_CHARS:
        raise BadTemplate(f"expected at most {MAX_SOURCE_CHARS} characters")
    sandbox = Sandbox(language.write)
    try:
        tree = sandbox.parse(source)
        _check_taken(tree)
        problems = [*_unknown_names(language, tree)]
        if problems:
            raise BadTemplate(*problems)
        return sandbox.from_string(_Prepared(language.names).visit(tree)).render
    except TemplateSyntaxError as error:
        raise BadTemplate(f"line {error.lineno}: {error.message}") from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise BadTemplate("it is nested too deep") from error
    except BadTemplate:
        raise
    except ValueError as error:
        # Python reads numbers of 4,300 digits at most.
        raise BadTemplate("a number is too large") from error


def _check_taken(tree: nodes.Template) -> None:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _TAKEN):
            name = type(node).__name__.lower()
            raise _bad(node, _REFUSED.get(type(node), f"there is no {name} here"))
        is_list = isinstance(node, nodes.List)
        if is_list or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
            _check_is_constant(node)
        if isinstance(node, nodes.For):
            _check_loop(node)


def _check_is_constant(node: nodes.Node) -> None:
    # Else a list of lists of lists could be made as large as anybody likes.
    if not all(isinstance(one, nodes.Const) for one in node.iter_child_nodes()):
        raise _bad(node, "a list here has texts and numbers only")


def _check_loop(loop: nodes.For) -> None:
    if loop.recursive:
        raise _bad(loop, "there is no recursive here")
    deep, around = 1, [loop]
    while around := [inner for one in around for inner in one.find_all(nodes.For)]:
        deep += 1
        if deep > MAX_LOOPS_DEEP:
            raise _bad(loop, f"expected at most {MAX_LOOPS_DEEP} loops in each other")


# --- names


def _unknown_names(language: Language, tree: nodes.Template) -> Iterator[str]:
    """What is named and not there, with what may be meant."""
    bound = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "store"}
    for node in tree.find_all(nodes.Name):
        if node.ctx == "store" and (node.name in language.names or node.name.startswith("_")):
            yield _told(node, f"{node.name} is taken; expected another name")
    # `self` is Jinja's own, and would be a way to what is not to be seen.
    unknown = (find_undeclared_variables(tree) | {"self"}) - language.names
    for node in tree.find_all(nodes.Name):
        if node.name in unknown:
            unknown.discard(node.name)
            yield _told(node, _missing(node.name, language.names | bound))
    for field in tree.find_all(nodes.Getattr):
        if _is_event(field.node) and field.attr not in language.event_names:
            yield _told(
                field, "event has no such field: " + _missing(field.attr, language.event_names)
            )
    for data in tree.find_all(nodes.TemplateData):
        for name in _NAME_IN_BRACES.findall(data.data):
            if name not in language.names and get_close_matches(name, language.names, 1, _SLIP):
                yield _told(data, _missing(name, language.names))


def _is_event(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Name) and node.name == "event"


def _missing(name: str, names: frozenset[str] | set[str]) -> str:
    near = get_close_matches(name, sorted(names), 1, _GUESS)
    return f"there is no {name}" + (f"; did you mean {near[0]}?" if near else "")


def _told(node: nodes.Node, problem: str) -> str:
    return f"line {node.lineno}: {problem}"


def _bad(node: nodes.Node, problem: str) -> BadTemplate:
    return BadTemplate(_told(node, problem))


# --- ready to be worked out


class _Prepared(NodeTransformer):
    """Puts names in single braces in, and sets a price on each loop's turn."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def visit_TemplateData(self, node: nodes.TemplateData) -> list[nodes.Expr]:  # noqa: N802 - Jinja's name
        parts: list[nodes.Expr] = []
        for place, part in enumerate(_NAME_IN_BRACES.split(node.data)):
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
