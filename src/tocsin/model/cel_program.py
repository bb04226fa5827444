"""CEL (https://cel.dev) as people may write it here: taken apart, checked, and with bounded cost.

Pure. An expression is the operator's, but what it goes through is a stranger's: nothing goes
through everything for each thing there is, and patterns are those of CEL, whose time does not
depend on them. How large a thing may be that is gone through, says who uses it.
"""

import re
from collections.abc import Mapping
from typing import Any

from tocsin.model.cel_engine import cel

MAX_EXPRESSION_CHARS = 500

# What CEL has here. Whether a function is there shows only when it is called, which is too late.
_TIMES = (
    *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getHours", "getMinutes", "getSeconds", "getMilliseconds", "timestamp", "duration"),
)
_TEXTS = ("size", "contains", "startsWith", "endsWith", "matches")
_TYPES = ("string", "bytes", "int", "uint", "double", "dyn", "type")
_FUNCTIONS = frozenset((*_TIMES, *_TEXTS, *_TYPES))
_MACRO = re.compile(r"\.\s*(all|exists|exists_one|filter|map)\s*\(\s*(\w+)\s*,")
_FAULTS = (LookupError, ArithmeticError, RuntimeError, TypeError, ValueError)


def program_of(source: str, names: tuple[str, ...], such_as: str) -> cel.Program:
    """`source`, which may speak of `names`, ready to be worked out; `such_as` shows how one looks.

    Raises:
        ValueError: what is wrong with it, in a sentence.
    """
    if len(source) > MAX_EXPRESSION_CHARS:
        message = f"expected an expression of at most {MAX_EXPRESSION_CHARS} characters"
        raise ValueError(message)
    try:
        program = cel.compile(source)
    except ValueError as error:
        what = str(error).partition("ERROR: ")[2].partition("\n")[0]
        raise ValueError(f"expected CEL such as {such_as}: {what}") from error
    found = _MACRO.findall(source)
    if len(found) > 1:
        raise ValueError("expected CEL that goes through one list at most")
    if any(name in {"filter", "map"} for name, _ in found):
        # They put a list together by copying it for each thing that is added.
        raise ValueError("expected CEL without filter and map; there are exists and all")
    bound = [variable for _, variable in found]
    functions = {name for name in program.functions() if name.isidentifier()}
    unknown = ({*program.variables()} - {*names, *bound}) | (functions - _FUNCTIONS)
    if unknown:
        all_names = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        listed = ", ".join(sorted(unknown))
        raise ValueError(f"expected CEL over {all_names}; there is no {listed}")
    return program


def value_of(program: cel.Program, told: cel.Context | Mapping[str, Any]) -> Any:
    """What `program` makes of what is told; None when it cannot be worked out.

    A name that is not there is such a case; so is a text that CEL does not know, such as a lone
    surrogate.
    """
    try:
        return program.execute(told if isinstance(told, cel.Context) else dict(told))
    except _FAULTS:
        return None
