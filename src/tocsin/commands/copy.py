"""`tocsin copy`: bring a whole journal into another database, such as from SQLite to PostgreSQL."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tocsin.commands import ConfigOption, EnvFileOption, invocation
from tocsin.errors import ConfigError
from tocsin.store import copying
from tocsin.store.address import address_or_file, is_postgres, shown
from tocsin.store.copying import Copied, Source, Tell
from tocsin.store.key import KEY_FILE, SecretKey, Vault
from tocsin.store.migrate import migrate
from tocsin.store.sqlite import file_of

FromArgument = Annotated[
    str, typer.Argument(metavar="FROM", help="As `database_url`, or the path of an SQLite file.")
]
ToArgument = Annotated[
    str, typer.Argument(metavar="TO", help="The same; a new database, or one copied to before.")
]


def add_to(app: typer.Typer) -> None:
    app.command()(copy)


def copy(
    ctx: typer.Context,
    source: FromArgument,
    target: ToArgument,
    *,
    config: ConfigOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Bring everything from one database into another, and compare them.

    Only what differs is written: run it again after it was broken off, and as often as you like.
    A server may work on FROM meanwhile; when it is stopped, a last run brings the rest. Once a
    server has started on TO nothing can be copied there any more.

    Stored secrets go as they are. TO needs the same `secret_key`; if it is set here, it is tried.

    Ends with 0, or with 1 when the two are not equal afterwards.

    [bold]Examples[/bold]

        $ tocsin copy data/tocsin.db postgresql://tocsin:hunter2@db/tocsin

        $ TOCSIN_SECRET_KEY_FILE=secret.key tocsin copy sqlite:///data/tocsin.db "$DATABASE_URL"
    """
    setting = invocation(ctx).load(config=config, env_file=env_file).settings.secret_key
    from_url, to_url = address_or_file("FROM", source), address_or_file("TO", target)
    from_file = None if is_postgres(from_url) else file_of(from_url)
    if from_file is not None and not from_file.is_file():
        raise ConfigError([f"FROM: there is no file {from_file}"])
    to_file = None if is_postgres(to_url) else file_of(to_url)
    is_one_file = from_file and to_file and to_file.exists() and from_file.samefile(to_file)
    if is_one_file or shown(from_url) == shown(to_url):
        raise ConfigError(["TO: is the same database as FROM"])
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    revision = asyncio.run(migrate(to_url))
    with copying.open_source(from_url, revision) as opened:
        key_file = from_file and from_file.with_name(KEY_FILE)
        _see_to_the_key(console, opened, key_file, setting.get_secret_value())
        console.print(f"Copying {shown(from_url)} to {shown(to_url)}")
        with _progress(console) as tell:
            copied = copying.copy(opened, to_url, tell)
    _print_sums(copied)
    if not all(one.is_equal for one in copied):
        console.print("They are not equal: somebody else writes to TO. Run it again.")
        raise typer.Exit(1)
    if opened.at_work:
        names = ", ".join(opened.at_work)
        console.print(f"FROM is in use by {names}: stop it and run this again for the rest.")


def _see_to_the_key(console: Console, source: Source, file: Path | None, setting: str) -> None:
    """Say which key the target needs, and where it may lie, and try the one that is set.

    Raises:
        ConfigError: it does not open what is stored.
    """
    ids = source.key_ids()
    if setting:
        source.check_key(Vault([SecretKey.of(setting, "secret_key")]))
        console.print("The secret_key that is set opens all stored secrets.")
    elif ids:
        where = f", which is in {file}" if file is not None and file.is_file() else ""
        console.print(f"TO needs the secret_key {' and '.join(ids)} of FROM{where}.")


@contextmanager
def _progress(console: Console) -> Iterator[Tell]:
    """One bar a table."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks = {one.name: progress.add_task(one.name, total=None) for one in copying.COPIED}

        def tell(name: str, done: int, total: int) -> None:
            progress.update(tasks[name], completed=done, total=total)

        yield tell


def _print_sums(copied: Sequence[Copied]) -> None:
    shown_sums = Table(box=None, pad_edge=False)
    for title in ("table", "rows", "changed", "SHA-256", ""):
        is_number = title in {"rows", "changed"}
        shown_sums.add_column(title, justify="right" if is_number else "left")
    for one in copied:
        verdict = "equal" if one.is_equal else f"TO: {one.target.rows}, {one.target.digest[:12]}"
        row = (one.table, str(one.source.rows), str(one.changed), one.source.digest[:12], verdict)
        shown_sums.add_row(*row, style="" if one.is_equal else "bold red")
    Console(highlight=False).print(shown_sums)
