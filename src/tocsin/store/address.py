"""Where the database is: read the setting `database_url`, in whatever form people have it."""

from pathlib import Path

from psycopg import pq
from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from tocsin.errors import ConfigError

# Addresses are also written for other drivers; ours is always this one.
_DRIVER = "postgresql+psycopg"

# What the driver asyncpg calls otherwise. Its remaining arguments are about itself alone.
_OF_ASYNCPG = {"ssl": "sslmode", "timeout": "connect_timeout"}
_ONLY_ASYNCPG = frozenset(
    {
        "async_fallback",
        "command_timeout",
        "direct_tls",
        "max_cacheable_statement_size",
        "max_cached_statement_lifetime",
        "prepared_statement_cache_size",
        "prepared_statement_name_func",
        "server_settings",
        "statement_cache_size",
    }
)
# asyncpg also takes a yes or no here.
_SSL_WORDS = {"true": "require", "1": "require", "false": "disable", "0": "disable"}


def address_of(database_url: str, data_dir: Path) -> URL:
    """The database's address; an empty `database_url` is a file in the data folder.

    Raises:
        ConfigError: it cannot be read, or names a database that is not supported.
    """
    if not database_url:
        return URL.create("sqlite", database=str(data_dir / "tocsin.db"))
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError) as error:
        message = "database_url: not an address such as postgresql://USER:PASSWORD@HOST/NAME"
        raise ConfigError([message]) from error
    kind = url.drivername.partition("+")[0]
    if kind in {"postgres", "postgresql"}:
        return _postgres(url)
    if kind != "sqlite" or url.database in (None, "", ":memory:"):
        raise ConfigError(["database_url: expected sqlite:///FILE or postgresql://…"])
    return url.set(drivername="sqlite")


def address_or_file(name: str, text: str) -> URL:
    """The address in a command's argument `name`, which may also be the path of an SQLite file.

    Raises:
        ConfigError: it is neither.
    """
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        return address_of(text, Path())
    except ConfigError as error:
        told = [problem.replace("database_url", name, 1) for problem in error.problems]
        raise ConfigError(told) from error


def is_postgres(url: URL) -> bool:
    """Whether the database is a server that several instances may share."""
    return url.drivername == _DRIVER


def shown(url: URL) -> str:
    """The address as people may see it: without a password, wherever it stands in it."""
    kind = url.drivername.partition("+")[0]
    return url.set(drivername=kind, query={}).render_as_string(hide_password=True)


def _postgres(url: URL) -> URL:
    query = {
        _OF_ASYNCPG.get(name, name): value
        for name, value in url.query.items()
        if name not in _ONLY_ASYNCPG
    }
    if "ssl" in url.query and isinstance(mode := query["sslmode"], str):
        query["sslmode"] = _SSL_WORDS.get(mode.lower(), mode)
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    unknown = sorted(query.keys() - known)
    if unknown:
        named = ", ".join(unknown)
        raise ConfigError([f"database_url: PostgreSQL knows no connection parameter {named}"])
    return url.set(drivername=_DRIVER, query=query)
