"""What may stand in a person's template: a part of Jinja, names that there are, and not too much.

Pure. What is wrong is told with its line, and with what may be meant.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from tocsin.notify.wording.templating.filters import FILTERS
from tocsin.notify.wording.templating.sandbox import TESTS, BadTemplate

# Each value, filter, comparison and so on is a part; to make ready 100 of them takes some 5 ms.
MAX_PARTS = 600
MAX_LOOPS_DEEP = 3

NAME_IN_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
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
class Names:
    """The names that there are, and those in `event`, the only one of them that has parts."""

    known: frozenset[str]
    of_event: frozenset[str]


def check(tree: nodes.Template, names: Names) -> None:
    """See that a template that was read may be worked out.

    Raises:
        BadTemplate: what may not stand there; else all names that there are not.
    """
    parts = list(tree.find_all(nodes.Node))
    _check_number(parts, names)
    for part in parts:
        _check_taken(part)
    # Jinja looks for names in nothing that has other filters than it knows.
    problems = [*_unknown_words(parts)] or [
        *_unknown_names(tree, parts, names),
        *(told for part in parts for told in _out_of_reach(part, names)),
        *_slips(parts, names),
    ]
    if problems:
        raise BadTemplate(*problems)


def _check_number(parts: Sequence[nodes.Node], names: Names) -> None:
    texts = (part.data for part in parts if isinstance(part, nodes.TemplateData))
    braces = sum(one in names.known for text in texts for one in NAME_IN_BRACES.findall(text))
    if len(parts) + braces > MAX_PARTS:
        raise BadTemplate(f"expected at most {MAX_PARTS} values, filters, conditions and so on")


def _check_taken(part: nodes.Node) -> None:
    if not isinstance(part, _TAKEN):
        name = type(part).__name__.lower()
        raise BadTemplate(_told(part, _REFUSED.get(type(part), f"there is no {name} here")))
    if isinstance(part, nodes.List) or (isinstance(part, nodes.Tuple) and part.ctx == "load"):
        _check_is_constant(part)
    if isinstance(part, nodes.For):
        _check_loop(part)


def _check_is_constant(part: nodes.Node) -> None:
    # Else a list of lists of lists could be made as large as anybody likes.
    if not all(isinstance(one, nodes.Const) for one in part.iter_child_nodes()):
        raise BadTemplate(_told(part, "a list here has texts and numbers only"))


def _check_loop(loop: nodes.For) -> None:
    if loop.recursive:
        raise BadTemplate(_told(loop, "there is no recursive here"))
    deep, around = 1, [loop]
    while around := [inner for one in around for inner in one.find_all(nodes.For)]:
        deep += 1
        if deep > MAX_LOOPS_DEEP:
            raise BadTemplate(_told(loop, f"expected at most {MAX_LOOPS_DEEP} loops in each other"))


# --- names


def _unknown_names(
    tree: nodes.Template, parts: Sequence[nodes.Node], names: Names
) -> Iterator[str]:
    """What is named and not there, with what may be meant."""
    named = [part for part in parts if isinstance(part, nodes.Name)]
    bound = {one.name for one in named if one.ctx == "store"}
    for one in named:
        if one.ctx == "store" and (one.name in names.known or one.name.startswith("_")):
            yield _told(one, f"{one.name} is taken; expected another name")
    # `self` is Jinja's own, and would be a way to what is not to be seen.
    unknown = (find_undeclared_variables(tree) | {"self"}) - names.known
    for one in named:
        if one.name in unknown:
            unknown.discard(one.name)
            yield _told(one, _missing(one.name, names.known | bound))


def _unknown_words(parts: Sequence[nodes.Node]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, nodes.Filter) and part.name not in FILTERS:
            yield _told(part, _missing(part.name, FILTERS, "filter "))
        if isinstance(part, nodes.Test) and part.name not in TESTS:
            yield _told(part, _missing(part.name, TESTS, "test "))


def _out_of_reach(part: nodes.Node, names: Names) -> Iterator[str]:
    """Parts of a value that it has not: a text has none, and none has what Python gives it."""
    name = _named(part)
    if name is None:
        return
    of = part.node  # type: ignore[attr-defined]  # what has a name here is a part of something
    if _is_event(of) and name not in names.of_event:
        yield _told(part, "event has no such field: " + _missing(name, names.of_event))
    elif name.startswith("__"):
        yield _told(part, f"there is no {name}; of a value only its own fields can be used")
    elif _is_single(of, names):
        yield _told(part, f"there is no {name} in a single value; there are filters, as name|upper")


def _named(part: nodes.Node) -> str | None:
    """The name by which a part of something is taken."""
    if isinstance(part, nodes.Getattr):
        return part.attr
    if isinstance(part, nodes.Getitem) and isinstance(part.arg, nodes.Const):
        return part.arg.value if isinstance(part.arg.value, str) else None
    return None


def _is_event(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "event"


def _is_single(node: nodes.Node, names: Names) -> bool:
    """Whether it is a text or a number, whatever happened."""
    if isinstance(node, nodes.Name):
        return node.name in names.known and not _is_event(node)
    return isinstance(node, nodes.Const | nodes.TemplateData)


def _slips(parts: Sequence[nodes.Node], names: Names) -> Iterator[str]:
    """Names in single braces that are nearly one that there is."""
    for part in parts:
        if isinstance(part, nodes.TemplateData):
            for name in NAME_IN_BRACES.findall(part.data):
                if name not in names.known and get_close_matches(name, names.known, 1, _SLIP):
                    yield _told(part, _missing(name, names.known))


def _missing(name: str, known: Collection[str], kind: str = "") -> str:
    near = get_close_matches(name, sorted(known), 1, _GUESS)
    return f"there is no {kind}{name}" + (f"; did you mean {near[0]}?" if near else "")


def _told(part: nodes.Node, problem: str) -> str:
    return f"line {part.lineno}: {problem}"
