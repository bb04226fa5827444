"""What the two databases call differently, under one name each.

Texts are compared byte by byte on both: the columns are made so on PostgreSQL, whose own order
is that of a language.
"""

from typing import Any, Self

from sqlalchemy import Boolean, ColumnElement, LargeBinary, String, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from tocsin.store.tables.metadata import BigInt


class Condition(FunctionElement[bool]):
    """What can stand where a condition does, as it is."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Self:
        # Else it is compared with 1 on SQLite, and no index serves that.
        del against
        return self


class InJson(Condition):
    """Whether a column has one of the values in a JSON array."""

    name = "in_json"
    inherit_cache = True


class Contains(Condition):
    """Whether a text fits a pattern of LIKE, letters of ASCII in upper or lower case."""

    name = "contains_letters"
    inherit_cache = True


class Octets(FunctionElement[int]):
    """How many bytes a text takes."""

    name = "octets"
    type = BigInt
    inherit_cache = True


class AsBytes(FunctionElement[bytes]):
    """A text in UTF-8, which the driver then need not decode."""

    name = "as_bytes"
    type = LargeBinary()
    inherit_cache = True


class JsonValues(FunctionElement[Any]):
    """The values of a JSON object, as rows with the column `value`."""

    name = "json_values"
    inherit_cache = True


class FitsGlob(Condition):
    """Whether a text fits a pattern in which only `*` stands for anything; see `fits_glob`."""

    name = "fits_glob"
    inherit_cache = True


def fits_glob(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """Whether `column` fits `pattern`, in which `*` stands for anything and nothing else does."""
    # GLOB has two more special characters, LIKE has others; GLOB tells upper from lower case.
    glob = pattern.replace("[", "[[]").replace("?", "[?]")
    like = pattern.replace("/", "//").replace("%", "/%").replace("_", "/_").replace("*", "%")
    return FitsGlob(column, bindparam(None, glob), bindparam(None, like))


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> list[str]:
    return [compiler.process(part, **kw) for part in element.clauses]


@compiles(InJson, "sqlite")
def _in_json(element: InJson, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = _parts(element, compiler, **kw)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - two parameters


@compiles(InJson, "postgresql")
def _in_json_on_postgres(element: InJson, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = _parts(element, compiler, **kw)
    kind = "TEXT" if isinstance(next(iter(element.clauses)).type, String) else "BIGINT"
    # As an array, and not as a table: so an index on the column is always used.
    array = f"ARRAY(SELECT json_array_elements_text(CAST({values} AS JSON)))"
    return f"{column} = ANY (CAST({array} AS {kind}[]))"


@compiles(Contains, "sqlite")
def _contains(element: Contains, compiler: SQLCompiler, **kw: Any) -> str:
    column, pattern = _parts(element, compiler, **kw)
    return f"({column} LIKE {pattern} ESCAPE '/')"


@compiles(Contains, "postgresql")
def _contains_on_postgres(element: Contains, compiler: SQLCompiler, **kw: Any) -> str:
    column, pattern = _parts(element, compiler, **kw)
    # In any other collation letters beyond ASCII would be taken alike too.
    return f"({column} COLLATE \"C\" ILIKE {pattern} ESCAPE '/')"


@compiles(Octets, "sqlite")
def _octets(element: Octets, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = _parts(element, compiler, **kw)
    return f"length(CAST({text} AS BLOB))"


@compiles(Octets, "postgresql")
def _octets_on_postgres(element: Octets, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = _parts(element, compiler, **kw)
    return f"octet_length({text})"


@compiles(AsBytes, "sqlite")
def _as_bytes(element: AsBytes, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = _parts(element, compiler, **kw)
    return f"CAST({text} AS BLOB)"


@compiles(AsBytes, "postgresql")
def _as_bytes_on_postgres(element: AsBytes, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = _parts(element, compiler, **kw)
    return f"convert_to({text}, 'UTF8')"


@compiles(JsonValues, "sqlite")
def _json_values(element: JsonValues, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = _parts(element, compiler, **kw)
    return f"json_each({text})"


@compiles(JsonValues, "postgresql")
def _json_values_on_postgres(element: JsonValues, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = _parts(element, compiler, **kw)
    # JSON may have a NUL, escaped, where a text of PostgreSQL may not.
    return rf"json_each_text(CAST(replace({text}, '\u0000', '\ufffd') AS JSON))"


@compiles(FitsGlob, "sqlite")
def _fits_glob(element: FitsGlob, compiler: SQLCompiler, **kw: Any) -> str:
    column, glob, _like = element.clauses
    return f"({compiler.process(column, **kw)} GLOB {compiler.process(glob, **kw)})"


@compiles(FitsGlob, "postgresql")
def _fits_glob_on_postgres(element: FitsGlob, compiler: SQLCompiler, **kw: Any) -> str:
    column, _glob, like = element.clauses
    return f"({compiler.process(column, **kw)} LIKE {compiler.process(like, **kw)} ESCAPE '/')"


def text_pattern(text: str) -> ColumnElement[str]:
    """The pattern of `Contains` for a text anywhere, in which `%` and `_` are what they are."""
    escaped = text.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return bindparam(None, f"%{escaped}%", type_=Text())
