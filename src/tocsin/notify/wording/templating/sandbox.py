"""What works a template out: Jinja's sandbox, with nothing in it that can do harm or take long.

Whoever may write a template may not thereby reach into the program, keep it busy or fill its
memory. A value has nothing but what is in it, there are no functions, and each turn of a loop, each
filter and each value that is written costs something of an allowance.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import ChainableUndefined, pass_context
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tocsin.notify.wording.templating.filters import FILTERS, MAX_CHARS, is_number, text_of

# What working a template out may cost: some tens of milliseconds, in which nothing else goes on.
ALLOWANCE = 20_000
# So many characters cost as much as one step, and so many steps a list or an object. To write one
# takes longer than to look at it.
_CHARS = 64
_WRITTEN_CHARS = 8
_OF_A_LIST = 16
_LARGEST = 10**18

# What only the language itself can name.
ALLOWED, THROUGH = "_allowed", "_through"
TOO_LONG = f"it gives more than {MAX_CHARS} characters"

_LOOP = ("index", "index0", "revindex", "revindex0", "first", "last", "length")
TESTS = (
    *("defined", "undefined", "none", "number", "string", "mapping", "even", "odd", "in"),
    *("==", "eq", "!=", "ne", ">", "gt", ">=", "ge", "<", "lt", "<=", "le", "true", "false"),
)
_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


class BadTemplate(ValueError):
    """A template cannot be worked out; `problems` say why, each in words for who wrote it."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Allowance:
    """What is left of what working a template out may cost, and of what it may give."""

    left: int = ALLOWANCE
    room: int = MAX_CHARS

    def spend(self, cost: int) -> None:
        """Take `cost` off.

        Raises:
            BadTemplate: there is not so much left.
        """
        self.left -= cost
        if self.left < 0:
            raise BadTemplate("it goes through too much; expected fewer loops, or shorter ones")

    def give(self, chars: int) -> None:
        """Take what values give off the room for them; only what is worked out is known so early.

        Raises:
            BadTemplate: there is no room left.
        """
        self.room -= chars
        if self.room < 0:
            raise BadTemplate(TOO_LONG)


class _Missing(ChainableUndefined):
    """What is not there: empty, and neither more nor less than anything."""

    def _no(self, *_others: Any) -> Any:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _no


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja without everything that could do harm; `write` makes a value's text fit to stand."""

    intercepted_binops = frozenset(_ARITHMETIC)

    def __init__(self, write: Callable[[str], str]) -> None:
        super().__init__(
            undefined=_Missing,
            finalize=_writing(write),
            trim_blocks=True,
            lstrip_blocks=True,
            # Nothing is worked out before there is an allowance for it.
            optimized=False,
            # What comes out is Markdown or plain text; `write` escapes for that.
            autoescape=False,
        )
        self.globals = {}
        self.tests = {name: self.tests[name] for name in TESTS}
        paid = {name: _paid(name, work) for name, work in FILTERS.items()}
        self.filters = {**paid, THROUGH: _through}

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        found: Any = None
        if isinstance(obj, LoopContext):
            found = getattr(obj, argument) if argument in _LOOP else None
        elif isinstance(obj, Mapping):
            found = obj.get(argument) if isinstance(argument, str) else None
        elif isinstance(obj, str | list):
            found = _part(obj, argument)
        return self.undefined(name=str(argument)) if found is None else found

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            return self.undefined(name=operator)
        if not is_number(left) or not is_number(right):
            raise BadTemplate(f"{operator} is for numbers")
        try:
            found = _ARITHMETIC[operator](left, right)
        except ZeroDivisionError:
            return self.undefined(name=operator)
        if not abs(found) < _LARGEST:
            raise BadTemplate(f"{operator} gives too large a number")
        return found


def _part(values: Sequence[Any], place: Any) -> Any:
    if isinstance(place, slice):
        return values[place]
    if isinstance(place, int) and -len(values) <= place < len(values):
        return values[place]
    return None


def _weight(value: Any) -> int:
    if isinstance(value, str):
        return 1 + len(value) // _CHARS
    return _OF_A_LIST if isinstance(value, list | Mapping) else 1


def _writing(write: Callable[[str], str]) -> Callable[[Context, Any], str]:
    @pass_context
    def finalize(context: Context, value: Any) -> str:
        text = "" if isinstance(value, Undefined) else text_of(value)
        context[ALLOWED].spend(1 + len(text) // _WRITTEN_CHARS)
        written = write(text)
        context[ALLOWED].give(len(written))
        return written

    return finalize


def _paid(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def filtered(context: Context, value: Any, *others: Any, **named: Any) -> Any:
        context[ALLOWED].spend(sum(map(_weight, (value, *others, *named.values()))))
        given = None if isinstance(value, Undefined) else value
        try:
            return work(given, *others, **named)
        except OverflowError as error:
            raise BadTemplate(f"the filter {name} gives too much") from error
        except (TypeError, ValueError, LookupError, ArithmeticError) as error:
            raise BadTemplate(f"the filter {name} cannot be used with this") from error

    return filtered


@pass_context
def _through(context: Context, values: Any, cost: int) -> Sequence[Any]:
    """What a loop goes through, once its turns are paid for."""
    if isinstance(values, Undefined) or values is None:
        return ()
    if not isinstance(values, list | tuple | Mapping):
        raise BadTemplate("expected a list behind in")
    context[ALLOWED].spend(cost * len(values))
    return list(values)
